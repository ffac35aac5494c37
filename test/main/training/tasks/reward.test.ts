// Reward models against PyTorch's numbers, on two families.
import { expect, test } from 'vitest';
import { preferenceBatch } from '../../../../main/training/tasks/reward.ts';
import { encoders } from '../../../conformance/encoders.ts';
import { compare } from '../../../helpers/conformance.ts';

test.each(['llama_reward', 'relatives/gpt2_reward'])(
  '%s: rewards, losses with and without margins, gradients and runs are those of transformers',
  async (name) => {
    const { compared, wrong } = await compare(encoders, name);
    expect(wrong).toEqual([]);
    expect(compared).toBeGreaterThan(8);
  },
);

test('chosen answers come first, then the rejected ones, and margins stand beside them', () => {
  const pair = { chosen: { ids: [1, 2] }, rejected: { ids: [1, 3, 4] } };
  const batch = preferenceBatch([pair, { ...pair, margin: 0.5 }], { width: 4, padId: 0 });
  expect(batch.rows).toBe(4);
  expect([...batch.inputIds.subarray(8, 12)]).toEqual([1, 3, 4, 0]);
  expect([...(batch.ends ?? [])]).toEqual([1, 5, 10, 14]);
  expect([...(batch.targets ?? [])]).toEqual([0, 0.5]);
  expect([...batch.weights]).toEqual([1, 1]);
});
