// Greedy texts of an encoder-decoder: where they end, what a batch changes, and models that cannot make any.
import { expect, test } from 'vitest';
import { greedyTargets } from '../../../main/inference/targets.ts';
import { openReference } from '../../helpers/reference-model.ts';

const tuned = (name: string) => ({ model: openReference(name), weights: undefined, lora: undefined });
const sources = [
  { ids: [22, 54, 7, 57, 56, 28, 15, 14, 53, 2, 284, 7, 1] },
  { ids: [22, 23, 8, 4, 63, 53, 1] },
];

test('a target ends before its end token, and one that ends does not end the others', async () => {
  const t5 = tuned('t5_v1_1');
  const whole = await greedyTargets(t5, sources, { eosIds: [], maxNewTokens: 6 });
  expect(whole).toEqual([
    [395, 417, 413, 475, 217, 396],
    [227, 227, 227, 227, 227, 227],
  ]);
  const ended = await greedyTargets(t5, sources, { eosIds: [413], maxNewTokens: 6 });
  expect(ended).toEqual([[395, 417], whole[1]]);
});

test('a source alone has the same target as in a batch', async () => {
  const alone = await greedyTargets(tuned('t5_v1_1'), [sources[1]], { eosIds: [], maxNewTokens: 3 });
  expect(alone).toEqual([[227, 227, 227]]);
});

test('a model without a decoder of its own is refused', async () => {
  await expect(greedyTargets(tuned('llama'), sources, { eosIds: [], maxNewTokens: 2 })).rejects.toThrow(
    'has no decoder beside an encoder',
  );
});
