import { expect, test } from 'vitest';
import { nearDuplicates } from '../../../../main/datasets/steps/near-duplicates.ts';
import { passage, sentences } from '../samples.ts';

test('a passage with one word changed is removed, another one is not', async () => {
  const [first, second] = sentences(2, 60);
  const changed = first.replace(/\S+$/, 'changed.');
  const result = await nearDuplicates.apply(
    [first, second, changed].map((text, at) => passage(text, { place: `page ${at}` })),
    {},
  );
  expect(result.passages.map((one) => one.place)).toEqual(['page 0', 'page 1']);
  expect(result.samples[0].kept).toContain('page 0: Sentence 0');
});

test('short passages are never near-duplicates', async () => {
  const passages = ['Model 1 costs 30 euros.', 'Model 1 costs 30 euros.'].map((text) => passage(text));
  expect((await nearDuplicates.apply(passages, {})).removed).toBe(0);
});
