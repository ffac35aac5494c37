// Ops with shapes drawn at random: broadcasting, products, layout and reductions hold for all of them,
// forward and backward.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Build, differencesOf, type Input } from '../../helpers/gradients.ts';

const size = fc.integer({ min: 1, max: 4 });
const shape = fc.array(size, { minLength: 1, maxLength: 4 });

/** Two shapes that can be broadcast: dimensions of a common one are dropped in front or become 1. */
const pair = fc.tuple(shape, fc.infiniteStream(fc.integer({ min: 0, max: 2 }))).map(([common, stream]) => {
  const draw = (): number => stream.next().value as number;
  const thin = () =>
    common.map((dim) => (draw() === 0 ? 1 : dim)).slice(draw() === 0 ? Math.min(1, common.length - 1) : 0);
  return [thin(), thin()];
});

/** Small and sound runs: every run makes two sessions. */
const settings = { numRuns: 25, seed: 20260 };

async function holds(build: Build, inputs: Input[]): Promise<void> {
  const worst = await differencesOf(build, inputs, { samples: 8 });
  expect(worst.forward).toBeLessThan(1e-5);
  expect(worst.gradient).toBeLessThan(2e-5);
}

test('sums and products of any two shapes that can be broadcast', async () => {
  await fc.assert(
    fc.asyncProperty(pair, ([left, right]) =>
      holds((g, [a, b]) => [g.mul(g.add(a, b), g.sub(a, b))], [{ shape: left }, { shape: right }]),
    ),
    settings,
  );
});

test('matrix products with any batch axes and transpositions', async () => {
  const dims = fc.record({ m: size, k: size, n: size, transA: fc.boolean(), transB: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(pair, dims, ([left, right], { m, k, n, transA, transB }) => {
      const a = { shape: [...left.slice(-2), ...(transA ? [k, m] : [m, k])] };
      const b = { shape: [...right.slice(-2), ...(transB ? [n, k] : [k, n])] };
      return holds((g, [x, y]) => [g.matmul(x, y, { transA, transB, alpha: 0.5 })], [a, b]);
    }),
    settings,
  );
});

test('transposing, slicing, joining and splitting lose and invent nothing', async () => {
  const place = fc.record({ axis: fc.nat(), start: fc.nat(), length: fc.nat(), order: fc.nat() });
  await fc.assert(
    fc.asyncProperty(shape, place, (dims, { axis: anyAxis, start: anyStart, length, order }) => {
      const axis = anyAxis % dims.length;
      const start = anyStart % dims[axis];
      const end = start + 1 + (length % (dims[axis] - start));
      const perm = dims.map((_, i) => (i + order) % dims.length);
      const build: Build = (g, [x]) => {
        const cut = g.slice(x, axis, start, end);
        const joined = g.concat([cut, x, cut], axis);
        const parts = g.split(joined, axis, [end - start, dims[axis], end - start]);
        return [g.transpose(g.mul(joined, joined), perm), ...parts];
      };
      return holds(build, [{ shape: dims }]);
    }),
    settings,
  );
});

test('reductions over any axes, and their results broadcast back', async () => {
  const choice = fc.tuple(shape, fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }));
  await fc.assert(
    fc.asyncProperty(choice, ([dims, chosen]) => {
      const axes = dims.flatMap((_, i) => (chosen[i] ? [i] : []));
      if (axes.length === 0) axes.push(dims.length - 1);
      const build: Build = (g, [x]) => {
        const centred = g.sub(x, g.reduceMean(x, axes, true));
        const squares = g.apply('reduceSumSquare', [centred], { axes, keepDims: true })[0];
        return [g.div(centred, g.sqrt(g.add(squares, 1))), g.reduceSum(x, axes), g.reduceMax(x, axes)];
      };
      return holds(build, [{ shape: dims }]);
    }),
    settings,
  );
});
