// AdamW with moments in 8 bits: the codes are the paper's, each number gets the nearest one, and training hardly
// differs from AdamW at a quarter of the states.
import { describe, expect, onTestFinished, test } from 'vitest';
import { Graph } from '../../../../main/compiler/graph.ts';
import { lower } from '../../../../main/compiler/lowering.ts';
import {
  type DynamicMap,
  dequantize,
  dynamicMap,
  quantize,
} from '../../../../main/compiler/optimizers/adamw8.ts';
import { type OptimizerChoice, stateElements } from '../../../../main/compiler/optimizers/index.ts';
import { LoraConfig } from '../../../../main/models/lora.ts';
import { createRandom } from '../../../../main/tokens/random.ts';
import { stateArrays } from '../../../../main/training/parameters.ts';
import { compileUpdate } from '../../../../main/training/programs.ts';
import { createSession } from '../../../../main/training/session.ts';
import { createTrainer } from '../../../../main/training/trainer.ts';
import { readStored, type StoredModel, toBatch } from '../../../conformance/reference.ts';
import { openReference, referenceFolder } from '../../../helpers/reference-model.ts';

const adam = { beta1: 0.9, beta2: 0.999, eps: 1e-8 };
const maps = { signed: dynamicMap(true), unsigned: dynamicMap(false) };

/** Codes and scales of numbers, and what they stand for, by onnxruntime. */
async function coded(numbers: Float32Array, map: DynamicMap) {
  const blocks = numbers.length / 256;
  const g = new Graph();
  const [codes, scales] = quantize(g, g.input('x', [blocks, 256]), map);
  g.output('codes', codes);
  g.output('scales', scales);
  g.output('back', dequantize(g, codes, scales, map));
  const session = await createSession(lower(g, 'cpu'), { threads: 1 });
  onTestFinished(() => session.release());
  const { codes: bytes, scales: sizes, back } = await session.run({ x: numbers });
  return { codes: bytes as Uint8Array, scales: sizes as Float32Array, back: back as Float32Array };
}

describe.each(Object.entries(maps))('the %s map', (name, map) => {
  const { values, signed } = map;
  /** How much farther than the nearest code a code is, as a share of the distance to the next one. */
  const excess = (x: number, code: number) => {
    const distances = [...values].map((value) => Math.abs(value - x)).sort((one, other) => one - other);
    return (Math.abs(values[code] - x) - distances[0]) / (distances[0] + distances[1]);
  };

  test('has 256 codes that rise to 1, as the paper defines them', () => {
    expect(values).toHaveLength(256);
    expect([...values]).toEqual([...values].sort((a, b) => a - b));
    expect(new Set(values).size).toBe(256);
    const zero = signed ? 127 : 0;
    expect(values[zero]).toBe(0);
    expect(values[255]).toBe(1);
    // the middle of the first of the intervals of the lowest and of the highest decade
    expect(values[zero + 1]).toBeCloseTo(signed ? 5.5e-7 : 3.25e-7, 12);
    const count = signed ? 64 : 128;
    expect(values[255 - count]).toBeCloseTo(0.1 + 0.45 / count, 6);
    if (signed) expect(values[0]).toBe(-values[254]);
  });

  test('gives each number the nearest code, up to a fortieth of the distance between two', async () => {
    const random = createRandom(3);
    const numbers = new Float32Array(256 * 12);
    for (let i = 0; i < numbers.length; i++) {
      const size = 10 ** (-8 * random.next());
      numbers[i] = signed && random.next() < 0.5 ? -size : size;
    }
    for (let start = 0; start < numbers.length; start += 256) numbers[start] = 1; // the scale of its block
    const { codes, back, scales } = await coded(numbers, map);
    expect(scales).toEqual(new Float32Array(12).fill(1));
    expect(back).toEqual(Float32Array.from(codes, (code) => values[code]));
    let worst = 0;
    numbers.forEach((x, i) => {
      const tiny = !signed && x < values[1] / 2; // rounded up, not to 0
      if (!tiny) worst = Math.max(worst, excess(x, codes[i]));
    });
    expect(worst).toBeLessThan(1 / 40);
  });

  test('codes stand for themselves, whatever the scale', async () => {
    for (const scale of [1, 3e-20, 7e10]) {
      const numbers = Float32Array.from(values, (value) => value * scale);
      const { codes } = await coded(numbers, map);
      expect([...codes]).toEqual(Array.from({ length: 256 }, (_, i) => i));
    }
  });

  test('a block of zeros stays one', async () => {
    const { back, scales } = await coded(new Float32Array(256), map);
    expect(scales[0]).toBe(0);
    expect(back.every((x) => x === 0)).toBe(true);
  });

  test(`NaN and infinity in the ${name} moment end no process`, async () => {
    const numbers = new Float32Array(512).fill(0.5);
    numbers[3] = Number.NaN;
    numbers[300] = Number.POSITIVE_INFINITY;
    await expect(coded(numbers, map)).resolves.toBeDefined();
  });
});

