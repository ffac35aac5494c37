// The one renderer (RULES.md 1): a conversation, a prompt with its completion, or a text becomes ids and a
// trained flag per token. Preview, dataset build, training, evaluation, chat and server all call it. Knows no
// batches and no models.
//
// Rules that hold everywhere:
// - A token is trained if at least one of its characters is (transformers' rule): a token that straddles the
//   border of an answer belongs to the answer. Between a prompt and its completion there is always a token
//   border instead.
// - A rendered chat is encoded without the tokenizer's own BOS: the template decides (transformers' rule). A
//   text gets it.
// - Control tokens in content are spelled with ordinary tokens.
import { AppError } from '../errors.ts';
import { assistantSpans } from './assistant-spans.ts';
import { hasGenerationBlocks, renderTemplate } from './chat-template.ts';
import { type Conversation, type GuardedText, protectEncoding, renderGuarded } from './content-guard.ts';
import type { Encoding, Span, Tokenizer } from './tokenizer.ts';

export type { Conversation };

export interface RenderOptions {
  /** Which tokens are learned: every answer, only the last one, everything, or nothing (for prompts). */
  train: 'assistant' | 'last-assistant' | 'all' | 'none';
  addGenerationPrompt?: boolean;
  continueFinalMessage?: boolean;
  /** Further names for the template, such as `enable_thinking`. */
  kwargs?: Readonly<Record<string, unknown>>;
  now?: Date;
}

export interface RenderedToken {
  id: number;
  /** The stretch of the text, or the token's name where it stands for no text (an appended EOS). */
  text: string;
  start: number;
  end: number;
  trained: boolean;
}

export interface Rendered {
  text: string;
  ids: number[];
  /** 1 where the token is learned; one entry per id. */
  trained: Uint8Array;
  /** Per id, in UTF-16 units of `text`; empty stretches for tokens without text. */
  offsets: Span[];
  /** Trained stretches of the text. */
  spans: Span[];
  /** Whether the first token is a BOS, which a cut from the left keeps. */
  startsWithBos: boolean;
  /** For the token view; made when asked for. */
  readonly tokens: RenderedToken[];
}

/**
 * Renders one conversation with the tokenizer's chat template.
 * @throws AppError `template-missing`, `template-refused`, `template-failed`, `template-syntax`,
 *   `template-limit`, `template-prefix`, `content-not-protected`
 */
export async function renderConversation(
  tokenizer: Tokenizer,
  conversation: Conversation,
  options: RenderOptions,
): Promise<Rendered> {
  const plan = planConversation(tokenizer, conversation, options);
  const encoding = await tokenizer.encode(plan.masked, { addSpecial: false });
  return finish(tokenizer, plan, encoding);
}

/** Renders many at once (several times faster); a record that cannot be rendered gives its AppError. */
export async function renderConversations(
  tokenizer: Tokenizer,
  conversations: readonly Conversation[],
  options: RenderOptions,
): Promise<(Rendered | AppError)[]> {
  const plans = conversations.map((conversation) => {
    try {
      return planConversation(tokenizer, conversation, options);
    } catch (error) {
      if (error instanceof AppError) return error;
      throw error;
    }
  });
  const good = plans.filter((plan): plan is Plan => !(plan instanceof AppError));
  const encodings = await tokenizer.encodeBatch(
    good.map((plan) => plan.masked),
    { addSpecial: false },
  );
  const rendered = await Promise.all(good.map((plan, at) => finish(tokenizer, plan, encodings[at])));
  let next = 0;
  return plans.map((plan) => (plan instanceof AppError ? plan : rendered[next++]));
}

interface Plan extends Pick<GuardedText, 'text' | 'masked'> {
  spans: Span[];
}

function planConversation(tokenizer: Tokenizer, conversation: Conversation, options: RenderOptions): Plan {
  const template = tokenizer.chatTemplate;
  if (template === undefined) {
    throw new AppError(
      'template-missing',
      'This model has no chat template, so conversations have no agreed form.',
      'Choose a chat template for the project, or use prompt and completion records.',
    );
  }
  const now = options.now ?? new Date(); // one time for all renderings of a conversation
  const render = (part: Conversation, addGenerationPrompt: boolean, continueFinalMessage = false) =>
    renderTemplate(template, {
      messages: part.messages,
      tools: part.tools,
      addGenerationPrompt,
      continueFinalMessage,
      kwargs: options.kwargs,
      specialTokens: tokenizer.specialTokens,
      now,
    });
  const guarded = renderGuarded(tokenizer, conversation, (part) =>
    render(part, options.addGenerationPrompt ?? false, options.continueFinalMessage),
  );
  const { text, masked, generationSpans } = guarded;
  if (options.train === 'none') return { text, masked, spans: [] };
  if (options.train === 'all') return { text, masked, spans: [[0, text.length]] };
  const lastOnly = options.train === 'last-assistant';
  if (hasGenerationBlocks(template)) {
    const spans = generationSpans.filter(([start, end]) => end > start);
    return { text, masked, spans: lastOnly ? spans.slice(-1) : spans };
  }
  const spans = assistantSpans({
    text,
    messages: conversation.messages,
    render: (messages, addGenerationPrompt) =>
      render({ ...conversation, messages }, addGenerationPrompt).text,
    controls: tokenizer.controlTokens.map((token) => token.content),
    lastOnly,
  });
  return { text, masked, spans };
}

