// The reverse walk: what gets a gradient, what is not built, and what is refused.
import { expect, test } from 'vitest';
import { gradientsOf } from '../../../main/compiler/autodiff.ts';
import { Graph, type Value } from '../../../main/compiler/graph.ts';
import { interpret } from '../../helpers/interpreter.ts';

function gradientsAt(
  inputs: Record<string, number[]>,
  loss: (g: Graph, values: Record<string, Value>) => Value,
  targets: string[],
): number[][] {
  const g = new Graph();
  const values = Object.fromEntries(
    Object.entries(inputs).map(([name, list]) => [name, g.input(name, [list.length])]),
  );
  const gradients = gradientsOf(
    g,
    loss(g, values),
    targets.map((name) => values[name]),
  );
  return interpret(g, inputs, gradients).map((gradient) => [...gradient]);
}

test('gradients of a value that is used several times add up', () => {
  // loss = sum(x^2 + 3 x): 2 x + 3
  const [dx] = gradientsAt({ x: [1, -2] }, (g, { x }) => g.reduceSum(g.add(g.mul(x, x), g.mul(x, 3)), [0]), [
    'x',
  ]);
  expect(dx).toEqual([5, -1]);
});

test('a target that the loss does not depend on gets zeros of its shape', () => {
  const [dx, dy] = gradientsAt({ x: [1, 2], y: [5, 6, 7] }, (g, { x }) => g.reduceSum(x, [0]), ['x', 'y']);
  expect(dx).toEqual([1, 1]);
  expect(dy).toEqual([0, 0, 0]);
});

test('a value on the way may be a target itself', () => {
  const g = new Graph();
  const x = g.input('x', [2]);
  const square = g.mul(x, x);
  const gradients = gradientsOf(g, g.reduceSum(g.mul(square, 5), [0]), [square, x]);
  const [dSquare, dx] = interpret(g, { x: [3, 4] }, gradients);
  expect([...dSquare]).toEqual([5, 5]);
  expect([...dx]).toEqual([30, 40]);
});

test('nothing is built below the lowest trained value', () => {
  const g = new Graph();
  const x = g.input('x', [4, 4]);
  let low = x;
  for (let i = 0; i < 5; i++) low = g.tanh(g.matmul(low, g.input(`frozen${i}`, [4, 4])));
  const weight = g.input('w', [4, 4]);
  const forward = g.nodes.length + 2;
  gradientsOf(g, g.reduceSum(g.matmul(low, weight), [0, 1]), [weight]);
  // expand of the loss gradient (twice) and one product: no tanh of the frozen layers is undone
  expect(g.nodes.slice(forward).map(({ op }) => op)).toEqual(['expand', 'reshape', 'expand', 'matmul']);
});

test('comparisons let no gradient through, and are no error', () => {
  const [dx] = gradientsAt(
    { x: [1, -1, 2] },
    (g, { x }) => g.reduceSum(g.where(g.less(g.scalar(0), x), g.mul(x, 2), 0), [0]),
    ['x'],
  );
  expect(dx).toEqual([2, 0, 2]);
});

test('of equal numbers the first gets the gradient of maximum and minimum', () => {
  const [da, db] = gradientsAt(
    { a: [1, 2], b: [1, 1] },
    (g, { a, b }) => g.reduceSum(g.add(g.maximum(a, b), g.mul(g.minimum(a, b), 10)), [0]),
    ['a', 'b'],
  );
  expect(da).toEqual([11, 1]);
  expect(db).toEqual([0, 10]);
});

test('the gradient of a cast is cast back', () => {
  const g = new Graph();
  const x = g.input('x', [2]);
  const y = g.cast(g.cast(x, 'float16'), 'float32');
  const [dx] = gradientsOf(g, g.reduceSum(g.mul(y, 1 + 2 ** -12), [0]), [x]);
  const [found] = interpret(g, { x: [1, 2] }, [dx]);
  expect([...found]).toEqual([1, 1]); // 1 + 2^-12 rounds to 1 in float16
});

test('a loss that is no scalar is refused', () => {
  const g = new Graph();
  const x = g.input('x', [2]);
  expect(() => gradientsOf(g, x, [x])).toThrow('a loss is a scalar');
});

test('a block gets its own backward, and its ops are not walked', () => {
  const g = new Graph();
  const x = g.input('x', [2]);
  const [y] = g.block(
    [x],
    () => [g.exp(x)],
    (_, [d]) => [g.mul(d as Value, 100)],
  );
  const [dx] = gradientsOf(g, g.reduceSum(y, [0]), [x]);
  expect([...interpret(g, { x: [0, 1] }, [dx])[0]]).toEqual([100, 100]);
});
