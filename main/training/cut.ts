// What is left of a record that is longer than the longest one allowed (field case C04): its first tokens, or, where the
// beginning of the prompt is cut instead, the frame in front of the prompt, the end of it, and the answer.
import type { RecordContent } from '../contract/datasets.ts';
import type { TrainSettings } from '../contract/runs.ts';
import type { Rendered } from '../tokens/render.ts';

export type CutSide = TrainSettings['cut'];

/** Tokens in front of a prompt that a cut of it leaves where there is room. */
export interface Frame {
  /** 1 where the record starts with a BOS. */
  bos: number;
  /** With the system message, and what the chat template writes before the first question. */
  head: number;
}

/** The tokens from 0 to `head` are left, and those from `from` to `to`. */
export interface Kept {
  head: number;
  from: number;
  to: number;
}

export function frameOf(
  content: RecordContent,
  { text, offsets, startsWithBos }: Pick<Rendered, 'text' | 'offsets' | 'startsWithBos'>,
): Frame {
  const bos = startsWithBos ? 1 : 0;
  const none = { bos, head: bos };
  if (content.type !== 'chat') return none;
  let from = 0;
  for (const { role, content: message } of content.messages) {
    const said = message.trim();
    const at = text.indexOf(said, from);
    if (at === -1) return none; // the template changes what was said
    if (role === 'user')
      return {
        bos,
        head: Math.max(
          bos,
          offsets.findIndex(([, end]) => end > at),
        ),
      };
    from = at + said.length;
  }
  return none;
}

/**
 * Which tokens of a record are left at `maxLength`. Of a conversation, the last answer counts: questions and answers
 * before it go with the prompt. One token before it stays, which predicts its first one; an answer that is longer still
 * is cut at its end.
 */
export function keptOf(trained: Uint8Array, { bos, head }: Frame, maxLength: number, side: CutSide): Kept {
  const excess = trained.length - maxLength;
  if (excess <= 0 || side === 'end') return { head: 0, from: 0, to: Math.min(trained.length, maxLength) };
  let answer = trained.lastIndexOf(1);
  while (answer > 0 && trained[answer - 1] === 1) answer -= 1;
  const room = (front: number): number => Math.max(0, answer - 1 - front);
  const front = room(head) >= excess ? head : bos; // a system message that leaves no room goes too
  const from = front + Math.min(excess, room(front));
  return { head: front, from, to: Math.min(trained.length, from + maxLength - front) };
}

/** The items of these tokens, in order. */
export function keep<Item>(items: ArrayLike<Item>, { head, from, to }: Kept): Item[] {
  const list = Array.from(items);
  return [...list.slice(0, head), ...list.slice(from, to)];
}
