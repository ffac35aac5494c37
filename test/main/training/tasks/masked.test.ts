// Which tokens are masked: a share of the ordinary ones, the same for the same seed.
import { expect, test } from 'vitest';
import { maskText } from '../../../../main/training/tasks/masked.ts';

const ids = [1, ...Array.from({ length: 4000 }, (_, i) => 10 + (i % 50)), 2];
const options = { maskId: 4, vocabularySize: 60, special: new Set([1, 2]), seed: 5 };

test('15 % are to be told: 80 % of them as masks, 10 % as other tokens, 10 % as they are', () => {
  const { ids: shown, labels } = maskText({ ids }, options);
  const places = Array.from(labels).flatMap((label, place) => (label === -100 ? [] : [place]));
  const share = (test: (place: number) => boolean) => places.filter(test).length / places.length;
  expect(places.length / 4000).toBeCloseTo(0.15, 1);
  expect(share((place) => shown[place] === 4)).toBeCloseTo(0.8, 1);
  expect(share((place) => shown[place] === ids[place])).toBeCloseTo(0.1, 1);
  expect(places.every((place) => labels[place] === ids[place])).toBe(true);
  expect(places).not.toContain(0);
  expect(places).not.toContain(4001);
});

test('places that are not to be told stay, and a seed always chooses the same', () => {
  const first = maskText({ ids }, options);
  const changed = ids.filter((id, place) => first.labels[place] === -100 && first.ids[place] !== id);
  expect(changed).toEqual([]);
  expect(maskText({ ids }, options)).toEqual(first);
  expect(maskText({ ids }, { ...options, seed: 6 }).labels).not.toEqual(first.labels);
});

test('a short text has one token to tell, and one of special tokens alone has none', () => {
  expect(Array.from(maskText({ ids: [1, 30, 2] }, { ...options, share: 0 }).labels)).toEqual([
    -100, 30, -100,
  ]);
  expect(Array.from(maskText({ ids: [1, 2] }, options).labels)).toEqual([-100, -100]);
});