test('a second moment that is not 0 never becomes 0', async () => {
  const numbers = new Float32Array(256).fill(1e-12);
  numbers[0] = 1;
  const { back } = await coded(numbers, maps.unsigned);
  expect(back[1]).toBe(maps.unsigned.values[1]);
});

test('a large tensor, which is updated in pieces, gets the update of its parts', async () => {
  const choice: OptimizerChoice = { kind: 'adamw8bit', ...adam };
  const rest = 300; // no whole number of blocks
  const sizes = [1 << 20, rest];
  const page = (index: number, size: number) => ({
    index,
    size,
    decay: true,
    rate: 1,
    matrix: undefined,
    entries: [],
  });
  const total = sizes[0] + rest;
  const value = (i: number) => Math.sin(i * 0.37) * 10 ** (-3 * ((i >> 8) % 3));
  const updated = async (pages: ReturnType<typeof page>[]) => {
    const session = await createSession(compileUpdate(pages, choice, 0.1, 0, 'cpu'), { threads: 1 });
    const scalars = { scale: 1, lr: 0.1, stepSizeFactor: 10, rootFactor: 31 };
    const feeds: Record<string, Float32Array | Uint8Array> = {};
    for (const [name, scalar] of Object.entries(scalars)) feeds[name] = Float32Array.of(scalar);
    let start = 0;
    for (const { index, size } of pages) {
      const from = start;
      feeds[`p${index}`] = Float32Array.from({ length: size }, (_, i) => value(from + i + 5));
      feeds[`g${index}`] = Float32Array.from({ length: size }, (_, i) => value(from + i));
      start += size;
    }
    for (const [state, arrays] of stateArrays(choice, pages)) Object.assign(feeds, arrays.named(`${state}.`));
    const outputs = await session.run(feeds);
    await session.release();
    return outputs;
  };
  const whole = await updated([page(0, total)]);
  const parts = await updated([page(0, sizes[0]), page(1, rest)]);
  for (const name of ['p', 'exp_avg.', 'exp_avg_scale.', 'exp_avg_sq.']) {
    const joined = [0, 1].map((i) => Buffer.from(parts[`${name}${i}.next`].slice().buffer));
    const one = Buffer.from(whole[`${name}0.next`].slice().buffer);
    expect(one.equals(Buffer.concat(joined)), name).toBe(true);
  }
});

describe('on a tiny llama', () => {
  const model = openReference('llama');
  const batches = readStored<StoredModel>(referenceFolder('llama')).train_batches.map(toBatch);
  const lora = LoraConfig.parse({ r: 4, lora_alpha: 8, target_modules: ['q_proj', 'v_proj', 'down_proj'] });

  async function trained(kind: 'adamw' | 'adamw8bit', method: 'lora' | 'full') {
    const choice: OptimizerChoice = { kind, ...adam };
    const trainer = await createTrainer({
      model,
      ...(method === 'lora' ? { lora } : {}),
      optimizer: choice,
      weightDecay: 0.01,
      maxGradNorm: 1,
      threads: 1,
      seed: 4,
    });
    onTestFinished(() => trainer.release());
    const losses: number[] = [];
    while (trainer.updates < 20) {
      const { lossSum, weight } = await trainer.accumulate(batches[trainer.updates % batches.length]);
      losses.push(lossSum / weight);
      await trainer.update(method === 'lora' ? 1e-2 : 1e-3);
    }
    const stateBytes = [...trainer.states.values()]
      .flatMap(({ arrays }) => [...arrays])
      .reduce((sum, { byteLength }) => sum + byteLength, 0);
    return { losses, stateBytes, planned: 4 * stateElements(choice, trainer.pages) };
  }

  test.each(['lora', 'full'] as const)('%s: 20 losses are those of AdamW within 2 %%', async (method) => {
    const [usual, small] = [await trained('adamw', method), await trained('adamw8bit', method)];
    small.losses.forEach((loss, i) => {
      expect(Math.abs(loss / usual.losses[i] - 1)).toBeLessThan(0.02);
    });
    expect(small.losses).not.toEqual(usual.losses);
    expect(usual.losses[19]).toBeLessThan(0.95 * usual.losses[0]); // something was learned
    expect(small.stateBytes / usual.stateBytes).toBeLessThan(0.27); // a quarter, with scales and padding
    expect(small.planned).toBe(small.stateBytes);
  });

  test('is refused on a graphics card, with what to choose instead', async () => {
    const options = { model, weightDecay: 0, maxGradNorm: 0, provider: 'webgpu' as const };
    const made = createTrainer({ ...options, optimizer: { kind: 'adamw8bit', ...adam } });
    await expect(made).rejects.toMatchObject({ code: 'optimizer-device', remedy: /^Choose AdamW/ });
  });
});
