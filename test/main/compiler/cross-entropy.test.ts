// The output layer and its loss in chunks: against finite differences, a loss over all logits at once,
// and PyTorch.
import { describe, expect, test } from 'vitest';
import { type CrossEntropyOptions, crossEntropy } from '../../../main/compiler/cross-entropy.ts';
import type { Graph, Value } from '../../../main/compiler/graph.ts';
import {
  type Build,
  differencesBetween,
  differencesOf,
  engine,
  type Input,
  numbersOf,
  plainNumbers,
} from '../../helpers/gradients.ts';
import { heldAgainst, storedOperators } from '../../helpers/operators.ts';

interface Variant extends Omit<CrossEntropyOptions, 'bias'> {
  name: string;
  bias?: boolean;
  rows?: number[];
  weights?: number[];
}

const labelled = 5;
const vocabulary = 7;

const variants: Variant[] = [
  { name: 'one chunk' },
  { name: 'chunks of 2, the last of 1', chunk: 2 },
  { name: 'label smoothing', chunk: 2, labelSmoothing: 0.1 },
  { name: 'an output bias', chunk: 3, bias: true },
  { name: 'an output bias and label smoothing', chunk: 3, bias: true, labelSmoothing: 0.2 },
  { name: 'a soft cap', chunk: 2, softcap: 1.5 },
  { name: 'a soft cap, a bias and label smoothing', softcap: 2, bias: true, labelSmoothing: 0.1 },
  { name: 'a row that is used three times', rows: [2, 2, 0, 2, 5], chunk: 2 },
  { name: 'padding labels of weight 0', weights: [1, 0.25, 0, 2, 0], chunk: 2, labelSmoothing: 0.1 },
];

function inputsOf({ bias, rows, weights }: Variant): Input[] {
  return [
    { shape: [6, 4] },
    { shape: [vocabulary, 4] },
    { shape: [labelled], values: rows ?? [4, 0, 5, 1, 3], dtype: 'int32' },
    { shape: [labelled], values: [6, 0, 3, 3, 2], dtype: 'int32' },
    { shape: [labelled], values: weights ?? [1, 1, 1, 1, 1], trained: false },
    ...(bias ? [{ shape: [vocabulary] }] : []),
  ];
}

const chunked = (variant: Variant): Build => {
  const { chunk, labelSmoothing, softcap } = variant;
  return (g, [hidden, table, rows, labels, weights, bias]) => [
    crossEntropy(g, hidden, table, rows, labels, weights, { chunk, labelSmoothing, softcap, bias }).lossSum,
  ];
};

/** -log softmax of each row, all at once [labels, vocabulary]. */
function surprisals(
  g: Graph,
  hidden: Value,
  table: Value,
  rows: Value,
  bias?: Value,
  softcap?: number,
): Value {
  let z = g.matmul(g.gather(hidden, rows), g.transpose(table, [1, 0]));
  if (bias !== undefined) z = g.add(z, bias);
  if (softcap !== undefined) z = g.mul(g.tanh(g.div(z, softcap)), softcap);
  const most = g.reduceMax(z, [1], true);
  const sum = g.reduceSum(g.exp(g.sub(z, most)), [1], true);
  return g.sub(g.add(most, g.log(sum)), z);
}

const whole = ({ labelSmoothing: smoothing = 0, softcap }: Variant): Build => {
  return (g, [hidden, table, rows, labels, weights, bias]) => {
    const each = surprisals(g, hidden, table, rows, bias, softcap);
    const columns = g.constant(
      Int32Array.from({ length: vocabulary }, (_, i) => i),
      [1, vocabulary],
    );
    const hot = g.where(g.equal(g.reshape(labels, [labelled, 1]), columns), 1 - smoothing, 0);
    const target = g.add(hot, smoothing / vocabulary);
    return [g.reduceSum(g.mul(g.reduceSum(g.mul(each, target), [1]), weights), [0])];
  };
};

describe('cross-entropy in chunks', () => {
  test.each(variants)('$name: equal to finite differences', async (variant) => {
    const worst = await differencesOf(chunked(variant), inputsOf(variant));
    expect(worst.forward).toBeLessThan(1e-6);
    expect(worst.gradient).toBeLessThan(5e-6);
  });

  test.each(variants)('$name: equal to a loss over all logits', async (variant) => {
    const worst = await differencesBetween(chunked(variant), whole(variant), inputsOf(variant));
    expect(worst.forward).toBeLessThan(1e-6);
    expect(worst.gradient).toBeLessThan(5e-6);
  });

  test('a batch without any label has loss 0 and no gradient', async () => {
    const variant = { name: '', weights: [0, 0, 0, 0, 0] };
    const inputs = inputsOf(variant);
    const { outputs, gradients } = await engine(chunked(variant), inputs, numbersOf(inputs, 1));
    expect(outputs[0][0]).toBe(0);
    expect(gradients.flatMap(plainNumbers).every((value) => value === 0)).toBe(true);
  });

  test('logits of thousands give finite losses', async () => {
    const inputs = inputsOf({ name: '' }).map((input, i) => ({ ...input, trained: i < 2 }));
    const numbers = numbersOf(inputs, 1);
    numbers[0] = numbers[0].map((value) => value * 3000);
    const { outputs, gradients } = await engine(chunked({ name: '', chunk: 2 }), inputs, numbers);
    expect([...outputs, ...gradients].flatMap(plainNumbers).every(Number.isFinite)).toBe(true);
  });

  const stored = Object.entries(storedOperators().cases).filter(([name]) => name.startsWith('cross_entropy'));
  test.each(stored)('%s: equal to PyTorch', async (_, one) => {
    const names = Object.keys(one.inputs);
    const labels = one.labels as number[];
    const parts = (g: Graph, [hidden, table, bias]: Value[]) =>
      crossEntropy(
        g,
        hidden,
        table,
        g.constant(Int32Array.from(labels.keys()), [labels.length]),
        g.constant(Int32Array.from(labels), [labels.length]),
        g.constant(Float32Array.from(one.weights), [labels.length]),
        { chunk: 2, labelSmoothing: one.smoothing as number, bias },
      );
    const worst = await heldAgainst(
      one,
      names,
      (g, x) => parts(g, x).nll,
      (g, x) => parts(g, x).lossSum,
    );
    expect(worst.forward).toBeLessThan(1e-6);
    expect(worst.gradient).toBeLessThan(2e-6);
  });
});
