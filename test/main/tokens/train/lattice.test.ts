import { expect, it } from 'vitest';
import { addExpected, bestPieces, digamma } from '../../../../main/tokens/train/lattice.ts';

// "ab" as a|b or as ab; probabilities a 0.5, b 0.3, ab 0.2.
const word = { length: 2, count: 3, edges: Int32Array.of(0, 1, 0, 0, 2, 2, 1, 2, 1) };
const scores = Float64Array.of(Math.log(0.5), Math.log(0.3), Math.log(0.2));

it('expected counts weigh all segmentations by their probability', () => {
  const expected = new Float64Array(3);
  const likelihood = addExpected(word, scores, expected);
  expect(likelihood).toBeCloseTo(Math.log(0.5 * 0.3 + 0.2), 12);
  const [split, whole] = [0.15 / 0.35, 0.2 / 0.35];
  expect(expected[0]).toBeCloseTo(3 * split, 12);
  expect(expected[1]).toBeCloseTo(3 * split, 12);
  expect(expected[2]).toBeCloseTo(3 * whole, 12);
});

it('the best segmentation is found, also without a piece', () => {
  expect(bestPieces(word, scores)).toEqual([2]);
  expect(bestPieces(word, scores, 2)).toEqual([0, 1]);
  expect(bestPieces({ length: 2, edges: Int32Array.of(0, 1, 0) }, scores)).toBeUndefined();
});

it('digamma has its known values', () => {
  expect(digamma(1)).toBeCloseTo(-0.5772156649, 7);
  expect(digamma(0.5)).toBeCloseTo(-1.963510026, 7);
  expect(digamma(100)).toBeCloseTo(4.6001618527, 7);
});
