// Where the assistant's words stand in a rendered conversation whose template has no generation blocks: found
// by rendering the beginning of the conversation and, where a template prints beginnings differently, by
// marking the answer itself. Never by searching for header texts.
import { AppError } from '../errors.ts';
import type { Message } from './chat-template.ts';
import { unusedMark } from './content-guard.ts';
import type { Span } from './tokenizer.ts';

export interface SpanParts {
  /** The whole conversation as text. */
  text: string;
  messages: readonly Message[];
  /** Renders some messages with the same tools and settings. */
  render(messages: readonly Message[], addGenerationPrompt: boolean): string;
  /** Control tokens by spelling, to see where an answer's end-of-turn token stands. */
  controls: readonly string[];
  lastOnly: boolean;
}

/**
 * The stretch of each answer, with its end-of-turn token and without the header before it.
 * @throws AppError `template-prefix` where an answer's stretch cannot be told
 */
export function assistantSpans(parts: SpanParts): Span[] {
  const indexes = parts.messages.flatMap((message, at) => (message.role === 'assistant' ? [at] : []));
  return (parts.lastOnly ? indexes.slice(-1) : indexes).map((at) => {
    const start = startOf(at, parts);
    const end = endOf(at, parts);
    if (start === undefined || end === undefined || end < start) throw unclear(at);
    return [start, withoutSpaceBehindControl(start, end, parts)];
  });
}

/** Behind the generation prompt, as generation will meet it; else where the answer's own text begins. */
function startOf(at: number, parts: SpanParts): number | undefined {
  const prompt = at === 0 ? undefined : attempt(() => parts.render(parts.messages.slice(0, at), true));
  if (prompt !== undefined && parts.text.startsWith(prompt)) return prompt.length;
  // an answer without words of its own begins before the words of its calls
  const bounds = isWordless(parts.messages[at]) ? {} : contentBounds(at, parts.messages, parts.text, parts);
  return bounds.start ?? startInPlaceOf(at, parts);
}

const isWordless = ({ content }: Message): boolean =>
  content === undefined || content === null || (typeof content === 'string' && content.trim() === '');

/** The conversation with a mark as the words of answer `at`, and the mark. */
function withMark(
  at: number,
  messages: readonly Message[],
  text: string,
): { mark: string; other: Message[] } {
  const mark = unusedMark(JSON.stringify(messages) + text);
  return { mark, other: messages.map((message, i) => (i === at ? { ...message, content: mark } : message)) };
}

/** Where other words would stand in the place of this answer's: behind the same header, if the text has it. */
function startInPlaceOf(at: number, { messages, text, render }: SpanParts): number | undefined {
  if (!isWordless(messages[at]) && typeof messages[at].content !== 'string') return undefined;
  const { mark, other } = withMark(at, messages, text);
  const rendered = attempt(() => render(other, false));
  const start = rendered?.indexOf(mark) ?? -1;
  return start >= 0 && text.startsWith(rendered!.slice(0, start)) ? start : undefined;
}

/** Before what follows if an answer without words of its own had some, counted from the end of the text. */
function endInPlaceOf(at: number, { messages, text, render }: SpanParts): number | undefined {
  if (!isWordless(messages[at])) return undefined;
  const { mark, other } = withMark(at, messages, text);
  const [long, short] = [other, other.slice(0, at + 1)].map((part) => attempt(() => render(part, false)));
  const from = long?.indexOf(mark) ?? -1;
  const tail = short?.slice(short.indexOf(mark)) ?? '';
  if (from < 0 || !tail.startsWith(mark) || !long!.startsWith(tail, from)) return undefined;
  const rest = long!.slice(from + tail.length);
  return text.endsWith(rest) ? text.length - rest.length : undefined;
}

/**
 * Where the conversation up to this answer ends; else behind what follows the answer's text in both
 * renderings.
 */
