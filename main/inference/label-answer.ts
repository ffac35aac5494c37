// Answers of classifiers as text: the likeliest label, the labels that are likelier than not, or a number. Knows nothing of
// how outputs are computed.
import type { Model } from '../models/load.ts';
import { labelsOf, problemOf, separatorOf } from '../models/new-head.ts';
import type { Tokenizer } from '../tokens/tokenizer.ts';
import { labelText } from '../training/tasks/label-sets.ts';
import { typesFor } from '../training/tasks/text-classes.ts';
import { type Classifier, createClassifier } from './classifier.ts';
import type { DecoderOptions } from './decoder.ts';
import type { Generated } from './generate.ts';

export interface LabelSpeaker {
  kind: 'label';
  model: Model;
  tokenizer: Tokenizer;
  /** In the order of the outputs; none for an encoder that was not trained for labels yet. */
  labels: readonly string[];
  classifier: Classifier;
  release(): Promise<void>;
}

export interface LabelAnswer {
  text: string;
  /** Of each label, where one is chosen; undefined for other kinds of answers. Empty where nothing was computed. */
  probabilities?: number[];
}

/** An answer of an encoder as the chat shows it: its tokens are pieces that together spell its text. */
export type EncoderAnswer = Omit<Generated, 'ids' | 'logprobs'> & {
  text: string;
  newTokens: number;
  tokens: { text: string; probability: number }[];
};

/** An answer with its pieces, which together spell its text. */
interface Said extends LabelAnswer {
  pieces: { text: string; probability: number }[];
}

/** What an encoder says that has no output layer for labels. */
export const withoutLabels = '(no label: a run gives this model its labels)';
/** What the chat shows where no label is likelier than not. */
export const noLabel = '(no label)';

/** A label is given from this probability on. */
export const threshold = 0.5;
/** Digits of numbers in answers. */
const digits = 6;

export async function createLabelSpeaker(
  options: DecoderOptions & { tokenizer: Tokenizer },
): Promise<LabelSpeaker> {
  const { model, tokenizer } = options;
  const classifier = createClassifier({ ...options, typesOf: await typesFor(tokenizer, model) });
  return {
    kind: 'label',
    model,
    tokenizer,
    labels: labelsOf(model) ?? [],
    classifier,
    release: () => classifier.release(),
  };
}

type Say = (outputs: Float64Array, speaker: Pick<LabelSpeaker, 'labels' | 'model'>) => Said;

/** The likeliest label; of equal ones the first. */
const sayOne: Say = (outputs, { labels }) => {
  const probabilities = [...outputs];
  const probability = Math.max(...probabilities);
  const text = labels[probabilities.indexOf(probability)] ?? '';
  return { text, probabilities, pieces: [{ text, probability }] };
};

/** By `problem_type`. */
const sayings: Record<string, Say> = {
  multi_label_classification: (outputs, { labels, model }) => {
    const separator = separatorOf(model) ?? ', ';
    const given = labels.flatMap((label, i) =>
      outputs[i] > threshold ? { text: label, probability: outputs[i] } : [],
    );
    return {
      text: labelText(
        given.map(({ text }) => text),
        separator,
      ),
      pieces: given.map(({ text, probability }, i) => ({
        text: i < given.length - 1 ? text + separator : text,
        probability,
      })),
    };
  },
  regression: ([number]) => ({ text: String(Number(number.toPrecision(digits))), pieces: [] }),
};

/** The answer that the outputs of a classifier are. */
export function answerText(outputs: Float64Array, model: Model): string {
  return (sayings[problemOf(model)] ?? sayOne)(outputs, { labels: labelsOf(model) ?? [], model }).text;
}

async function sayAll(
  speaker: LabelSpeaker,
  texts: readonly (readonly number[])[],
  signal?: AbortSignal,
): Promise<Said[]> {
  const { labels, classifier, model } = speaker;
  if (labels.length === 0)
    return texts.map(() => ({
      text: withoutLabels,
      probabilities: [],
      pieces: [{ text: withoutLabels, probability: 0 }],
    }));
  const all = await classifier.outputs(texts, signal);
  const say = sayings[problemOf(model)] ?? sayOne;
  return all.map((own) =>
    own.length === 0 ? { text: '', probabilities: [], pieces: [] } : say(own, speaker),
  );
}

/** The answer to each text. Aborting leaves answers empty. */
export async function answerLabels(
  speaker: LabelSpeaker,
  texts: readonly (readonly number[])[],
  signal?: AbortSignal,
): Promise<LabelAnswer[]> {
  const all = await sayAll(speaker, texts, signal);
  return all.map(({ text, probabilities }) => ({ text, probabilities }));
}

/** One answer as the chat shows it: its pieces are the labels, with the model's probability of each. */
export async function answerLabel(
  speaker: LabelSpeaker,
  promptIds: readonly number[],
  signal?: AbortSignal,
): Promise<EncoderAnswer> {
  const began = performance.now();
  const [{ text, pieces }] = await sayAll(speaker, [promptIds], signal);
  const cancelled = signal?.aborted === true;
  return {
    text: text === '' && !cancelled ? noLabel : text,
    newTokens: cancelled ? 0 : 1,
    finish: cancelled ? 'cancelled' : 'stop',
    promptTokens: promptIds.length,
    msToFirstToken: performance.now() - began,
    tokensPerSecond: 0,
    tokens: pieces,
  };
}
