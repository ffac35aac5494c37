// Chat templates: a conversation to text, as transformers' apply_chat_template prints it (RULES.md 2), with
// the stretches that generation blocks wrote. Knows no tokens. The Jinja itself is in jinja/.
import { AppError } from '../errors.ts';
import { JinjaError } from './jinja/error.ts';
import { fromJson } from './jinja/from-json.ts';
import { runTemplate } from './jinja/interpreter.ts';
import type { Limits } from './jinja/limits.ts';
import type { Statement } from './jinja/nodes.ts';
import { parseTemplate } from './jinja/parser.ts';
import { rstrip, strip } from './jinja/text.ts';
import type { Value } from './jinja/values.ts';

/**
 * One message of a conversation in the shape that templates read; further members are handed on as they are.
 */
export interface Message {
  role: string;
  content?: string | null | readonly unknown[] | Record<string, unknown>;
  [member: string]: unknown;
}

export interface TemplateInput {
  messages: readonly Message[];
  /** Function schemas. Numbers such as 1.0 must come from `parseLossless` to print as Python prints them. */
  tools?: readonly unknown[] | null;
  addGenerationPrompt?: boolean;
  /** Leave the last message open, so that a model goes on with it: its `content`, or the member named here. */
  continueFinalMessage?: boolean | string;
  /** Further names for the template, such as `enable_thinking`. */
  kwargs?: Readonly<Record<string, unknown>>;
  /** `bos_token`, `eos_token` ... */
  specialTokens?: Readonly<Record<string, string>>;
  /** What `strftime_now` takes as now (local time). */
  now?: Date;
  limits?: Limits;
}

export interface TemplateOutput {
  text: string;
  /**
   * What the template marks as written by the assistant: [start, end) in UTF-16 units. Empty without
   * generation blocks.
   */
  generationSpans: [start: number, end: number][];
}

/**
 * Renders a conversation.
 * @throws AppError `template-refused` (the template's own sentence, as its `raise_exception` says it),
 *   `template-failed` (an error in Python's words), `template-syntax`, `template-limit`; the cause is the
 *   JinjaError
 */
export function renderTemplate(template: string, input: TemplateInput): TemplateOutput {
  try {
    return render(template, input);
  } catch (error) {
    throw appErrorOf(error);
  }
}

/** Whether a template marks the assistant's words itself. */
export function hasGenerationBlocks(template: string): boolean {
  return /\{%[-+]?\s*generation\s*[-+]?%\}/.test(template);
}

const finalTag = 'CONTINUE_FINAL_MESSAGE_TAG ';

/** Begins what transformers adds to a sentence: the whole chat, too long for a reader. */
const details = 'Final message to continue: ';

function render(template: string, input: TemplateInput): TemplateOutput {
  const { messages, addGenerationPrompt = false, continueFinalMessage = false } = input;
  if (continueFinalMessage && addGenerationPrompt) {
    throw new JinjaError(
      'ValueError',
      'continue_final_message and add_generation_prompt are not compatible. Use continue_final_message ' +
        'when you want the model to continue the final message, and add_generation_prompt when you want to ' +
        'add a header that will prompt it to start a new assistant message instead.',
    );
  }
  if (messages.length === 0) {
    throw new JinjaError(
      'ValueError',
      'Cannot apply chat template to an empty conversation. Provide at least one message.',
    );
  }
  const member = continueFinalMessage === true ? 'content' : continueFinalMessage;
  const names: [string, Value][] = Object.entries({
    messages: member === false ? messages : withTag(template, messages, member),
    tools: input.tools ?? null,
    documents: null,
    add_generation_prompt: addGenerationPrompt,
    ...input.specialTokens,
    ...input.kwargs,
  }).map(([name, value]) => [name, fromJson(value)]);
  const output = runTemplate(parsed(template), names, { now: input.now ?? new Date(), limits: input.limits });
  return member === false ? output : cutAtTag(output, messages[messages.length - 1][member]);
}

/**
 * The messages with a tag at the end of the last one's text, so that its place is found in the rendered text.
 */
