// Gated feed-forward layers and activations: against finite differences, plain ops and PyTorch.
import { describe, expect, test } from 'vitest';
import { activation, activationNames, gated } from '../../../../main/models/blocks/feed-forward.ts';
import {
  differencesBetween,
  differencesOf,
  engine,
  type Input,
  numbersOf,
} from '../../../helpers/gradients.ts';
import { heldAgainst, storedOperators } from '../../../helpers/operators.ts';

const inputs: Input[] = [{ shape: [3, 4] }, { shape: [3, 4] }];

describe('gated layers', () => {
  test.each(activationNames)('%s: equal to finite differences', async (name) => {
    const worst = await differencesOf((g, [gate, up]) => [gated(g, name, gate, up)], inputs);
    expect(worst.forward).toBeLessThan(1e-6);
    expect(worst.gradient).toBeLessThan(3e-6);
  });

  test.each(activationNames)('%s: equal to plain ops', async (name) => {
    const worst = await differencesBetween(
      (g, [gate, up]) => [gated(g, name, gate, up)],
      (g, [gate, up]) => [g.mul(activation(g, name, gate), up)],
      inputs,
    );
    expect(worst.forward).toBeLessThan(1e-6);
    expect(worst.gradient).toBeLessThan(1e-6);
  });

  test.each(activationNames)('%s: the same bits when the product is computed again', async (name) => {
    const numbers = numbersOf(inputs, 3);
    // the product feeds a square, so that the backward pass reads it
    const run = (recompute: boolean) =>
      engine(
        (g, [gate, up]) => {
          const y = gated(g, name, gate, up);
          if (!recompute)
            for (const node of g.nodes) for (const value of node.outputs) value.recompute = false;
          return [g.mul(y, y)];
        },
        inputs,
        numbers,
      );
    expect(await run(true)).toEqual(await run(false));
  });
});

describe('activations', () => {
  /** Names that config.json uses beside the one that PyTorch has. */
  const same = {
    swish: 'silu',
    gelu_python: 'gelu',
    gelu_new: 'gelu_pytorch_tanh',
    gelu_fast: 'gelu_pytorch_tanh',
    gelu_accurate: 'gelu_pytorch_tanh',
    gelu_python_tanh: 'gelu_pytorch_tanh',
  } as const;

  test.each(activationNames)('%s: equal to PyTorch', async (name) => {
    const stored = storedOperators().activations[(same as Record<string, string>)[name] ?? name];
    const worst = await heldAgainst(stored, ['x'], (g, [x]) => activation(g, name, x));
    expect(worst.forward).toBeLessThan(1e-6);
    expect(worst.gradient).toBeLessThan(2e-6);
  });
});
