// What a chat template writes around the turns of a conversation, found by rendering conversations of known
// words, and the same written as a Go template (Ollama) and as a plain Jinja template. Only templates that
// are no more than such pieces can be told so; the result is held against the training text before use.
import type { Message } from '../../contract/datasets.ts';
import { AppError } from '../../errors.ts';
import { renderTemplate } from '../../tokens/chat-template.ts';
import { renderConversation } from '../../tokens/render.ts';
import { createTokenizer, type Tokenizer } from '../../tokens/tokenizer.ts';
import type { TokenizerJson } from '../../tokens/tokenizer-file.ts';
import { type ChatTurn, renderGoTemplate } from './go-template.ts';

/** Texts before and after the content of a turn. */
type Around = readonly [before: string, after: string];

export interface ChatPieces {
  /** In front of a conversation without a system message. */
  header: string;
  /** The first includes what stands in front of everything. */
  system: Around;
  user: Around;
  assistant: Around;
  /** What asks for an answer. */
  generation: string;
}

/** With and without system message, one turn and two. */
export const shapes: readonly (readonly ChatTurn[])[] = [false, true].flatMap((withSystem) =>
  [1, 2].map((turns) => [
    ...(withSystem ? [{ role: 'system', content: 'Answer in one sentence.\nBe polite.' }] : []),
    ...(turns === 2
      ? [
          { role: 'user', content: 'What costs 12.50 €?' },
          { role: 'assistant', content: 'The small one: 小.' },
        ]
      : []),
    { role: 'user', content: 'And the "other", with 3 keys?' },
  ]),
);

/** Text and ids of a conversation as training has them, up to where the answer begins. */
export async function trainingPrompt(
  tokenizer: Tokenizer,
  messages: readonly ChatTurn[],
  addGenerationPrompt = true,
): Promise<{ text: string; ids: number[] }> {
  const conversation = { messages: messages as readonly Message[] };
  return renderConversation(tokenizer, conversation, { train: 'none', addGenerationPrompt });
}

const [S, U, A, V] = ['SYSTEMWORDS', 'FIRSTQUESTION', 'FIRSTANSWER', 'SECONDQUESTION'];
const turn = (role: string, content: string): ChatTurn => ({ role, content });

/** The pieces; undefined where the template refuses a shape or changes what it is given. */
export async function chatPieces(tokenizer: Tokenizer): Promise<ChatPieces | undefined> {
  const around = async (messages: readonly ChatTurn[], prompt = true): Promise<string[] | undefined> => {
    const { text } = await trainingPrompt(tokenizer, messages, prompt);
    const found: string[] = [];
    let at = 0;
    for (const { content } of messages) {
      const next = text.indexOf(content, at);
      if (next < 0) return undefined;
      found.push(text.slice(at, next));
      at = next + content.length;
    }
    return [...found, text.slice(at)];
  };
  try {
    const one = await around([turn('user', U)]);
    const system = await around([turn('system', S), turn('user', U)]);
    const two = await around([turn('user', U), turn('assistant', A), turn('user', V)]);
    const done = await around([turn('user', U), turn('assistant', A)], false);
    if (!one || !system || !two || !done) return undefined;
    const after = two[2].startsWith(done[2]) ? done[2] : '';
    const before = two[2].slice(after.length);
    if (!one[0].endsWith(before) || !system[1].endsWith(before)) return undefined;
    const cut = (text: string) => text.slice(0, text.length - before.length);
    const userAfter = one[1].startsWith(after) && two[1].startsWith(after) ? after : '';
    return {
      header: cut(one[0]),
      system: [system[0], cut(system[1])],
      user: [before, userAfter],
      assistant: [two[1].slice(userAfter.length), after],
      generation: one[1].slice(userAfter.length),
    };
  } catch (thrown) {
    if (thrown instanceof AppError) return undefined; // a template that refuses one of the shapes
    throw thrown;
  }
}

/**
 * The pieces with `prefix` wherever tokenizer.json puts it and llama.cpp does not: in front of each text
 * between control tokens. The answer's own is left out, because the model writes it.
 */
