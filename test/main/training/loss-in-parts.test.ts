// Losses of a model that is read part by part: the same numbers as those of a trainer that holds it whole.
import { expect, onTestFinished, test } from 'vitest';
import { segmentsOf } from '../../../main/compiler/segments.ts';
import type { Model } from '../../../main/models/load.ts';
import { openQuantized } from '../../../main/models/quantize.ts';
import { prepare } from '../../../main/training/feeds.ts';
import { lossesInParts } from '../../../main/training/loss-in-parts.ts';
import { lossGraph } from '../../../main/training/programs.ts';
import { taskTypeOf } from '../../../main/training/tasks/index.ts';
import { type BatchArrays, createTrainer } from '../../../main/training/trainer.ts';
import { openReference } from '../../helpers/reference-model.ts';
import { temporaryFolder } from '../../helpers/tiny-model.ts';

const [rows, width] = [2, 16];

/** Random texts; every third token of the text, or of a decoder's target, is learned. */
function batchOf(model: Model): BatchArrays {
  const ids = Int32Array.from({ length: rows * width }, (_, i) => (i * 31 + 7) % 100);
  const places = Int32Array.from({ length: rows * 4 }, (_, i) => Math.floor(i / 4) * width + (i % 4) * 3);
  return {
    rows,
    width,
    inputIds: ids,
    positionIds: ids.map((_, i) => i % width),
    labelRows: places,
    labels: places.map((place) => (place * 17 + 3) % 100),
    weights: new Float32Array(places.length).fill(1),
    ...(model.architecture.task === 'seq2seq' ? { targetIds: ids.toReversed(), targetWidth: width } : {}),
  };
}

async function wholeLosses(model: Model, batch: BatchArrays): Promise<Float32Array> {
  const trainer = await createTrainer({
    model,
    frozen: () => true,
    optimizer: { kind: 'sgd', momentum: 0 },
    weightDecay: 0,
    maxGradNorm: 0,
    task: taskTypeOf(model).loss,
    threads: 1,
  });
  onTestFinished(() => trainer.release());
  return trainer.losses(batch);
}

test.each(['llama', 'llama3_bf16', 'gemma3_text', 'gpt2', 'bert_mlm', 't5'])(
  '%s gives the same losses in many parts',
  async (name) => {
    const model = openReference(name);
    const batch = batchOf(model);
    const expected = await wholeLosses(model, batch);
    expect(await lossesInParts(model, batch, { threads: 1, weightBytes: 1 })).toEqual(expected);
    expect(await lossesInParts(model, batch, { threads: 1 })).toEqual(expected);
  },
);

test('a quantized base gives the same losses in many parts', async () => {
  const model = await openQuantized(openReference('llama'), 'nf4', temporaryFolder());
  const batch = batchOf(model);
  const found = await lossesInParts(model, batch, { threads: 1, weightBytes: 1 });
  expect(found).toEqual(await wholeLosses(model, batch));
});

test('each part reads about as much as it may, and hands on only what the pass makes', () => {
  const model = openReference('llama');
  const { shape } = prepare(batchOf(model));
  const graph = lossGraph(shape, {
    model,
    pages: [],
    sites: [],
    provider: 'cpu',
    recompute: 'off',
    dropout: 0,
    labelSmoothing: 0,
  });
  const limit = 60_000;
  const parts = segmentsOf(graph, limit);
  expect(parts.length).toBeGreaterThan(3);
  const weightsIn = parts.map(({ nodes }) => {
    const weights = nodes.flatMap(({ inputs }) =>
      inputs.flatMap(({ source }) => (source?.kind === 'weight' ? source : [])),
    );
    return new Map(weights.map(({ name, bytes }) => [name, bytes]));
  });
  for (const weights of weightsIn) {
    const bytes = [...weights.values()].reduce((sum, size) => sum + size, 0);
    expect(bytes <= limit || weights.size === 1).toBe(true);
  }
  const handed = parts.flatMap(({ outputs }) => outputs.filter(({ name }) => name.startsWith('cut')));
  const { hiddenSize } = model.shape;
  expect(Math.max(...handed.map(({ value }) => value.shape.at(-1) ?? 1))).toBeLessThan(hiddenSize * 8);
  expect(parts.flatMap(({ outputs }) => outputs.map(({ name }) => name)).at(-1)).toBe('nll');
});