function endOf(at: number, parts: SpanParts): number | undefined {
  const { text, messages } = parts;
  const upToHere = messages.slice(0, at + 1);
  const short = attempt(() => parts.render(upToHere, false));
  if (short === undefined) return undefined;
  if (text.startsWith(short)) return short.length;
  const inText = contentBounds(at, messages, text, parts).end;
  const inShort = contentBounds(at, upToHere, short, parts).end;
  if (inText === undefined || inShort === undefined) return endInPlaceOf(at, parts);
  const tail = short.slice(inShort);
  if (text.startsWith(tail, inText)) return inText + tail.length;
  // A template may print something at the very end of a conversation: what both share up to a control token
  // is the turn's.
  let shared = 0;
  while (shared < tail.length && tail[shared] === text[inText + shared]) shared++;
  const ends = parts.controls.map((control) => {
    const found = tail.lastIndexOf(control, shared - control.length);
    return found < 0 || found + control.length > shared ? 0 : found + control.length;
  });
  const end = Math.max(0, ...ends);
  return end === 0 ? undefined : inText + end;
}

/**
 * Where the texts of message `at` begin and end in the rendering of `messages`, which is `text`: each text
 * gets a mark inside its surrounding blanks (templates trim), and the marks are looked up. A bound is missing where
 * marking changes anything else, or takes its mark away: some templates print earlier answers without their reasoning.
 */
function contentBounds(
  at: number,
  messages: readonly Message[],
  text: string,
  parts: SpanParts,
): { start?: number; end?: number } {
  const mark = unusedMark(JSON.stringify(messages) + text);
  const locate = (place: (leaf: string) => string): number[] | undefined => {
    const { role, ...rest } = messages[at];
    const marked = { role, ...(placeMarks(rest, place) as object) };
    const rendered = attempt(() =>
      parts.render([...messages.slice(0, at), marked, ...messages.slice(at + 1)], false),
    );
    if (rendered === undefined) return undefined;
    const pieces = rendered.split(mark);
    const joined = pieces.join('');
    if (pieces.length === 1 || (joined !== text && !text.startsWith(joined))) return undefined;
    let position = 0;
    return pieces.slice(0, -1).map((piece) => {
      position += piece.length;
      return position;
    });
  };
  const starts = locate((leaf) => leaf.replace(/^\s*/, (blank) => blank + mark));
  const ends = locate((leaf) => leaf.trimEnd() + mark + leaf.slice(leaf.trimEnd().length));
  const [start, end] = [starts?.[0], ends?.[ends.length - 1]];
  if (starts === undefined || ends === undefined) return { start, end };
  const inOrder = starts.length === ends.length && starts.every((first, leaf) => first < ends[leaf]);
  return inOrder ? { start, end } : {};
}

/** Marks the texts of a message that carry words; empty ones and short technical members stay as they are. */
function placeMarks(value: unknown, place: (leaf: string) => string, member = ''): unknown {
  if (typeof value === 'string')
    return value.trim() === '' || ['type', 'id', 'name'].includes(member) ? value : place(value);
  if (Array.isArray(value)) return value.map((item) => placeMarks(item, place, member));
  if (value === null || typeof value !== 'object' || Object.getPrototypeOf(value) === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, placeMarks(item, place, key)]));
}

/**
 * "answer<end>\n" ends behind <end>: the line break belongs to the frame. Without a control token all of it
 * is kept.
 */
function withoutSpaceBehindControl(start: number, end: number, { text, controls }: SpanParts): number {
  const kept = text.slice(start, end).trimEnd();
  return controls.some((control) => kept.endsWith(control.trimEnd())) ? start + kept.length : end;
}

function attempt<Result>(run: () => Result): Result | undefined {
  try {
    return run();
  } catch (error) {
    if (error instanceof AppError) return undefined; // the template refuses this part of a conversation
    throw error;
  }
}

function unclear(at: number): AppError {
  return new AppError(
    'template-prefix',
    `The chat template prints the answer in message ${at + 1} differently when other messages follow, so ` +
      'it cannot be told which characters are the answer.',
    'Train on the last answer only, or use a template with generation blocks.',
  );
}
