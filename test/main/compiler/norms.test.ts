// Norms and rotation as single ops against the same written with plain ones, in values and gradients.
import { expect, test } from 'vitest';
import type { Graph, Value } from '../../../main/compiler/graph.ts';
import { differencesBetween, type Input } from '../../helpers/gradients.ts';

const epsilon = 1e-5;

function meanOf(g: Graph, x: Value): Value {
  return g.reduceMean(x, [x.shape.length - 1], true);
}

test.each([[[3, 5]], [[2, 3, 8]], [[1, 1, 1, 64]]])('RMS norm of %j', async (shape) => {
  const inputs: Input[] = [{ shape }, { shape: [shape.at(-1) as number] }];
  const worst = await differencesBetween(
    (g, [x, weight]) => [g.rmsNorm(x, weight, epsilon)[0]],
    (g, [x, weight]) => [g.mul(g.div(x, g.sqrt(g.add(meanOf(g, g.mul(x, x)), epsilon))), weight)],
    inputs,
  );
  expect(worst.forward).toBeLessThan(1e-6);
  expect(worst.gradient).toBeLessThan(2e-6);
});

test.each([[[3, 5]], [[2, 3, 8]], [[1, 1, 1, 64]]])('layer norm of %j', async (shape) => {
  const width = shape.at(-1) as number;
  const inputs: Input[] = [{ shape }, { shape: [width] }, { shape: [width] }];
  const worst = await differencesBetween(
    (g, [x, weight, bias]) => [g.layerNorm(x, weight, bias, epsilon)[0]],
    (g, [x, weight, bias]) => {
      const centred = g.sub(x, meanOf(g, x));
      const deviation = g.sqrt(g.add(meanOf(g, g.mul(centred, centred)), epsilon));
      return [g.add(g.mul(g.div(centred, deviation), weight), bias)];
    },
    inputs,
  );
  expect(worst.forward).toBeLessThan(1e-6);
  expect(worst.gradient).toBeLessThan(2e-6);
});

test('a norm whose input needs no gradient still trains its gains', async () => {
  const inputs: Input[] = [{ shape: [4, 6], trained: false }, { shape: [6] }];
  const worst = await differencesBetween(
    (g, [x, weight]) => [g.rmsNorm(x, weight, epsilon)[0]],
    (g, [x, weight]) => [g.mul(g.div(x, g.sqrt(g.add(meanOf(g, g.mul(x, x)), epsilon))), weight)],
    inputs,
  );
  expect(worst.gradient).toBeLessThan(1e-6);
});

test('rotary embedding: each half against the other', async () => {
  const [batch, width, heads, half] = [2, 3, 2, 2];
  const positions = [0, 1, 2, 5, 6, 4];
  const angle = (i: number) => 0.3 * (i + 1);
  const table = (f: (x: number) => number) =>
    Float32Array.from({ length: 7 * half }, (_, i) => f(Math.floor(i / half) * angle(i % half)));
  const inputs: Input[] = [
    { shape: [batch, width, heads * 2 * half] },
    { shape: [batch, width], values: positions, dtype: 'int64' },
  ];
  const worst = await differencesBetween(
    (g, [x, places]) => [
      g.rotary(x, places, g.constant(table(Math.cos), [7, half]), g.constant(table(Math.sin), [7, half])),
    ],
    (g, [x, places]) => {
      const [cos, sin] = [Math.cos, Math.sin].map((f) =>
        g.reshape(g.gather(g.constant(table(f), [7, half]), places), [batch, width, 1, half]),
      );
      const [first, second] = g.split(g.reshape(x, [batch, width, heads, 2 * half]), 3, [half, half]);
      const turned = [
        g.sub(g.mul(first, cos), g.mul(second, sin)),
        g.add(g.mul(second, cos), g.mul(first, sin)),
      ];
      return [g.reshape(g.concat(turned, 3), x.shape)];
    },
    inputs,
  );
  expect(worst.forward).toBeLessThan(1e-6);
  expect(worst.gradient).toBeLessThan(1e-6);
});
