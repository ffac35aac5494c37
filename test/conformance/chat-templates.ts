// Conformance of chat templates: rendered text, errors, generation spans and token masks against
// `<name>.json` beside `<name>.jinja`. Token masks need the tokenizer that the reference names in its own
// folder.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { AppError } from '../../main/errors.ts';
import { type Message, renderTemplate } from '../../main/tokens/chat-template.ts';
import { JinjaError } from '../../main/tokens/jinja/error.ts';
import { parseLossless } from '../../main/tokens/jinja/from-json.ts';
import { renderConversation } from '../../main/tokens/render.ts';
import { createTokenizer, type Tokenizer } from '../../main/tokens/tokenizer.ts';
import { readTokenizerFolder } from '../../main/tokens/tokenizer-file.ts';
import { type Check, type Row, skipped } from './check.ts';
import { Tally } from './tokenizers.ts';

interface Case {
  name: string;
  messages: Message[];
  tools?: unknown[];
  add_generation_prompt?: boolean;
  continue_final_message?: boolean;
  kwargs?: Record<string, unknown>;
  rendered?: string;
  error?: { type: string; message: string };
  assistant_spans?: [number, number][];
  assistant_texts?: string[];
  input_ids?: number[];
  assistant_masks?: number[];
}

interface Stored {
  special_tokens: Record<string, string>;
  strftime_now: string;
  tokenizer_of_input_ids?: string;
  cases: Case[];
}

export const chatTemplatesCheck: Check = {
  id: 'chat-templates',
  onProcessorOnly: 'templates are rendered',
  matches: (_folder, files) =>
    files.some((file) => file.endsWith('.jinja') && files.includes(file.replace('.jinja', '.json'))),
  async *run(folder): AsyncIterable<Row> {
    const index = JSON.parse(await readFile(join(folder, 'index.json'), 'utf8')) as Record<string, unknown>;
    for (const name of Object.keys(index)) yield* checkTemplate(folder, name);
  },
};

/** The rows of one template. */
export async function* checkTemplate(folder: string, name: string): AsyncIterable<Row> {
  const template = await readFile(join(folder, `${name}.jinja`), 'utf8');
  const stored = parseLossless(await readFile(join(folder, `${name}.json`), 'utf8')) as Stored;
  const tally = new Tally(`${basename(folder)} ${name}`);
  const path = join(folder, stored.tokenizer_of_input_ids?.split(' ')[0] ?? '');
  const tokenizer = existsSync(join(path, 'tokenizer.json'))
    ? await withTemplate(path, template, stored)
    : undefined;
  for (const item of stored.cases) {
    compareText(template, stored, item, tally);
    if (tokenizer !== undefined && item.assistant_masks !== undefined)
      await compareMask(tokenizer, stored, item, tally);
  }
  yield* tally.rows();
  if (tokenizer === undefined)
    yield skipped(`${basename(folder)} ${name}`, 'token masks', `no tokenizer at ${path}`);
}

async function withTemplate(path: string, chatTemplate: string, stored: Stored): Promise<Tokenizer> {
  const { file } = await readTokenizerFolder(path);
  return createTokenizer(file, { specialTokens: stored.special_tokens, chatTemplate });
}

function compareText(template: string, stored: Stored, item: Case, tally: Tally): void {
  try {
    const output = renderTemplate(template, {
      messages: item.messages,
      tools: item.tools,
      addGenerationPrompt: item.add_generation_prompt,
      continueFinalMessage: item.continue_final_message,
      kwargs: item.kwargs,
      specialTokens: stored.special_tokens,
      now: new Date(stored.strftime_now),
    });
    if (item.error !== undefined) {
      tally.equal('errors', 'none', item.error, item.name);
      return;
    }
    tally.equal('text', output.text, item.rendered, item.name);
    if (item.assistant_spans === undefined) return;
    const texts = output.generationSpans.map(([start, end]) => output.text.slice(start, end));
    tally.equal('assistant texts', texts, item.assistant_texts, item.name);
    const points = (end: number): number => [...output.text.slice(0, end)].length;
    tally.equal(
      'assistant spans',
      output.generationSpans.map((span) => span.map(points)),
      item.assistant_spans,
      item.name,
    );
  } catch (error) {
    if (!(error instanceof AppError) || !(error.cause instanceof JinjaError)) throw error;
    const { type, message } = error.cause;
    tally.equal('errors', { type, message }, item.error ?? 'none', item.name);
  }
}

/** transformers does not protect content, so ids are only compared where content holds no control token. */
async function compareMask(tokenizer: Tokenizer, stored: Stored, item: Case, tally: Tally): Promise<void> {
  const content = JSON.stringify([item.messages, item.tools ?? []]);
  if (tokenizer.controlTokens.some((token) => content.includes(token.content))) return;
  const rendered = await renderConversation(
    tokenizer,
    { messages: item.messages, tools: item.tools },
    {
      train: 'assistant',
      addGenerationPrompt: item.add_generation_prompt,
      kwargs: item.kwargs,
      now: new Date(stored.strftime_now),
    },
  );
  tally.equal('ids', rendered.ids, item.input_ids, item.name);
  tally.equal('token masks', Array.from(rendered.trained, Number), item.assistant_masks, item.name);
}
