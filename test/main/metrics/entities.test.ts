import { expect, it } from 'vitest';
import { entities, entityScoresPerLabel } from '../../../main/metrics/entities.ts';
import type { EntityPair } from '../../../main/metrics/metric.ts';
import { readMarks } from '../../../main/training/tasks/word-marks.ts';

const spansIn = (text: string, answer: string) => {
  const marks = readMarks(text, answer);
  if ('differsAt' in marks) throw new Error(marks.differsAt);
  return marks.spans;
};
const pair = (text: string, output: string, truth: string): EntityPair => ({
  text,
  output: spansIn(text, output),
  truth: spansIn(text, truth),
});

const pairs = [
  pair('Anna Berg ran', '[Anna Berg](PER) ran', '[Anna Berg](PER) ran'),
  pair('Anna Berg ran', '[Anna](PER) Berg ran', '[Anna Berg](PER) ran'), // other words
  pair('Tarn and Oslo', '[Tarn](PER) and [Oslo](LOC)', '[Tarn](ORG) and [Oslo](LOC)'), // another label
  pair('it ran', 'it ran', 'it ran'),
];
const [f1, precision, recall, macro, accuracy] = entities;

it('a span is right with its words and its label; all spans count together', () => {
  // right: Anna Berg, Oslo. given: 4 spans. wanted: 4 spans
  expect(precision.score(pairs)).toEqual({ value: 0.5, count: 4 });
  expect(recall.score(pairs).value).toBe(0.5);
  expect(f1.score(pairs).value).toBe(0.5);
  expect(f1.score(pairs.slice(0, 2)).value).toBe(0.5);
  expect(precision.score([...pairs, pair('a b', '[a](X) b', 'a b')]).value).toBeCloseTo(2 / 5, 12);
});

it('labels alike: the mean of the F1 of each label, also of one that is given and never right', () => {
  expect(entityScoresPerLabel(pairs)).toEqual([
    { label: 'LOC', precision: 1, recall: 1, f1: 1, support: 1 },
    { label: 'ORG', precision: 0, recall: 0, f1: 0, support: 1 },
    { label: 'PER', precision: 1 / 3, recall: 1 / 2, f1: 2 / 5, support: 2 },
  ]);
  expect(macro.score(pairs).value).toBeCloseTo((1 + 0 + 0.4) / 3, 12);
});

it('a text that rightly has no label is all right, a set of such texts measures nothing, and a wrong label is 0', () => {
  expect(pairs.map((one) => f1.scoreRecord(one))).toEqual([1, 0, 0.5, 1]);
  expect(() => f1.score([pairs[3]])).toThrowError(expect.objectContaining({ code: 'metric-undefined' }));
  expect(recall.scoreRecord(pair('a b', '[a](X) b', 'a b'))).toBe(0);
});

it('each word has a tag that is right or wrong, B and I told apart', () => {
  // 3 of 3, 2 of 3 (Berg is I-PER), 2 of 3, 2 of 2
  expect(accuracy.score(pairs).value).toBeCloseTo(9 / 11, 12);
  expect(accuracy.scoreRecord(pairs[1])).toBeCloseTo(2 / 3, 12);
});
