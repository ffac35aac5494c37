// Keeps control tokens inside content from steering the model (RULES.md 1, FIELD-CASES B05). Content is
// marked before rendering: the first character of each control token in it becomes a private-use character of
// the same length. So the rendered text says which control tokens the template wrote and which only stand in
// somebody's words.
import { AppError } from '../errors.ts';
import type { Message, TemplateOutput } from './chat-template.ts';
import type { ControlToken, Encoding, Tokenizer } from './tokenizer.ts';

export interface Conversation {
  messages: readonly Message[];
  tools?: readonly unknown[] | null;
}

export interface GuardedText extends TemplateOutput {
  /**
   * As long as `text`, with marks where content holds (the beginning of) a control token; equal to it if
   * there are none.
   */
  masked: string;
}

/**
 * Renders a conversation and finds out which control tokens come from its content. Tokens that a template
 * itself looks for in an answer and that are not flagged special (`<think>`, `<tool_call>`) keep their
 * meaning there; where it looks for them in other content, there too. Everything else in content is plain
 * text.
 * @throws AppError `content-not-protected` where the template changes control tokens in content beyond
 *   recognition
 */
export function renderGuarded(
  tokenizer: Tokenizer,
  conversation: Conversation,
  render: (conversation: Conversation) => TemplateOutput,
): GuardedText {
  const output = render(conversation);
  const guard = guardOf(tokenizer);
  const known = guard.tokens.filter(
    (token) => !token.special && tokenizer.chatTemplate?.includes(token.content),
  );
  const attempts = [(role: string) => (role === 'assistant' ? known : []), () => known];
  for (const exempt of attempts) {
    const marks = createMarks(conversation, guard);
    const marked = markConversation(conversation, (text, role) => guard.mark(text, exempt(role), marks));
    if (marks.used === 0) return { ...output, masked: output.text };
    let masked: string;
    try {
      masked = render(marked).text;
    } catch {
      continue; // the template compares content with a control token
    }
    if (marks.remove(masked) === output.text) return { ...output, masked };
    if (guard.sequence(masked) === guard.sequence(output.text)) return { ...output, masked: output.text };
  }
  throw new AppError(
    'content-not-protected',
    'A message holds control tokens of the model, and the chat template rewrites them, so they cannot be ' +
      'kept as plain text.',
    'Remove the control tokens from the text, or leave the record out.',
  );
}

/**
 * Ids of a guarded text. Stretches between the template's control tokens that hold marks are encoded as plain
 * text; all others exactly as the whole text would be. `encoding` is that of `guarded.masked`.
 */
export async function protectEncoding(
  tokenizer: Tokenizer,
  guarded: Pick<GuardedText, 'text' | 'masked'>,
  encoding: Encoding,
): Promise<Pick<Encoding, 'ids' | 'offsets'>> {
  const { text, masked } = guarded;
  if (masked === text) return encoding;
  const contents = new Map(tokenizer.controlTokens.map((token) => [token.id, token.content]));
  const isControl = (at: number): boolean => {
    const [start, end] = encoding.offsets[at];
    return masked.slice(start, end).trim() === contents.get(encoding.ids[at])?.trim();
  };
  const ids: number[] = [];
  const offsets: Encoding['offsets'] = [];
  let at = 0;
  let sectionStart = 0;
  while (at < encoding.ids.length) {
    let end = at;
    while (end < encoding.ids.length && !isControl(end)) end++;
    const sectionEnd = end < encoding.ids.length ? encoding.offsets[end][0] : text.length;
    const section = text.slice(sectionStart, sectionEnd);
    if (section !== masked.slice(sectionStart, sectionEnd)) {
      const plain = await tokenizer.encodePlain(section, {
        addSpecial: false,
        position: sectionStart === 0 ? 'start' : 'section',
      });
      ids.push(...plain.ids);
      for (const [from, to] of plain.offsets) offsets.push([from + sectionStart, to + sectionStart]);
    } else {
      ids.push(...encoding.ids.slice(at, end));
      offsets.push(...encoding.offsets.slice(at, end));
    }
    if (end < encoding.ids.length) {
      ids.push(encoding.ids[end]);
      offsets.push(encoding.offsets[end]);
      sectionStart = encoding.offsets[end][1];
    }
    at = end + 1;
  }
  return { ids, offsets };
}

