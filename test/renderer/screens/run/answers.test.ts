import { expect, test } from 'vitest';
import { overlap, samplesByPrompt } from '../../../../renderer/screens/run/answers.ts';

const sample = (step: number, prompt = 'q', reference: string | null = 'r') => ({
  step,
  prompt,
  output: `at ${step}`,
  reference,
});

test('of many samples the first, one in the middle and the newest are shown', () => {
  const [group] = samplesByPrompt([sample(0), sample(50), sample(100), sample(150), sample(200)]);
  expect(group?.shown.map(({ step }) => step)).toEqual([0, 100, 200]);
  expect(samplesByPrompt([sample(0), sample(50)])[0]?.shown.map(({ step }) => step)).toEqual([0, 50]);
});

test('samples are kept apart by prompt and sorted by step', () => {
  const groups = samplesByPrompt([sample(50, 'a'), sample(0, 'b', null), sample(0, 'a')]);
  expect(groups.map(({ prompt, reference }) => [prompt, reference])).toEqual([
    ['a', 'r'],
    ['b', null],
  ]);
  expect(groups[0]?.shown.map(({ step }) => step)).toEqual([0, 50]);
});

test('overlap is 1 for the same words, 0 for none, and counts repeated words once each', () => {
  expect(overlap('The cat sat.', 'the cat, sat')).toBe(1);
  expect(overlap('dog', 'cat')).toBe(0);
  expect(overlap('the the the the', 'the cat')).toBeCloseTo(2 / 6, 9);
  expect(overlap('', '')).toBe(1);
  expect(overlap('', 'cat')).toBe(0);
});
