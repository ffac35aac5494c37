// The trainer: what batches, padding, packing, accumulation, recomputation and sessions must not change,
// what weight decay does and does not touch, and the same bits for the same recipe.
import { describe, expect, onTestFinished, test } from 'vitest';
import { LoraConfig } from '../../../main/models/lora.ts';
import { type EncodedRecord, makeBatch, padBatch } from '../../../main/tokens/batch.ts';
import { createRandom } from '../../../main/tokens/random.ts';
import {
  type BatchArrays,
  createTrainer,
  type Trainer,
  type TrainerOptions,
} from '../../../main/training/trainer.ts';
import { openReference } from '../../helpers/reference-model.ts';

const lora = LoraConfig.parse({ r: 4, lora_alpha: 8, target_modules: 'all-linear' });
const adamw = { kind: 'adamw', beta1: 0.9, beta2: 0.999, eps: 1e-8 } as const;
const sgd = { kind: 'sgd', momentum: 0 } as const;

async function trainerOf(options: Partial<TrainerOptions> = {}, name = 'llama'): Promise<Trainer> {
  const trainer = await createTrainer({
    model: openReference(name),
    optimizer: adamw,
    weightDecay: 0.01,
    maxGradNorm: 1,
    threads: 1,
    seed: 4,
    ...options,
  });
  onTestFinished(() => trainer.release());
  return trainer;
}

/** Records of random ids; the last `answer` tokens of each are learned. */
function recordsOf(lengths: readonly (readonly [length: number, answer: number])[]): EncodedRecord[] {
  const random = createRandom(21);
  return lengths.map(([length, answer]) => ({
    ids: Array.from({ length }, () => random.below(500)),
    trained: Array.from({ length }, (_, i) => Number(i >= length - answer)),
  }));
}

const batchOf = (records: EncodedRecord[], width?: number): BatchArrays =>
  padBatch(records, { padId: 0, width });

async function accumulated(trainer: Trainer, batches: readonly BatchArrays[]): Promise<number> {
  let sum = 0;
  let weight = 0;
  for (const batch of batches) {
    const part = await trainer.accumulate(batch);
    sum += part.lossSum;
    weight += part.weight;
  }
  return sum / weight;
}

const relative = (found: number, expected: number) => Math.abs(found / expected - 1);

/** |a - b| / |b| over all numbers of a trainer. */
function distance(a: readonly Float32Array[], b: readonly Float32Array[]): number {
  const [x, y] = [a, b].map((arrays) => arrays.flatMap((array) => [...array]));
  const norm = (list: number[]) => Math.sqrt(list.reduce((sum, value) => sum + value * value, 0));
  return norm(x.map((value, i) => value - y[i])) / norm(y);
}

describe('accumulation (C01)', () => {
  test('ten steps of 4 x 1, 2 x 2 and 1 x 4 records give one loss curve and one adapter', async () => {
    const records = recordsOf([
      [12, 2],
      [40, 30],
      [25, 9],
      [33, 1],
    ]);
    const run = async (perBatch: number) => {
      const trainer = await trainerOf({ lora });
      const batches: BatchArrays[] = [];
      for (let i = 0; i < records.length; i += perBatch)
        batches.push(batchOf(records.slice(i, i + perBatch)));
      const losses: number[] = [];
      const norms: number[] = [];
      for (let step = 0; step < 10; step++) {
        losses.push(await accumulated(trainer, batches));
        norms.push((await trainer.update(1e-3)).gradNorm);
      }
      return { losses, norms, adapter: trainer.parameters.arrays };
    };
    const whole = await run(4);
    for (const perBatch of [2, 1]) {
      const parts = await run(perBatch);
      for (const [step, loss] of parts.losses.entries())
        expect(relative(loss, whole.losses[step])).toBeLessThan(1e-5);
      for (const [step, norm] of parts.norms.entries())
        expect(relative(norm, whole.norms[step])).toBeLessThan(1e-5);
      expect(distance(parts.adapter, whole.adapter)).toBeLessThan(1e-5);
    }
  });

  test('weights of labels count in loss, gradient and norm', async () => {
    const [record] = recordsOf([[20, 10]]);
    const heavy = batchOf([{ ...record, weights: Array.from({ length: 20 }, () => 3) }]);
    const results: { loss: number; norm: number }[] = [];
    for (const batch of [batchOf([record]), heavy]) {
      const trainer = await trainerOf({ lora, optimizer: sgd });
      const loss = await accumulated(trainer, [batch]);
      results.push({ loss, norm: (await trainer.update(0)).gradNorm });
    }
    expect(relative(results[1].loss, results[0].loss)).toBeLessThan(1e-6);
    expect(relative(results[1].norm, results[0].norm)).toBeLessThan(1e-5);
  });
});

