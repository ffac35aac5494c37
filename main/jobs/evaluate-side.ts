// One of the two sides of an evaluation: what answers prompts, and what is asked how much right answers
// surprise it. Either a model, or, in place of an encoder that has no output layer yet, the frequencies of
// the training answers.
import type { Provider } from '../compiler/lowering.ts';
import type { DatasetRecord } from '../contract/datasets.ts';
import { type AnswerOptions, answerBatch, type BatchAnswer, createSpeaker } from '../inference/answer.ts';
import { createScorer, type RecordLoss } from '../inference/score.ts';
import type { TunedModel } from '../inference/weights.ts';
import type { Tokenizer } from '../tokens/tokenizer.ts';
import type { TrainingRecord } from '../training/data.ts';
import { answerCounts } from '../training/tasks/answer-labels.ts';

export interface Side {
  /** One entry per record; 0 of 0 tokens where a record has no label. */
  losses(records: readonly TrainingRecord[], signal?: AbortSignal): Promise<RecordLoss[]>;
  answers(
    prompts: readonly (readonly number[])[],
    options: AnswerOptions & { signal?: AbortSignal; onDone?: () => void },
  ): Promise<BatchAnswer[]>;
  release(): Promise<void>;
}

/**
 * Losses are measured on `provider`. Answers are decoded on the processor: their cache lies in memory, and
 * to copy it to a device for each token would take longer.
 */
export async function openSide(
  tuned: TunedModel,
  tokenizer: Tokenizer,
  threads: number,
  provider: Provider,
): Promise<Side> {
  const { model, weights } = tuned;
  const speaker = await createSpeaker({ model, weights, tokenizer, threads });
  const scorer = await createScorer(tuned, threads, tokenizer.padId ?? 0, provider);
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

/**
 * Answers with the most frequent label of the training records, and takes their frequencies as
 * probabilities: what one knows without reading a text. `labels` in the order of the outputs.
 */
export function frequencySide(
  train: readonly DatasetRecord[],
  labels: readonly string[],
): { side: Side; answer: string } {
  const counts = answerCounts(train);
  const frequencies = labels.map((label) => counts.get(label) ?? 0);
  const total = frequencies.reduce((sum, count) => sum + count, 0);
  const probabilities = frequencies.map((count) => (count + 1) / (total + labels.length)); // none is 0
  const answer = labels[frequencies.indexOf(Math.max(...frequencies))];
  const side: Side = {
    losses: async (records) =>
      records.map(({ target, labels: count }) =>
        count === 0 ? { sum: 0, tokens: 0 } : { sum: -Math.log(probabilities[target?.[0] ?? 0]), tokens: 1 },
      ),
    answers: async (prompts, { onDone }) =>
      prompts.map(() => {
        onDone?.();
        return { text: answer, stopped: true, newTokens: 1, probabilities };
      }),
    release: async () => {},
  };
  return { side, answer };
}
