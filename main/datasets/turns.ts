// Conversations that many chat templates refuse (FIELD-CASES B04), made acceptable: system texts merged into the
// first question, successive turns of one role joined, or the record left out. Knows no template.
import type { RecordContent, Repair, RoleChoices, RoleRefusal } from '../contract/datasets.ts';
import { plural } from '../documents/limits.ts';

/** A message of a conversation; further members are handed on as they are. */
interface Turn {
  role: string;
  content?: unknown;
  tool_calls?: unknown;
}

export type TurnCounts = { merged: number; joined: number; leftOut: number };

/** Applies repairs in order. */
export function repair<Message extends Turn>(
  messages: readonly Message[],
  steps: readonly Repair[],
): Message[] {
  return steps.reduce(
    (done: Message[], step) => (step === 'merge-system' ? mergeSystem(done) : joinTurns(done)),
    [...messages],
  );
}

/** The repairs that choices ask for. */
export function repairsOf({ system, turns }: RoleChoices): Repair[] {
  return [
    ...(system === 'merge' ? (['merge-system'] as const) : []),
    ...(turns === 'join' ? (['join-turns'] as const) : []),
  ];
}

/**
 * A record by the choices: with what was done to it, or null where it is left out. Anything but a conversation stays as
 * it is. `counts` is added to.
 */
export function chosenTurns(
  content: RecordContent,
  choices: RoleChoices,
  counts: TurnCounts,
): { content: RecordContent; repaired: Repair[] } | null {
  if (content.type !== 'chat') return { content, repaired: [] };
  let { messages } = content;
  const repaired: Repair[] = [];
  for (const step of repairsOf(choices)) {
    const changed = repair(messages, [step]);
    if (JSON.stringify(changed) === JSON.stringify(messages)) continue;
    messages = changed;
    repaired.push(step);
  }
  const leaves =
    (choices.system === 'leave-out' && messages.some(isSystem)) ||
    (choices.turns === 'leave-out' && !alternates(messages));
  if (leaves) {
    counts.leftOut++;
    return null;
  }
  if (repaired.includes('merge-system')) counts.merged++;
  if (repaired.includes('join-turns')) counts.joined++;
  return { content: { ...content, messages }, repaired };
}

const isSystem = ({ role }: Turn): boolean => role === 'system' || role === 'developer';

/** Whether the turns are user, assistant, user, assistant ..., system texts and results of tools aside. */
function alternates(messages: readonly Turn[]): boolean {
  const turns = messages.filter((message) => !isSystem(message));
  if (turns.some(({ role }) => role === 'tool')) {
    return (
      turns[0].role === 'user' &&
      turns.every(({ role }, at) => role !== 'user' || turns[at - 1]?.role !== 'user')
    );
  }
  return turns.every(({ role }, at) => role === (at % 2 === 0 ? 'user' : 'assistant'));
}

/**
 * Puts system texts in front of the next user text, a blank line between; without one they become a user
 * turn.
 */
function mergeSystem<Message extends Turn>(messages: readonly Message[]): Message[] {
  const merged: Message[] = [];
  let waiting: Message[] = [];
  for (const message of messages) {
    if (isSystem(message)) waiting.push(message);
    else if (message.role === 'user' && waiting.length > 0) {
      merged.push({ ...message, content: joinContent([...waiting, message]) });
      waiting = [];
    } else merged.push(message);
  }
  if (waiting.length > 0) merged.push({ ...waiting[0], role: 'user', content: joinContent(waiting) });
  return merged;
}

/** Makes one turn of successive turns by the same role. Turns with tool calls and tool results stay apart. */
function joinTurns<Message extends Turn>(messages: readonly Message[]): Message[] {
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
function joinContent(messages: readonly Turn[]): unknown {
  if (messages.every(({ content }) => typeof content === 'string')) {
    return messages.map(({ content }) => content).join('\n\n');
  }
  return messages.flatMap(({ content }) =>
    Array.isArray(content) ? (content as unknown[]) : [{ type: 'text', text: String(content ?? '') }],
  );
}

/** "7 records: this model's template has no system role." and what the template says. */
export function refusalSentence({ count, reason, sentence }: RoleRefusal): string {
  const what = {
    'no-system-role': ': the chat template of this model has no system role.',
    'roles-do-not-alternate': ': the roles do not alternate as the chat template of this model wants.',
    other: count === 1 ? ' is refused by the chat template.' : ' are refused by the chat template.',
  }[reason];
  return `${plural(count, 'record')}${what} It says: ${sentence}`;
}

/** What the choices of roles did, in one sentence. */
export function roleCounts({ merged, joined, leftOut }: TurnCounts): string {
  const parts = [
    ...(merged > 0
      ? [`the system text of ${plural(merged, 'record')} was put in front of the first question`]
      : []),
    ...(joined > 0 ? [`successive turns of ${plural(joined, 'record')} were joined`] : []),
    ...(leftOut > 0 ? [`${plural(leftOut, 'record')} left out for their roles`] : []),
  ];
  return `Roles: ${parts.join('; ')}.`;
}