describe('batches and padding', () => {
  test('evaluation does not depend on the batch size (C08)', async () => {
    const trainer = await trainerOf({ frozen: () => true });
    const records = recordsOf([
      [30, 1],
      [30, 10],
      [110, 100],
    ]);
    const means: number[] = [];
    for (const perBatch of [1, 2, 3]) {
      let sum = 0;
      let count = 0;
      for (let i = 0; i < records.length; i += perBatch) {
        const losses = await trainer.losses(batchOf(records.slice(i, i + perBatch), 128));
        sum += losses.reduce((total, loss) => total + loss, 0);
        count += losses.length;
      }
      expect(count).toBe(111);
      means.push(sum / count);
    }
    for (const mean of means) expect(relative(mean, means[0])).toBeLessThan(1e-6);
  });

  test('the width of the padding changes no loss', async () => {
    const trainer = await trainerOf({ frozen: () => true });
    const records = recordsOf([
      [17, 9],
      [20, 3],
    ]);
    const narrow = await trainer.losses(batchOf(records, 20));
    const wide = await trainer.losses(batchOf(records, 96));
    for (const [i, loss] of narrow.entries()) expect(Math.abs(loss - wide[i])).toBeLessThan(1e-5);
  });

  test('padding that positions tell needs no segments', async () => {
    const trainer = await trainerOf({ frozen: () => true });
    const { segmentIds: _, ...plain } = batchOf(
      recordsOf([
        [17, 9],
        [20, 3],
      ]),
    );
    const without = await trainer.losses(plain);
    const withSegments = await trainer.losses(
      batchOf(
        recordsOf([
          [17, 9],
          [20, 3],
        ]),
      ),
    );
    for (const [i, loss] of without.entries()) expect(Math.abs(loss - withSegments[i])).toBeLessThan(1e-5);
  });
});

describe('packing (C03)', () => {
  const packed = (records: EncodedRecord[]): BatchArrays =>
    makeBatch(records, [records.map((record, i) => ({ record: i, start: 0, length: record.ids.length }))], {
      padId: 0,
      width: 80,
    });

  test('losses in a pack are those of the records apart', async () => {
    const trainer = await trainerOf({ frozen: () => true });
    const records = recordsOf([
      [30, 12],
      [25, 20],
      [15, 4],
    ]);
    const together = await trainer.losses(packed(records));
    const apart: number[] = [];
    for (const record of records) apart.push(...(await trainer.losses(batchOf([record]))));
    expect(together).toHaveLength(apart.length);
    for (const [i, loss] of together.entries()) expect(Math.abs(loss - apart[i])).toBeLessThan(1e-5);
  });

  test('changing the first record changes no bit of the second one', async () => {
    const trainer = await trainerOf({ frozen: () => true });
    const records = recordsOf([
      [30, 12],
      [25, 20],
    ]);
    const before = await trainer.losses(packed(records));
    records[0].ids = Array.from(records[0].ids, (id) => (id * 7 + 1) % 500);
    const after = await trainer.losses(packed(records));
    expect(after.slice(12)).toEqual(before.slice(12));
    expect(after.slice(0, 12)).not.toEqual(before.slice(0, 12));
  });
});

describe('a batch in which nothing is learned (C04)', () => {
  const empty = () =>
    batchOf(
      recordsOf([
        [16, 0],
        [12, 0],
      ]),
    );

  test('has loss 0 with weight 0, never NaN, and no losses in an evaluation', async () => {
    const trainer = await trainerOf({ lora });
    expect(await trainer.accumulate(empty())).toEqual({ lossSum: 0, weight: 0 });
    expect(await trainer.losses(empty())).toHaveLength(0);
    const { gradNorm } = await trainer.update(1e-3);
    expect(gradNorm).toBe(0);
    expect(trainer.parameters.arrays.every((array) => array.every(Number.isFinite))).toBe(true);
  });

  test.each([0, 1])('beside a good one at place %i it changes neither loss nor update', async (place) => {
    const good = batchOf(recordsOf([[20, 8]]));
    const run = async (batches: BatchArrays[]) => {
      const trainer = await trainerOf({ lora });
      const loss = await accumulated(trainer, batches);
      const { gradNorm } = await trainer.update(1e-3);
      return { loss, gradNorm, adapter: trainer.parameters.arrays };
    };
    expect(await run(place === 0 ? [empty(), good] : [good, empty()])).toEqual(await run([good]));
  });
});

