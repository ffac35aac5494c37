import { expect, test } from 'vitest';
import { length } from '../../../../main/datasets/steps/length.ts';
import { passage } from '../samples.ts';

test('passages outside the limits are removed', async () => {
  const passages = ['abc', 'abcdef', 'abcdefghij'].map((text) => passage(text));
  const result = await length.apply(passages, { least: 4, most: 8 });
  expect(result.passages.map((one) => one.fields.text)).toEqual(['abcdef']);
  expect(result.removed).toBe(2);
});

test('options that make no sense are refused', () => {
  expect(() => length.apply([], { least: -1 })).toThrow();
});
