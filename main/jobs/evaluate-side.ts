// One of the two sides of an evaluation: what answers prompts, and what is asked how much right answers
// surprise it. Either a model, or, in place of an encoder that has no output layer yet, the frequencies of
// the training answers.
import type { Provider } from '../compiler/lowering.ts';
import type { DatasetRecord } from '../contract/datasets.ts';
import { type AnswerOptions, answerBatch, type BatchAnswer, createSpeaker } from '../inference/answer.ts';
import { decodesOn } from '../inference/decoder.ts';
import { threshold } from '../inference/label-answer.ts';
import { textOf } from '../inference/prompt-text.ts';
import { createScorer, type RecordLoss } from '../inference/score.ts';
import type { TunedModel } from '../inference/weights.ts';
import type { Model } from '../models/load.ts';
import { labelsOf, problemOf, separatorOf, tokenLabels } from '../models/new-head.ts';
import type { Tokenizer } from '../tokens/tokenizer.ts';
import type { TrainingRecord } from '../training/data.ts';
import { answerCounts, quoted } from '../training/tasks/answer-labels.ts';
import { answersOf } from '../training/tasks/answer-task.ts';
import { labelsIn, labelText } from '../training/tasks/label-sets.ts';
import { meanOf, numbersOf } from '../training/tasks/text-numbers.ts';
import { outside } from '../training/tasks/word-marks.ts';
import { labelledTexts } from '../training/tasks/word-records.ts';
import { paddingId } from '../training/token-rows.ts';

export interface Side {
  /** One entry per record; 0 of 0 tokens where a record has no label. */
  losses(records: readonly TrainingRecord[], signal?: AbortSignal): Promise<RecordLoss[]>;
  answers(
    prompts: readonly (readonly number[])[],
    options: AnswerOptions & { signal?: AbortSignal; onDone?: () => void },
  ): Promise<BatchAnswer[]>;
  release(): Promise<void>;
}

/** Losses are measured on `provider`, and answers written there where the cache can stay on the device. */
export async function openSide(
  tuned: TunedModel,
  tokenizer: Tokenizer,
  threads: number,
  provider: Provider,
): Promise<Side> {
  const { model, weights } = tuned;
  const speaker = await createSpeaker({
    model,
    weights,
    tokenizer,
    threads,
    provider: decodesOn(model, provider),
  });
  const scorer = await createScorer(tuned, threads, paddingId(model, tokenizer), provider);
  return {
    losses: async (records, signal) => {
      const labelled = records.filter(({ labels }) => labels > 0);
      const scored = await scorer.losses(labelled, signal);
      const byRecord = new Map(labelled.map((record, i) => [record, scored[i]]));
      return records.map((record) => byRecord.get(record) ?? { sum: 0, tokens: 0 });
    },
    answers: (prompts, options) => answerBatch(speaker, prompts, options),
    release: async () => {
      await speaker.release();
      await scorer.release();
    },
  };
}

export interface BlindSide {
  side: Side;
  /** What it stands for, in one sentence. */
  sentence: string;
}

/**
 * What one knows from the training answers without reading a text, in place of a base model that has no output layer for the
 * task of `model`: the most frequent label with their frequencies as probabilities, the labels that most texts have, the mean
 * of the numbers, or texts without any labelled word.
 */
export function blindSide(train: readonly DatasetRecord[], model: Model): BlindSide {
  return (blindSides[problemOf(model)] ?? mostFrequent)(train, model);
}

type Blind = (train: readonly DatasetRecord[], model: Model) => BlindSide;

/** The same answer to every prompt; `lossOf` is asked for records that have a label. */
function sayAlways(
  answer: Pick<BatchAnswer, 'text' | 'probabilities'>,
  lossOf: (record: TrainingRecord) => RecordLoss,
): Side {
  return {
    losses: async (records) =>
      records.map((record) => (record.labels === 0 ? { sum: 0, tokens: 0 } : lossOf(record))),
    answers: async (prompts, { onDone }) =>
      prompts.map(() => {
        onDone?.();
        return { ...answer, stopped: true, newTokens: 1 };
      }),
    release: async () => {},
  };
}

const mostFrequent: Blind = (train, model) => {
  const labels = labelsOf(model) ?? [];
  const counts = answerCounts(train);
  const frequencies = labels.map((label) => counts.get(label) ?? 0);
  const total = frequencies.reduce((sum, count) => sum + count, 0);
  const probabilities = frequencies.map((count) => (count + 1) / (total + labels.length)); // none is 0
  const text = labels[frequencies.indexOf(Math.max(...frequencies))];
  return {
    side: sayAlways({ text, probabilities }, ({ target }) => ({
      sum: -Math.log(probabilities[target?.[0] ?? 0]),
      tokens: 1,
    })),
    sentence:
      'The base model has no output layer for these labels: in its place stands the most frequent answer of the ' +
      `training records, ${quoted([text])}, with their frequencies as probabilities.`,
  };
};

/** What most words have: no label. */
const noWordLabelled: Blind = (train, model) => {
  const tags = labelsOf(model) ?? [];
  const counts = new Map(tags.map((tag) => [tag, 1])); // none is 0
  for (const text of labelledTexts(train)) {
    if ('tags' in text) for (const tag of text.tags) counts.set(tag, (counts.get(tag) ?? 0) + 1);
  }
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const surprise = tags.map((tag) => -Math.log((counts.get(tag) ?? 0) / total));
  const share = (100 * (counts.get(outside) ?? 0)) / total;
  return {
    side: {
      ...sayAlways({ text: '' }, ({ target = new Int32Array(), labels }) => ({
        sum: target.reduce((sum, label) => sum + (surprise[label] ?? 0), 0),
        tokens: labels,
      })),
      answers: async (prompts, { onDone }) =>
        prompts.map((ids) => {
          onDone?.();
          return { text: textOf(ids) ?? '', stopped: true, newTokens: 1 };
        }),
    },
    sentence:
      'The base model has no output layer for these labels: in its place stand the texts without a label, with the ' +
      `frequencies of the labels of training words as probabilities (${share.toFixed(1)} % have none).`,
  };
};

const blindSides: Record<string, Blind> = {
  [tokenLabels]: noWordLabelled,
  multi_label_classification: (train, model) => {
    const labels = labelsOf(model) ?? [];
    const separator = separatorOf(model) ?? ', ';
    const sets = answersOf(train).map((answer) => labelsIn(answer, separator));
    // one text that has the label and one that has not are added, so that none is impossible
    const shares = labels.map(
      (label) => (sets.filter((set) => set.includes(label)).length + 1) / (sets.length + 2),
    );
    const common = labels.filter((_, i) => shares[i] > threshold);
    const said = common.length === 0 ? 'no label' : quoted(common);
    return {
      side: sayAlways({ text: labelText(common, separator) }, ({ targets = [] }) => ({
        sum: shares.reduce((sum, share, i) => sum - Math.log(targets[i] === 1 ? share : 1 - share), 0),
        tokens: labels.length,
      })),
      sentence:
        'The base model has no output layer for these labels: in its place stand the labels that more than half of the ' +
        `training records have (${said}), with their frequencies as probabilities.`,
    };
  },
  regression: (train) => {
    const mean = meanOf(numbersOf(train));
    const text = String(Number(mean.toPrecision(6)));
    return {
      side: sayAlways({ text }, ({ targets = [] }) => ({ sum: (mean - targets[0]) ** 2, tokens: 1 })),
      sentence: `The base model gives no numbers: in its place stands the mean of the training records, ${text}.`,
    };
  },
};