describe('weight decay (C07)', () => {
  test('shrinks matrices by exactly 1 - lr decay, and leaves norms and biases alone', async () => {
    const batch = batchOf(recordsOf([[24, 20]]));
    const run = async (weightDecay: number) => {
      const trainer = await trainerOf({ weightDecay, maxGradNorm: 0 }, 'qwen2');
      const before = new Map(
        trainer.parameters.entries().map(({ name }) => [name, trainer.parameters.view(name).slice()]),
      );
      await trainer.accumulate(batch);
      await trainer.update(1e-3);
      return { trainer, before };
    };
    const [plain, decayed] = [await run(0), await run(10)];
    const kinds = new Map(openReference('qwen2').specs.map(({ name, kind }) => [name, kind]));
    const seen = new Set<string>();
    for (const [name, old] of plain.before) {
      const kind = kinds.get(name) as string;
      seen.add(kind);
      const [a, b] = [plain.trainer, decayed.trainer].map((trainer) => trainer.parameters.view(name));
      if (kind === 'norm' || kind === 'bias') expect(b, name).toEqual(a);
      else {
        // what is left of the update when the decayed part is put back
        const worst = b.reduce((most, value, i) => Math.max(most, Math.abs(a[i] - value - 0.01 * old[i])), 0);
        expect(worst, name).toBeLessThan(2e-7);
      }
    }
    expect(seen).toEqual(new Set(['embedding', 'norm', 'linear', 'bias']));
  });
});

describe('recomputation', () => {
  test.each(['full', 'lora'] as const)('%s: off, selective and by layer give equal bits', async (method) => {
    const batches = [
      batchOf(
        recordsOf([
          [70, 30],
          [66, 5],
        ]),
      ),
      batchOf(recordsOf([[40, 39]])),
    ];
    const run = async (recompute: 'off' | 'selective' | 'layer') => {
      const dropped = LoraConfig.parse({ ...lora, lora_dropout: 0.2 });
      const trainer = await trainerOf({ recompute, ...(method === 'lora' ? { lora: dropped } : {}) });
      const losses: number[] = [];
      for (const batch of batches) {
        losses.push(await accumulated(trainer, [batch]));
        losses.push(...trainer.gradients.arrays.map((array) => array.reduce((sum, value) => sum + value, 0)));
        losses.push((await trainer.update(1e-3)).gradNorm);
      }
      return { losses, parameters: trainer.parameters.arrays };
    };
    const off = await run('off');
    expect(await run('selective')).toEqual(off);
    expect(await run('layer')).toEqual(off);
  });
});

describe('the same recipe', () => {
  const dropped = LoraConfig.parse({ ...lora, lora_dropout: 0.3 });
  const batches = [
    batchOf(
      recordsOf([
        [30, 20],
        [25, 5],
      ]),
    ),
    batchOf(recordsOf([[18, 17]])),
  ];

  const curve = async (options: Partial<TrainerOptions>) => {
    const trainer = await trainerOf({ lora: dropped, ...options });
    const losses: number[] = [];
    for (let step = 0; step < 6; step++) {
      losses.push(await accumulated(trainer, [batches[step % 2]]));
      await trainer.update(1e-3);
    }
    return { losses, adapter: trainer.parameters.arrays };
  };

  test.each([1, 2])('gives the same bits each time on %i threads', async (threads) => {
    expect(await curve({ threads })).toEqual(await curve({ threads }));
  });

  test('another seed draws other weights and another dropout', async () => {
    const { losses } = await curve({});
    expect((await curve({ seed: 5 })).losses).not.toEqual(losses);
  });

  test('one session at a time gives what four kept sessions give', async () => {
    expect(await curve({ maxSessions: 1 })).toEqual(await curve({ maxSessions: 4 }));
  });

  test('dropout is left out of evaluation', async () => {
    const trainer = await trainerOf({ lora: dropped });
    expect(await trainer.losses(batches[0])).toEqual(await trainer.losses(batches[0]));
    const before = trainer.randomState();
    await trainer.losses(batches[0]);
    expect(trainer.randomState()).toEqual(before);
  });

  test('dropout keeps its share of inputs and scales them up', async () => {
    const run = async (rate: number) => {
      const trainer = await trainerOf({ lora: LoraConfig.parse({ ...lora, lora_dropout: rate }), seed: 9 });
      // B is not 0, so that the adapters add something
      for (const { name } of trainer.parameters.entries())
        if (name.includes('lora_B')) trainer.parameters.view(name).fill(0.02);
      const losses: number[] = [];
      for (let i = 0; i < 40; i++) losses.push(await accumulated(trainer, [batches[0]]));
      return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
    };
    expect(relative(await run(0.3), await run(0))).toBeLessThan(0.02);
  });
});