/** A copy in which every text except roles went through `change`. */
export function markConversation(
  { messages, tools }: Conversation,
  change: (text: string, role: string) => string,
): Conversation {
  const marked = messages.map(({ role, ...rest }) => ({
    role,
    ...(changeLeaves(rest, (text) => change(text, role)) as object),
  }));
  const markedTools = tools && (changeLeaves(tools, (text) => change(text, 'tools')) as unknown[]);
  return { messages: marked, ...(tools === undefined ? {} : { tools: markedTools }) };
}

/** A copy of a JSON value with every string replaced; member names and raw numbers stay. */
function changeLeaves(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((item) => changeLeaves(item, change));
  if (value === null || typeof value !== 'object' || Object.getPrototypeOf(value) === null) return value;
  if (value instanceof Map)
    return new Map([...value].map(([key, item]) => [key, changeLeaves(item, change)]));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, changeLeaves(item, change)]));
}

/** A private-use character that occurs nowhere in `texts`. */
export function unusedMark(texts: string, first = 0xe000): string {
  for (let code = first; code < first + 0x1800; code++) {
    const mark = String.fromCodePoint(code);
    if (!texts.includes(mark)) return mark;
  }
  throw new AppError(
    'content-not-protected',
    'A conversation uses every private character of Unicode.',
    'Leave the record out.',
  );
}

interface Marks {
  used: number;
  /** The mark for a character; always the same one, of the same UTF-16 length. */
  for(character: string): string;
  remove(text: string): string;
}

function createMarks(conversation: Conversation, guard: Guard): Marks {
  let taken = JSON.stringify(conversation) + guard.tokens.map((token) => token.content).join('');
  const marks = new Map<string, string>();
  return {
    used: 0,
    for(character) {
      this.used++;
      let mark = marks.get(character);
      if (mark === undefined) {
        mark = unusedMark(taken, character.length === 1 ? 0xe000 : 0xf0000);
        marks.set(character, mark);
        taken += mark;
      }
      return mark;
    },
    remove(text) {
      let plain = text;
      for (const [character, mark] of marks) plain = plain.replaceAll(mark, character);
      return plain;
    },
  };
}

interface Guard {
  tokens: readonly ControlToken[];
  /** Marks the control tokens of a text and a beginning of one at its end, except those in `exempt`. */
  mark(text: string, exempt: readonly ControlToken[], marks: Marks): string;
  /** All control tokens in a text in their order, as one string. */
  sequence(text: string): string;
}

const guards = new WeakMap<Tokenizer, Guard>();

function guardOf(tokenizer: Tokenizer): Guard {
  let guard = guards.get(tokenizer);
  if (guard === undefined) {
    guard = createGuard(tokenizer.controlTokens);
    guards.set(tokenizer, guard);
  }
  return guard;
}

function createGuard(tokens: readonly ControlToken[]): Guard {
  const contents = tokens.map((token) => token.content).filter((content) => content !== '');
  const byFirst = new Map<string, string[]>();
  for (const content of contents) {
    const first = String.fromCodePoint(content.codePointAt(0)!);
    byFirst.set(first, [...(byFirst.get(first) ?? []), content]);
  }
  const literal = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
  const firsts = [...byFirst.keys()];
  const pattern = firsts.length === 0 ? /$^/gu : new RegExp(`[${firsts.map(literal).join('')}]`, 'gu');
  const longestFirst = [...contents].sort((a, b) => b.length - a.length);
  const whole = contents.length === 0 ? /$^/g : new RegExp(longestFirst.map(literal).join('|'), 'g');
  return {
    tokens,
    sequence: (text) => text.match(whole)?.join('') ?? '',
    mark(text, exempt, marks) {
      const spared = new Set(exempt.map((token) => token.content));
      return text.replace(pattern, (first, at: number) => {
        const rest = text.slice(at);
        const begins = byFirst
          .get(first)!
          .some((content) => !spared.has(content) && (rest.startsWith(content) || content.startsWith(rest)));
        return begins ? marks.for(first) : first;
      });
    },
  };
}