function withTag(template: string, messages: readonly Message[], member: string): Message[] {
  const last = messages[messages.length - 1];
  const text = last[member];
  const refuse = (why: string): never => {
    throw new JinjaError('ValueError', `continue_final_message is set${why}`);
  };
  if (text === undefined || text === null)
    return refuse(` but the final message has no "${member}" to continue!`);
  if (!template.includes(member))
    return refuse(` to "${member}" but this is not an accepted field in the chat_template`);
  const before = messages.slice(0, -1);
  if (!Array.isArray(text)) return [...before, { ...last, [member]: `${String(text)}${finalTag}` }];
  const at = text.findLastIndex((part) => typeof textOfPart(part) === 'string');
  if (at < 0) return refuse(' but we could not find any text to continue in the final message!');
  const parts = text.map((part: unknown, index) =>
    index === at ? { ...(part as object), text: `${textOfPart(part)}${finalTag}` } : part,
  );
  return [...before, { ...last, [member]: parts }];
}

function cutAtTag({ text, generationSpans }: TemplateOutput, content: unknown): TemplateOutput {
  const final = Array.isArray(content)
    ? content.map(textOfPart).findLast((part) => part !== undefined)
    : content;
  const wanted = strip(String(final ?? ''), null, { left: true, right: true });
  const at = text.lastIndexOf(finalTag.trim());
  if (at < 0 || !text.includes(wanted)) {
    throw new JinjaError(
      'ValueError',
      'continue_final_message is set but the final message does not appear in the chat after applying the ' +
        'chat template! This can happen if the chat template deletes portions of the final message. Please ' +
        'verify the chat template and final message in your chat to ensure they are compatible.' +
        `${details}${wanted}\nRendered chat:\n${text}`,
    );
  }
  // A template that trims the message has trimmed the tag's blank too; then the message's own blanks are not
  // kept either.
  const cut = text.startsWith(finalTag, at) ? text.slice(0, at) : rstrip(text.slice(0, at));
  const spans = generationSpans
    .filter(([start]) => start < cut.length)
    .map(([start, end]): [number, number] => [start, Math.min(end, cut.length)]);
  return { text: cut, generationSpans: spans };
}

function textOfPart(part: unknown): string | undefined {
  const text = part !== null && typeof part === 'object' && 'text' in part ? part.text : undefined;
  return typeof text === 'string' ? text : undefined;
}

/** Parsed templates, the latest few: a dataset renders the same one again and again. */
const cache = new Map<string, Statement[]>();

function parsed(template: string): Statement[] {
  let body = cache.get(template);
  if (body === undefined) {
    body = parseTemplate(template);
    if (cache.size >= 8) cache.delete(cache.keys().next().value!);
    cache.set(template, body);
  }
  return body;
}

function appErrorOf(error: unknown): AppError {
  if (error instanceof RangeError) {
    const cause = new JinjaError('LimitError', 'it is nested too deeply or makes too much text');
    return appErrorOf(cause);
  }
  if (!(error instanceof JinjaError)) throw error;
  const { type, message, line } = error;
  if (type === 'TemplateError') {
    return new AppError(
      'template-refused',
      message,
      'Change the conversation so that the template accepts it, or leave the record out.',
      { cause: error },
    );
  }
  if (type === 'TemplateSyntaxError') {
    const where = line > 0 ? ` in line ${line}` : '';
    return new AppError(
      'template-syntax',
      `The chat template cannot be read${where}: ${message}`,
      'Choose another chat template.',
      {
        cause: error,
      },
    );
  }
  if (type === 'LimitError') {
    return new AppError(
      'template-limit',
      `The chat template was stopped: ${message}.`,
      'Choose another chat template.',
      {
        cause: error,
      },
    );
  }
  return new AppError(
    'template-failed',
    `The chat template cannot print this conversation: ${message.split(details, 1)[0]}`,
    'Look at the record: a message may lack content or hold a shape that this template does not know.',
    { cause: error },
  );
}
