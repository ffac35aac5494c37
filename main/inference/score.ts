// Teacher-forced loss: how surprised a model is by each token of the right answer. Batches records of
// similar length; the sums do not depend on how (RULES.md 6). Knows nothing of generation.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Provider } from '../compiler/lowering.ts';
import type { TrainingRecord } from '../training/data.ts';
import { taskTypeOf } from '../training/tasks/index.ts';
import { plannedLengths } from '../training/tasks/task-type.ts';
import { type BatchArrays, createTrainer } from '../training/trainer.ts';
import { type MicroBatchPlan, planOnce } from '../training/updates.ts';
import type { TunedModel } from './weights.ts';

/** Nats over `tokens` labels. */
export interface RecordLoss {
  sum: number;
  tokens: number;
}

export interface Scorer {
  /**
   * One entry per record, in order. Aborting gives fewer: those done so far have numbers, the others 0 of 0
   * tokens.
   */
  losses(records: readonly TrainingRecord[], signal?: AbortSignal): Promise<RecordLoss[]>;
  release(): Promise<void>;
}

/** Tokens with padding of one batch: keeps small models busy and large ones in memory. */
const tokensOfBatch = (parameters: number): number => (parameters < 500e6 ? 2048 : 512);

export async function createScorer(
  { model, weights, lora }: TunedModel,
  threads: number,
  padId: number,
  provider: Provider = 'cpu',
): Promise<Scorer> {
  const taskType = taskTypeOf(model);
  const trainer = await createTrainer({
    model,
    lora,
    initial:
      weights &&
      new Map(weights.parameters.entries().map(({ name }) => [name, weights.parameters.view(name)])),
    frozen: () => true,
    optimizer: { kind: 'sgd', momentum: 0 },
    weightDecay: 0,
    maxGradNorm: 0,
    task: taskType.loss,
    threads,
    provider,
  });
  return {
    losses: async (records, signal) => {
      const sums = records.map((): RecordLoss => ({ sum: 0, tokens: 0 }));
      const plans = planOnce(
        plannedLengths(records),
        model.shape.contextLength,
        tokensOfBatch(model.parameters),
      );
      const labelsOf = (plan: MicroBatchPlan) =>
        plan.rows.reduce((total, [{ record }]) => total + records[record].labels, 0);
      // equal counts of labels at a width: few sessions for all its batches
      const most = new Map<number, number>();
      for (const plan of plans) most.set(plan.width, Math.max(most.get(plan.width) ?? 0, labelsOf(plan)));
      for (const plan of plans) {
        if (signal?.aborted) break;
        const batch = taskType.lay(records, plan, model, padId);
        const places = taskType.placesOf(batch);
        if (batch.targets !== undefined) {
          // as many losses a text as there are outputs
          const losses = await trainer.losses(batch);
          const outputs = losses.length / plan.rows.length;
          losses.forEach((loss, i) => {
            const sum = sums[plan.rows[Math.floor(i / outputs)][0].record];
            sum.sum += loss;
            sum.tokens += 1;
          });
          await nextTurn();
          continue;
        }
        const losses = await trainer.losses(padded(batch, most.get(plan.width) as number));
        batch.labelRows.forEach((place, i) => {
          const sum = sums[plan.rows[Math.floor(place / places)][0].record];
          sum.sum += losses[i];
          sum.tokens += 1;
        });
        await nextTurn();
      }
      return sums;
    },
    release: () => trainer.release(),
  };
}

/** The batch with labels of weight 0 behind its own. */
function padded(batch: BatchArrays, labels: number): BatchArrays {
  const grow = <List extends Int32Array | Float32Array>(list: List, empty: List): List => {
    empty.set(list);
    return empty;
  };
  return {
    ...batch,
    labelRows: grow(batch.labelRows, new Int32Array(labels)),
    labels: grow(batch.labels, new Int32Array(labels)),
    weights: grow(batch.weights, new Float32Array(labels)),
  };
}
