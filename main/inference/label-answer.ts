// Answers of classifiers: the likeliest label is the text of the answer. Knows nothing of how probabilities are computed.
import type { Model } from '../models/load.ts';
import { labelsOf } from '../models/new-head.ts';
import type { Tokenizer } from '../tokens/tokenizer.ts';
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
  /** Of each label; empty where nothing was computed. */
  probabilities: number[];
}

/** What an encoder says that has no output layer for labels. */
export const withoutLabels = '(no label: a run gives this model its labels)';

export function createLabelSpeaker(options: DecoderOptions & { tokenizer: Tokenizer }): LabelSpeaker {
  const { model, tokenizer } = options;
  const classifier = createClassifier(options);
  return {
    kind: 'label',
    model,
    tokenizer,
    labels: labelsOf(model) ?? [],
    classifier,
    release: () => classifier.release(),
  };
}

/** The likeliest label of each text; of equal ones the first. Aborting gives fewer. */
export async function answerLabels(
  { labels, classifier }: LabelSpeaker,
  texts: readonly (readonly number[])[],
  signal?: AbortSignal,
): Promise<LabelAnswer[]> {
  if (labels.length === 0) return texts.map(() => ({ text: withoutLabels, probabilities: [] }));
  const all = await classifier.probabilities(texts, signal);
  return all.map((own) => {
    const probabilities = [...own];
    return { text: labels[probabilities.indexOf(Math.max(...probabilities))] ?? '', probabilities };
  });
}

/** One answer as the chat shows it: its only piece is the label, with the model's probability of it. */
export async function answerLabel(
  speaker: LabelSpeaker,
  promptIds: readonly number[],
  signal?: AbortSignal,
): Promise<
  Omit<Generated, 'ids' | 'logprobs'> & {
    text: string;
    newTokens: number;
    tokens: { text: string; probability: number }[];
  }
> {
  const began = performance.now();
  const [{ text, probabilities }] = await answerLabels(speaker, [promptIds], signal);
  const finish = text === '' ? 'cancelled' : 'stop';
  return {
    text,
    newTokens: text === '' ? 0 : 1,
    finish,
    promptTokens: promptIds.length,
    msToFirstToken: performance.now() - began,
    tokensPerSecond: 0,
    tokens: text === '' ? [] : [{ text, probability: Math.max(0, ...probabilities) }],
  };
}