async function finish(tokenizer: Tokenizer, plan: Plan, encoding: Encoding): Promise<Rendered> {
  const { ids, offsets } = await protectEncoding(tokenizer, plan, encoding);
  return assemble(tokenizer, {
    text: plan.text,
    ids,
    offsets,
    spans: plan.spans,
    trained: overlap(offsets, plan.spans),
  });
}

/**
 * A prompt and its completion without a chat template. The prompt is encoded as generation will encode it,
 * the completion goes on from there, and EOS is appended and trained.
 */
export async function renderCompletion(
  tokenizer: Tokenizer,
  { prompt, completion }: { prompt: string; completion: string },
  { train = 'completion' }: { train?: 'completion' | 'all' } = {},
): Promise<Rendered> {
  const head = withoutTrailingSpecial(tokenizer, await tokenizer.encodePlain(prompt, { addSpecial: true }));
  const tail = await tokenizer.encodePlain(completion, { addSpecial: false, position: 'continued' });
  const text = prompt + completion;
  const offsets = [
    ...head.offsets,
    ...tail.offsets.map(([start, end]): Span => [start + prompt.length, end + prompt.length]),
  ];
  const spans: Span[] = [[train === 'all' ? 0 : prompt.length, text.length]];
  const border =
    train === 'all' ? head.specialMask.filter((special) => special === 1).length : head.ids.length;
  const trained = Uint8Array.from(offsets, (_, at) => (at >= border ? 1 : 0));
  return assemble(
    tokenizer,
    withEos(tokenizer, { text, ids: [...head.ids, ...tail.ids], offsets, spans, trained }),
  );
}

/**
 * A text to be learned as a whole. `complete` says whether it really ends where it ends: only then EOS is
 * appended and trained. A chunk that continues another (`start: false`) gets no BOS.
 */
export async function renderText(
  tokenizer: Tokenizer,
  text: string,
  { complete = true, start = true }: { complete?: boolean; start?: boolean } = {},
): Promise<Rendered> {
  const options = { addSpecial: start, position: start ? 'start' : 'continued' } as const;
  const encoding = withoutTrailingSpecial(tokenizer, await tokenizer.encodePlain(text, options));
  return textRendered(tokenizer, text, encoding, complete);
}

function textRendered(tokenizer: Tokenizer, text: string, encoding: Encoding, complete: boolean): Rendered {
  const { ids, offsets, specialMask } = encoding;
  const parts = {
    text,
    ids,
    offsets,
    spans: [[0, text.length]] as Span[],
    trained: Uint8Array.from(specialMask, (special) => 1 - special),
  };
  return assemble(tokenizer, complete ? withEos(tokenizer, parts) : parts);
}

/**
 * How many tokens of a record give a label: trained ones with a token before them. 0 = nothing to learn
 * (C04).
 */
export function trainedCount({ trained }: Pick<Rendered, 'trained'>): number {
  let count = 0;
  for (let at = 1; at < trained.length; at++) count += trained[at];
  return count;
}

type Parts = Pick<Rendered, 'text' | 'ids' | 'trained' | 'offsets' | 'spans'>;

function withEos(tokenizer: Tokenizer, parts: Parts): Parts {
  const { eosId } = tokenizer;
  if (eosId === undefined) return parts;
  const end = parts.text.length;
  return {
    ...parts,
    ids: [...parts.ids, eosId],
    offsets: [...parts.offsets, [end, end]],
    trained: Uint8Array.from([...parts.trained, 1]),
  };
}

/**
 * Without what the post-processor put behind the text (an EOS, [SEP]): whether a text ends is our decision.
 */
function withoutTrailingSpecial({ bosId }: Tokenizer, encoding: Encoding): Encoding {
  const { ids, offsets, typeIds, specialMask, tokens } = encoding;
  const least = specialMask.indexOf(0) + 1 || (ids[0] === bosId ? 1 : 0);
  let end = ids.length;
  while (end > least && specialMask[end - 1] === 1) end--;
  if (end === ids.length) return encoding;
  return {
    ids: ids.slice(0, end),
    offsets: offsets.slice(0, end),
    typeIds: typeIds.slice(0, end),
    specialMask: specialMask.slice(0, end),
    tokens: tokens.slice(0, end),
  };
}

/**
 * 1 for each token that shares at least one character with a span. Offsets and spans run from left to right.
 */
function overlap(offsets: readonly Span[], spans: readonly Span[]): Uint8Array {
  const trained = new Uint8Array(offsets.length);
  let next = 0;
  for (let at = 0; at < offsets.length; at++) {
    const [start, end] = offsets[at];
    while (next < spans.length && spans[next][1] <= start) next++;
    if (next < spans.length && end > start && end > spans[next][0]) trained[at] = 1;
  }
  return trained;
}

function assemble(tokenizer: Tokenizer, parts: Parts): Rendered {
  const nameOf = (id: number): string => tokenizer.tokenOf(id) ?? '';
  return {
    ...parts,
    startsWithBos: tokenizer.bosId !== undefined && parts.ids[0] === tokenizer.bosId,
    get tokens() {
      return tokenView(this, nameOf);
    },
  };
}

function tokenView({ text, ids, offsets, trained }: Parts, nameOf: (id: number) => string): RenderedToken[] {
  return ids.map((id, at) => {
    const [start, end] = offsets[at];
    return {
      id,
      text: end > start ? text.slice(start, end) : nameOf(id),
      start,
      end,
      trained: trained[at] === 1,
    };
  });
}
