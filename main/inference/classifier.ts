// Outputs of a classifier for texts, several at once: probabilities of labels, or a number. Knows no text, only ids.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { AppError } from '../errors.ts';
import type { Model } from '../models/load.ts';
import { problemOf } from '../models/new-head.ts';
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

export interface ClassifierOptions extends DecoderOptions {
  typesOf?: (ids: ArrayLike<number>) => Int32Array | undefined;
}

export interface Classifier {
  /**
   * For each text: the probability of each label, which add up to 1 where one label is chosen, or the number of a
   * regression. Aborting leaves texts empty.
   */
  outputs(texts: readonly ArrayLike<number>[], signal?: AbortSignal): Promise<Float64Array[]>;
  release(): Promise<void>;
}

/** What logits say, by `problem_type`. */
const readings: Record<string, (logits: Float32Array) => Float64Array> = {
  regression: (logits) => Float64Array.from(logits),
  multi_label_classification: (logits) => Float64Array.from(logits, (logit) => 1 / (1 + Math.exp(-logit))),
};

/** What the logits of one text say: the probability of each label, or the number of a regression. */
export function outputsOf(model: Pick<Model, 'rawConfig'>, logits: Float32Array): Float64Array {
  return (readings[problemOf(model)] ?? softmax)(logits);
}

/** Of a model that reads a text at once; `places`, as many labels as rows unless given, are those whose logits are wanted. */
export function logitsSession(
  { model, weights, provider = 'cpu', threads = 0 }: DecoderOptions,
  shape: BatchShape,
  places?: number,
): Promise<Session> {
  const graph = {
    model,
    pages: weights?.pages ?? [],
    sites: weights?.sites ?? [],
    provider,
    recompute: 'off',
    dropout: 0,
    labelSmoothing: 0,
  } as const;
  const program = compileLogits(shape, graph, places);
  return createSession(program, { threads, weightsFolder: model.weightsFolder });
}

/**
 * `weights` may be a trainer: the answers then follow what it has learned so far. `typesOf` gives the types of the tokens of
 * pairs.
 */
export function createClassifier(options: ClassifierOptions): Classifier {
  const { model, weights, maxSessions = 8, typesOf = () => undefined } = options;
  const padId = Number(model.rawConfig.pad_token_id ?? 0);
  const sessions = createSessionCache(maxSessions);

  return {
    outputs: async (texts, signal) => {
      const results: Float64Array[] = texts.map(() => new Float64Array());
      const lengths = texts.map(({ length }) => length);
      for (const { rows, width } of planOnce(lengths, model.shape.contextLength, tokensOfBatch)) {
        for (let start = 0; start < rows.length && !signal?.aborted; start += mostRows) {
          const part = rows.slice(start, start + mostRows).map(([{ record }]) => record);
          const filled = part.length === 1 ? 1 : Math.min(mostRows, 2 ** Math.ceil(Math.log2(part.length)));
          const laid = Array.from({ length: filled }, (_, i) => {
            const ids = texts[part[i] ?? part[0]];
            return { ids, types: typesOf(ids), label: 0 };
          });
          const { shape, feeds } = prepare(classBatch(laid, { width, padId }));
          const session = await sessions.get(`${shape.rows} ${shape.width}`, () =>
            logitsSession(options, shape),
          );
          const { logits } = await session.run({
            ...declaredFeeds(session.program, feeds),
            ...weights?.parameters.named('p'),
          });
          const labels = logits.length / filled;
          part.forEach((record, row) => {
            const own = finite(logits as Float32Array, row * labels, (row + 1) * labels);
            results[record] = outputsOf(model, own);
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
export function finite(all: Float32Array, start: number, end: number): Float32Array {
  const logits = all.subarray(start, end);
  if (logits.every((logit) => Number.isFinite(logit))) return logits;
  throw new AppError(
    'logits-not-finite',
    'The model gives numbers that are not finite, so it has no answer.',
    'Train the run again with a lower learning rate, or use an earlier checkpoint.',
  );
}

export function softmax(logits: Float32Array): Float64Array {
  const most = Math.max(...logits);
  const weights = Float64Array.from(logits, (logit) => Math.exp(logit - most));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}