export function withPrefix(pieces: ChatPieces, prefix: string, tokenizer: Tokenizer): ChatPieces {
  const tokens = tokenizer.controlTokens.map(({ content }) => content.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const behind = new RegExp(`(${tokens.join('|')})(?=([\\s\\S]?))`, 'g');
  const starts = new RegExp(`^(?:${tokens.join('|')})`);
  const inside = (text: string, contentFollows: boolean): string => {
    let out = '';
    let at = 0;
    for (const match of text.matchAll(behind)) {
      const end = match.index + match[0].length;
      const rest = text.slice(end);
      const wanted = rest === '' ? contentFollows : !starts.test(rest);
      out += text.slice(at, end) + (wanted ? prefix : '');
      at = end;
    }
    return out + text.slice(at);
  };
  const both = ([before, after]: Around): Around => [inside(before, true), inside(after, false)];
  return {
    header: inside(pieces.header, false),
    system: both(pieces.system),
    user: both(pieces.user),
    assistant: both(pieces.assistant),
    generation: inside(pieces.generation, false),
  };
}

/** A TEMPLATE for Ollama, which puts `bos` in front by itself. Undefined where Go cannot say it. */
export function goTemplate(pieces: ChatPieces, bos: string): string | undefined {
  const bare = (text: string) => (bos !== '' && text.startsWith(bos) ? text.slice(bos.length) : text);
  const { header, system, user, assistant, generation } = pieces;
  const all = [header, ...system, ...user, ...assistant, generation];
  if (all.some((text) => /\{\{|\}\}|"""/.test(text))) return undefined;
  const around = ([before, after]: Around) => `${before}{{ .Content }}${after}`;
  const first = bare(header) === '' ? '' : `{{ if not .System }}${bare(header)}{{ end }}`;
  return (
    `${first}{{ range .Messages }}` +
    `{{ if eq .Role "system" }}${around([bare(system[0]), system[1]])}` +
    `{{ else if eq .Role "user" }}${around(user)}` +
    `{{ else if eq .Role "assistant" }}${around(assistant)}{{ end }}` +
    `{{ end }}${generation}`
  );
}

/** The same conversation format in plain Jinja, for files whose template has to say more than the base's. */
export function jinjaTemplate({ header, system, user, assistant, generation }: ChatPieces): string {
  const text = (value: string) =>
    `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n')}'`;
  const around = ([before, after]: Around) =>
    `{{ ${text(before)} + message['content'] | trim + ${text(after)} }}`;
  return (
    `{% if messages[0]['role'] != 'system' %}{{ ${text(header)} }}{% endif %}` +
    `{% for message in messages %}{% if message['role'] == 'system' %}${around(system)}` +
    `{% elif message['role'] == 'user' %}${around(user)}{% else %}${around(assistant)}{% endif %}` +
    `{% endfor %}{% if add_generation_prompt %}{{ ${text(generation)} }}{% endif %}`
  );
}

/** Whether a TEMPLATE gives the text of the training in all shapes; with a prefix, its ids. */
export async function givesTrainingText(
  template: string,
  bos: string,
  tokenizer: Tokenizer,
  asRead: TokenizerJson | undefined,
): Promise<boolean> {
  const reader = asRead && createTokenizer(asRead);
  for (const messages of shapes) {
    const expected = await trainingPrompt(tokenizer, messages);
    const found = bos + renderGoTemplate(template, messages);
    if (reader === undefined) {
      if (found !== expected.text) return false;
    } else {
      const { ids } = await reader.encode(found, { addSpecial: false });
      if (ids.join() !== expected.ids.join()) return false;
    }
  }
  return true;
}

/** Whether a Jinja template gives the same texts as a TEMPLATE behind the BOS. */
export function sameTexts(jinja: string, template: string, bos: string): boolean {
  return shapes.every(
    (messages) =>
      renderTemplate(jinja, { messages: messages.map((one) => ({ ...one })), addGenerationPrompt: true })
        .text ===
      bos + renderGoTemplate(template, messages),
  );
}
