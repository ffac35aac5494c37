// The one pipe from a prompt to text (RULES.md 9): ids -> characters -> stop filter -> whoever listens. An
// answer that is not streamed is the same pipe, collected. Chat, evaluation, samples while training and the
// server use it.
import type { SamplingOptions } from '../contract/chat.ts';
import type { Model } from '../models/load.ts';
import type { Tokenizer } from '../tokens/tokenizer.ts';
import { taskTypeOf } from '../training/tasks/index.ts';
import type { TaskType } from '../training/tasks/task-type.ts';
import type { DecoderOptions } from './decoder.ts';
import { createGenerator, type Generated, type Generator } from './generate.ts';
import { answerLabel, answerLabels, createLabelSpeaker, type LabelSpeaker } from './label-answer.ts';
import { answerMasks, createMaskSpeaker, type MaskSpeaker } from './mask-answer.ts';
import { endIdsOf } from './prompt.ts';
import { searchOf } from './search-settings.ts';
import { createStopFilter, cutAtStop } from './stop.ts';
import { createTargetGenerator } from './target-generator.ts';
import { answerMarked, answerWords, createWordSpeaker, type WordSpeaker } from './word-answer.ts';

/** A model that answers in text: words of its own, a label, the prompt with labelled words, or words in the place of masks. */
export type Speaker = TextSpeaker | LabelSpeaker | WordSpeaker | MaskSpeaker;

export interface TextSpeaker {
  kind: 'text';
  model: Model;
  tokenizer: Tokenizer;
  generator: Generator;
  /** Ids that end an answer. */
  endIds: readonly number[];
  release(): Promise<void>;
}

/** `weights` may be a trainer: the answers then follow what it has learned so far. */
export async function createSpeaker(options: SpeakerOptions): Promise<Speaker> {
  return speakers[taskTypeOf(options.model).id](options);
}

const textSpeaker =
  (create: (options: DecoderOptions) => Generator) =>
  async (options: SpeakerOptions): Promise<TextSpeaker> => {
    const { model, tokenizer } = options;
    const generator = create(options);
    const endIds = await endIdsOf(model, tokenizer);
    return { kind: 'text', model, tokenizer, generator, endIds, release: () => generator.release() };
  };

type SpeakerOptions = DecoderOptions & { tokenizer: Tokenizer };

const speakers: Record<TaskType['id'], (options: SpeakerOptions) => Promise<Speaker>> = {
  CAUSAL_LM: textSpeaker(createGenerator),
  SEQ_2_SEQ_LM: textSpeaker(createTargetGenerator),
  SEQ_CLS: createLabelSpeaker,
  TOKEN_CLS: async (options) => createWordSpeaker(options),
  MASKED_LM: async (options) => createMaskSpeaker(options),
};

/** Options that are left out are greedy, without stop strings, and at most 200 tokens. */
export type AnswerOptions = Partial<SamplingOptions>;

export interface AnswerRequest {
  promptIds: readonly number[];
  options: AnswerOptions;
  signal?: AbortSignal;
  /** Gets the text piece by piece; nothing that it got is taken back. */
  onText?: (text: string) => void;
}

export interface Answer extends Omit<Generated, 'ids' | 'logprobs'> {
  text: string;
  newTokens: number;
  /** The text of each token and the model's probability of it, 0 to 1; together they spell `text`. */
  tokens: { text: string; probability: number }[];
}

const defaultTokens = 200;

