// Probabilities of the labels of a classifier for texts, several at once. Knows no text, only ids.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { AppError } from '../errors.ts';
import { declaredFeeds, prepare } from '../training/feeds.ts';
import { type BatchShape, compileLogits } from '../training/programs.ts';
import { createSession, type Session } from '../training/session.ts';
import { createSessionCache } from '../training/session-cache.ts';
import { classBatch } from '../training/tasks/classification.ts';
import { planOnce } from '../training/updates.ts';
import type { DecoderOptions } from './decoder.ts';

/** Tokens with padding of one batch, and rows: a last batch is filled up, so that few shapes occur. */
const tokensOfBatch = 2048;
const mostRows = 16;

export interface Classifier {
  /** Probability of each label, for each text; aborting gives fewer texts. */
  probabilities(texts: readonly ArrayLike<number>[], signal?: AbortSignal): Promise<Float64Array[]>;
  release(): Promise<void>;
}

/** `weights` may be a trainer: the answers then follow what it has learned so far. */
export function createClassifier({
  model,
  weights,
  provider = 'cpu',
  threads = 0,
  maxSessions = 8,
}: DecoderOptions): Classifier {
  const padId = Number(model.rawConfig.pad_token_id ?? 0);
  const sessions = createSessionCache(maxSessions);

  const make = async (shape: BatchShape): Promise<Session> => {
    const program = compileLogits(shape, {
      model,
      pages: weights?.pages ?? [],
      sites: weights?.sites ?? [],
      provider,
      recompute: 'off',
      dropout: 0,
      labelSmoothing: 0,
    });
    return createSession(program, { threads, weightsFolder: model.weightsFolder });
  };

  return {
    probabilities: async (texts, signal) => {
      const results: Float64Array[] = texts.map(() => new Float64Array());
      const lengths = texts.map(({ length }) => length);
      for (const { rows, width } of planOnce(lengths, model.shape.contextLength, tokensOfBatch)) {
        for (let start = 0; start < rows.length && !signal?.aborted; start += mostRows) {
          const part = rows.slice(start, start + mostRows).map(([{ record }]) => record);
          const filled = part.length === 1 ? 1 : Math.min(mostRows, 2 ** Math.ceil(Math.log2(part.length)));
          const laid = Array.from({ length: filled }, (_, i) => ({
            ids: texts[part[i] ?? part[0]],
            label: 0,
          }));
          const { shape, feeds } = prepare(classBatch(laid, { width, padId }));
          const session = await sessions.get(`${shape.rows} ${shape.width}`, () => make(shape));
          const { logits } = await session.run({
            ...declaredFeeds(session.program, feeds),
            ...weights?.parameters.named('p'),
          });
          const labels = logits.length / filled;
          part.forEach((record, row) => {
            results[record] = softmax((logits as Float32Array).subarray(row * labels, (row + 1) * labels));
          });
          await nextTurn();
        }
      }
      return results;
    },
    release: async () => {
      await sessions.release();
    },
  };
}

/** @throws AppError `logits-not-finite` */
function softmax(logits: Float32Array): Float64Array {
  const most = Math.max(...logits);
  if (!Number.isFinite(most)) {
    throw new AppError(
      'logits-not-finite',
      'The model gives numbers that are not finite, so it chooses no label.',
      'Train the run again with a lower learning rate, or use an earlier checkpoint.',
    );
  }
  const weights = Float64Array.from(logits, (logit) => Math.exp(logit - most));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}
