// Causal attention in blocks of queries: against finite differences, against attention over the whole
// square, and with probabilities that are kept or computed again.
import { describe, expect, test } from 'vitest';
import type { Graph, Value } from '../../../../main/compiler/graph.ts';
import { blockSize, causalAttention, causalMasks } from '../../../../main/models/blocks/attention.ts';
import type { AttentionSpec } from '../../../../main/models/builder.ts';
import {
  type Build,
  differencesBetween,
  differencesOf,
  engine,
  type Input,
  numbersOf,
  plainNumbers,
  type Ran,
} from '../../../helpers/gradients.ts';

interface Variant {
  name: string;
  batch: number;
  width: number;
  heads: number;
  kvHeads: number;
  headDim: number;
  window?: number;
  softcap?: number;
  /** Segment of each place, row by row; -1 is padding. */
  segments?: number[];
}

const small: Variant[] = [
  { name: 'as many keys as queries', batch: 2, width: 4, heads: 2, kvHeads: 2, headDim: 3 },
  { name: 'grouped queries', batch: 1, width: 5, heads: 4, kvHeads: 2, headDim: 2 },
  { name: 'a window', batch: 1, width: 6, heads: 2, kvHeads: 1, headDim: 2, window: 2 },
  { name: 'a soft cap', batch: 1, width: 4, heads: 2, kvHeads: 2, headDim: 2, softcap: 0.7 },
  {
    name: 'two records in one row, and padding',
    batch: 2,
    width: 5,
    heads: 2,
    kvHeads: 1,
    headDim: 2,
    segments: [0, 0, 1, 1, 1, 0, 0, 0, -1, -1],
  },
  {
    name: 'all of it at once',
    batch: 1,
    width: 6,
    heads: 4,
    kvHeads: 2,
    headDim: 2,
    window: 3,
    softcap: 1.3,
    segments: [0, 0, 0, 1, 1, 1],
  },
];

/** Several blocks of queries, the last of another size than the first. */
const wide: Variant[] = [
  { name: 'two blocks, the second of 6', batch: 1, width: 70, heads: 2, kvHeads: 1, headDim: 3 },
  { name: 'three blocks, the last of 2', batch: 2, width: 130, heads: 2, kvHeads: 2, headDim: 2 },
  { name: 'a window across blocks', batch: 1, width: 130, heads: 2, kvHeads: 1, headDim: 2, window: 40 },
  {
    name: 'a record across blocks',
    batch: 1,
    width: 100,
    heads: 1,
    kvHeads: 1,
    headDim: 2,
    softcap: 2,
    segments: Array.from({ length: 100 }, (_, i) => (i < 30 ? 0 : i < 90 ? 1 : -1)),
  },
];

function inputsOf({ batch, width, heads, kvHeads, headDim, segments }: Variant): Input[] {
  const list: Input[] = [heads, kvHeads, kvHeads].map((count) => ({
    shape: [batch, width, count * headDim],
  }));
  if (segments !== undefined) list.push({ shape: [batch, width], values: segments, dtype: 'int32' });
  return list;
}

const specOf = ({ heads, kvHeads, headDim, window, softcap }: Variant): AttentionSpec => ({
  heads,
  kvHeads,
  headDim,
  scale: headDim ** -0.5,
  window,
  softcap,
});

const block = (variant: Variant, recompute = false): Build => {
  return (g, [q, k, v, segments]) => [
    causalAttention(g, q, k, v, specOf(variant), causalMasks(g, segments), recompute),
  ];
};

/** The whole square of scores, each query head with its keys written out. */
const wholeSquare = (variant: Variant): Build => {
  const { batch, width, heads, kvHeads, headDim, window, softcap } = variant;
  const split = (g: Graph, x: Value, count: number) =>
    g.transpose(g.reshape(x, [batch, width, count, headDim]), [0, 2, 1, 3]);
  const repeated = (g: Graph, x: Value) => {
    const group = heads / kvHeads;
    const five = g.reshape(split(g, x, kvHeads), [batch, kvHeads, 1, width, headDim]);
    return g.reshape(g.expand(five, [batch, kvHeads, group, width, headDim]), [batch, heads, width, headDim]);
  };
  const hidden = Float32Array.from({ length: width * width }, (_, i) => {
    const distance = Math.floor(i / width) - (i % width);
    return distance < 0 || distance >= (window ?? width) ? -1e30 : 0;
  });
  return (g, [q, k, v, segments]) => {
    const turned = g.transpose(repeated(g, k), [0, 1, 3, 2]);
    let scores = g.mul(g.matmul(split(g, q, heads), turned), headDim ** -0.5);
    if (softcap !== undefined) scores = g.mul(g.tanh(g.div(scores, softcap)), softcap);
    scores = g.add(scores, g.constant(hidden, [width, width]));
    if (segments !== undefined) {
      const same = g.equal(
        g.reshape(segments, [batch, 1, width, 1]),
        g.reshape(segments, [batch, 1, 1, width]),
      );
      scores = g.where(same, scores, -1e30);
    }
    const y = g.matmul(g.softmax(scores), repeated(g, v));
    return [g.reshape(g.transpose(y, [0, 2, 1, 3]), [batch, width, heads * headDim])];
  };
};

describe('causal attention', () => {
  test.each(small)('$name: equal to finite differences', async (variant) => {
    const worst = await differencesOf(block(variant), inputsOf(variant), { samples: 12 });
    expect(worst.forward).toBeLessThan(2e-6);
    expect(worst.gradient).toBeLessThan(5e-6);
  });

  test.each([...small, ...wide])('$name: equal to the whole square', async (variant) => {
    const worst = await differencesBetween(block(variant), wholeSquare(variant), inputsOf(variant));
    expect(worst.forward).toBeLessThan(2e-6);
    expect(worst.gradient).toBeLessThan(5e-6);
  });

  test('widths above 64 have several blocks', () => {
    expect(wide.every(({ width }) => width > blockSize(width))).toBe(true);
    expect(blockSize(512)).toBe(128);
    expect(blockSize(20)).toBe(64);
  });

  test.each([small[1], small[5], wide[0]])(
    '$name: recomputed probabilities give the same bits',
    async (variant) => {
      const inputs = inputsOf(variant);
      const numbers = numbersOf(inputs, 1);
      const kept = await engine(block(variant, false), inputs, numbers);
      const again = await engine(block(variant, true), inputs, numbers);
      expect(again).toEqual(kept);
    },
  );

  test('a record is not changed by what stands before it in its row', async () => {
    const variant = small[4];
    const inputs = inputsOf(variant);
    const numbers = numbersOf(inputs, 1);
    const rowOf = variant.heads * variant.headDim;
    const before = await engine(block(variant), inputs, numbers);
    // other keys and values in the first record of row 0
    for (const list of [numbers[1], numbers[2]]) for (let i = 0; i < 2 * variant.headDim; i++) list[i] += 3;
    const after = await engine(block(variant), inputs, numbers);
    const part = ({ outputs }: Ran, from: number, to: number) =>
      plainNumbers(outputs[0]).slice(from * rowOf, to * rowOf);
    expect(part(after, 2, 5)).toEqual(part(before, 2, 5));
    expect(part(after, 0, 2)).not.toEqual(part(before, 0, 2));
  });
});
