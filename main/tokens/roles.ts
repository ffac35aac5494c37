// What a chat template refuses (FIELD-CASES B04): refusals grouped by their sentence, and the repairs that
// would make each record acceptable. Knows no tokens.
import { AppError } from '../errors.ts';
import { type Message, renderTemplate } from './chat-template.ts';
import type { Conversation } from './content-guard.ts';
import type { Tokenizer } from './tokenizer.ts';

export type Repair = 'merge-system' | 'join-turns';

export interface Refusal {
  /** The template's own sentence (of the first such record; numbers in it may differ between records). */
  sentence: string;
  /** `no-system-role`, `roles-do-not-alternate`: told by which repair helps; else `other`. */
  reason: 'no-system-role' | 'roles-do-not-alternate' | 'other';
  count: number;
  /** Positions of the records, from 0. */
  records: number[];
  /** Per set of repairs (the smallest that helps), how many of these records it makes acceptable. */
  repairs: { steps: Repair[]; count: number }[];
}

export interface RoleReport {
  accepted: number;
  refused: Refusal[];
}

/** Tries every conversation with the tokenizer's template. Refusals come in order of their first record. */
export function checkRoles(
  tokenizer: Pick<Tokenizer, 'chatTemplate' | 'specialTokens'>,
  conversations: readonly Conversation[],
  { kwargs }: { kwargs?: Readonly<Record<string, unknown>> } = {},
): RoleReport {
  const sentenceOf = ({ messages, tools }: Conversation): string | undefined => {
    try {
      renderTemplate(tokenizer.chatTemplate ?? '', {
        messages,
        tools,
        kwargs,
        specialTokens: tokenizer.specialTokens,
      });
      return undefined;
    } catch (error) {
      if (error instanceof AppError) return error.message;
      throw error;
    }
  };
  const groups = new Map<string, Refusal>();
  let accepted = 0;
  conversations.forEach((conversation, at) => {
    const sentence = sentenceOf(conversation);
    if (sentence === undefined) {
      accepted++;
      return;
    }
    const steps = repairSets.find(
      (set) => sentenceOf({ ...conversation, messages: repair(conversation.messages, set) }) === undefined,
    );
    const reason =
      steps?.[0] === 'merge-system'
        ? 'no-system-role'
        : steps === undefined
          ? 'other'
          : 'roles-do-not-alternate';
    const key = `${sentence.replace(/\d+/g, '#')} ${reason}`;
    const group = groups.get(key) ?? { sentence, reason, count: 0, records: [], repairs: [] };
    groups.set(key, group);
    group.count++;
    group.records.push(at);
    if (steps === undefined) return;
    const known = group.repairs.find((entry) => entry.steps.join() === steps.join());
    if (known === undefined) group.repairs.push({ steps, count: 1 });
    else known.count++;
  });
  return { accepted, refused: [...groups.values()] };
}

const repairSets: Repair[][] = [['merge-system'], ['join-turns'], ['merge-system', 'join-turns']];

/** Applies repairs in order. */
export function repair(messages: readonly Message[], steps: readonly Repair[]): Message[] {
  return steps.reduce(
    (done: Message[], step) => (step === 'merge-system' ? mergeSystem(done) : joinTurns(done)),
    [...messages],
  );
}

/**
 * Puts system texts in front of the next user text, a blank line between; without one they become a user
 * turn.
 */
function mergeSystem(messages: readonly Message[]): Message[] {
  const merged: Message[] = [];
  let waiting: Message[] = [];
  for (const message of messages) {
    if (message.role === 'system' || message.role === 'developer') waiting.push(message);
    else if (message.role === 'user' && waiting.length > 0) {
      merged.push({ ...message, content: joinContent([...waiting, message]) });
      waiting = [];
    } else merged.push(message);
  }
  if (waiting.length > 0) merged.push({ role: 'user', content: joinContent(waiting) });
  return merged;
}

/** Makes one turn of successive turns by the same role. Turns with tool calls and tool results stay apart. */
function joinTurns(messages: readonly Message[]): Message[] {
  const joined: Message[] = [];
  for (const message of messages) {
    const last = joined.at(-1);
    const joins =
      last?.role === message.role && message.role !== 'tool' && !last.tool_calls && !message.tool_calls;
    if (last !== undefined && joins)
      joined[joined.length - 1] = { ...last, content: joinContent([last, message]) };
    else joined.push(message);
  }
  return joined;
}

/** Contents with a blank line between; parts stay parts. */
function joinContent(messages: readonly Message[]): Message['content'] {
  if (messages.every(({ content }) => typeof content === 'string')) {
    return messages.map(({ content }) => content).join('\n\n');
  }
  return messages.flatMap(({ content }) =>
    Array.isArray(content) ? content : [{ type: 'text', text: String(content ?? '') }],
  );
}
