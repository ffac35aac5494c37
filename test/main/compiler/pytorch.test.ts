// Softmax, norms and attention against stored PyTorch values and gradients.
import { expect, test } from 'vitest';
import { causalAttention, causalMasks } from '../../../main/models/blocks/attention.ts';
import { heldAgainst, storedOperators } from '../../helpers/operators.ts';

const { cases } = storedOperators();

test('softmax', async () => {
  const worst = await heldAgainst(cases.softmax, ['x'], (g, [x]) => g.softmax(x));
  expect(worst.forward).toBeLessThan(1e-6);
  expect(worst.gradient).toBeLessThan(1e-6);
});

test('RMS norm', async () => {
  const one = cases.rms_norm;
  const worst = await heldAgainst(
    one,
    ['x', 'weight'],
    (g, [x, weight]) => g.rmsNorm(x, weight, one.epsilon as number)[0],
  );
  expect(worst.forward).toBeLessThan(1e-6);
  expect(worst.gradient).toBeLessThan(2e-6);
});

test('layer norm', async () => {
  const one = cases.layer_norm;
  const worst = await heldAgainst(
    one,
    ['x', 'weight', 'bias'],
    (g, [x, weight, bias]) => g.layerNorm(x, weight, bias, one.epsilon as number)[0],
  );
  expect(worst.forward).toBeLessThan(2e-6);
  expect(worst.gradient).toBeLessThan(5e-6);
});

const attentions = Object.entries(cases).filter(([name]) => name.startsWith('attention'));

test.each(attentions)('%s', async (_, one) => {
  const { heads, kv_heads: kvHeads, window, softcap } = one as unknown as Record<string, number>;
  const headDim = one.inputs.q.shape[2] / heads;
  const spec = { heads, kvHeads, headDim, scale: headDim ** -0.5, window, softcap };
  const worst = await heldAgainst(one, ['q', 'k', 'v'], (g, [q, k, v]) =>
    causalAttention(g, q, k, v, spec, causalMasks(g, undefined), false),
  );
  expect(worst.forward).toBeLessThan(1e-6);
  expect(worst.gradient).toBeLessThan(2e-6);
});