/** Throws AppError `context-length-exceeded` when the prompt leaves no room. */
export async function answer(
  speaker: Speaker,
  { promptIds, options, signal, onText }: AnswerRequest,
): Promise<Answer> {
  if (speaker.kind === 'label') {
    const label = await answerLabel(speaker, promptIds, signal);
    if (label.text !== '') onText?.(label.text);
    return label;
  }
  if (speaker.kind === 'words') {
    const marked = await answerMarked(speaker, promptIds, signal);
    if (marked.text !== '') onText?.(marked.text);
    return marked;
  }
  if (speaker.kind === 'mask') {
    const filled = await answerMasks(speaker, promptIds, signal);
    if (filled.text !== '') onText?.(filled.text);
    return filled;
  }
  const decoder = speaker.tokenizer.streamDecoder();
  const filter = createStopFilter(options.stop ?? []);
  const pieces: string[] = [];
  let text = '';
  const send = (piece: string) => {
    text += piece;
    if (piece !== '') onText?.(piece);
  };
  const generated = await speaker.generator.generate({
    promptIds,
    options: generateOptions(speaker, options),
    signal,
    onToken: (id) => {
      const piece = decoder.push(id);
      pieces.push(piece);
      send(filter.push(piece));
      return filter.stoppedBy === undefined;
    },
  });
  const rest = decoder.end();
  if (pieces.length > 0) pieces[pieces.length - 1] += rest;
  send(filter.push(rest));
  send(filter.end());
  const { ids, logprobs, ...facts } = generated;
  return {
    ...facts,
    finish: filter.stoppedBy === undefined ? generated.finish : 'stop',
    text,
    newTokens: ids.length,
    tokens: withinText(pieces, logprobs, text.length),
  };
}

/** Pieces up to where the text ends: a stop string may have cut it. */
function withinText(
  pieces: readonly string[],
  logprobs: readonly number[],
  length: number,
): Answer['tokens'] {
  const tokens: Answer['tokens'] = [];
  let at = 0;
  for (const [i, piece] of pieces.entries()) {
    if (at >= length && piece !== '') break;
    tokens.push({ text: piece.slice(0, length - at), probability: Math.exp(logprobs[i]) });
    at += piece.length;
  }
  return tokens;
}

export interface BatchAnswer {
  text: string;
  /** Whether the model ended by itself. */
  stopped: boolean;
  newTokens: number;
  /** Probability of each label of a classifier that chooses one. */
  probabilities?: number[];
}

/** Answers to many prompts, several at a time; `onDone` hears of each as soon as it is complete. */
export async function answerBatch(
  speaker: Speaker,
  prompts: readonly (readonly number[])[],
  options: AnswerOptions & { signal?: AbortSignal; onDone?: () => void },
): Promise<BatchAnswer[]> {
  const { signal, onDone, stop = [], ...sampling } = options;
  if (speaker.kind === 'label') {
    const labels = await answerLabels(speaker, prompts, signal);
    for (const _ of labels) onDone?.();
    return labels.map((label) => ({ ...label, stopped: true, newTokens: 1 }));
  }
  if (speaker.kind === 'words') {
    const marked = await answerWords(speaker, prompts, signal);
    for (const _ of marked) onDone?.();
    return marked.map(({ text, pieces }) => ({ text, stopped: true, newTokens: pieces.length }));
  }
  if (speaker.kind === 'mask') {
    const filled: BatchAnswer[] = [];
    for (const ids of prompts) {
      if (signal?.aborted) break;
      const { text, newTokens } = await answerMasks(speaker, ids, signal);
      filled.push({ text, stopped: true, newTokens });
      onDone?.();
    }
    return filled;
  }
  const answers = await speaker.generator.generateBatch(prompts, {
    ...generateOptions(speaker, sampling),
    signal,
    onDone,
  });
  return answers.map(({ ids, finish }) => {
    const { text, stoppedBy } = cutAtStop(textOf(speaker.tokenizer, ids), stop);
    return { text, stopped: finish === 'stop' || stoppedBy !== undefined, newTokens: ids.length };
  });
}

function textOf(tokenizer: Tokenizer, ids: readonly number[]): string {
  const decoder = tokenizer.streamDecoder();
  return ids.map((id) => decoder.push(id)).join('') + decoder.end();
}

function generateOptions(speaker: TextSpeaker, options: AnswerOptions) {
  const { stop: _, maxNewTokens = defaultTokens, ...sampling } = options;
  const { name, architecture } = speaker.model;
  const search = searchOf({ name, task: architecture.task }, options);
  // embedding rows without a token are padding, never an answer (field case D01)
  return {
    ...sampling,
    search,
    maxNewTokens,
    eosIds: speaker.endIds,
    vocabularySize: speaker.tokenizer.idLimit,
  };
}
