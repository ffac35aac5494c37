// Pages of parameters: every tensor lies in exactly one, whole, in order, and beside tensors that are
// treated alike.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sizeOf } from '../../../main/compiler/shape.ts';
import {
  layoutPages,
  PagedArrays,
  type ParameterSpec,
  pageElements,
} from '../../../main/training/parameters.ts';

const spec = (name: string, shape: number[], more: Partial<ParameterSpec> = {}): ParameterSpec => ({
  name,
  shape,
  decay: true,
  matrix: shape.length === 2,
  ...more,
});

test('small tensors share a page, and one that does not fit opens the next', () => {
  const half = pageElements / 2;
  const pages = layoutPages([spec('a', [half]), spec('b', [half]), spec('c', [1])], 'nothing');
  expect(pages.map(({ entries }) => entries.map(({ name }) => name))).toEqual([['a', 'b'], ['c']]);
  expect(pages.map(({ index, size }) => [index, size])).toEqual([
    [0, pageElements],
    [1, 1],
  ]);
});

test('a tensor larger than a page stands alone, whole', () => {
  const pages = layoutPages([spec('a', [3]), spec('large', [pageElements + 5]), spec('b', [4])], 'nothing');
  expect(pages.map(({ size }) => size)).toEqual([3, pageElements + 5, 4]);
});

test('decayed and undecayed tensors, and tensors of another rate, do not share a page', () => {
  const pages = layoutPages(
    [spec('w', [2, 2]), spec('gain', [2], { decay: false }), spec('fast', [2, 2], { rate: 16 })],
    'nothing',
  );
  expect(pages).toHaveLength(3);
  const settings = (name: string) => {
    const { decay, rate } = pages.find(({ entries }) => entries.some((entry) => entry.name === name))!;
    return { decay, rate };
  };
  expect(settings('w')).toEqual({ decay: true, rate: 1 });
  expect(settings('gain')).toEqual({ decay: false, rate: 1 });
  expect(settings('fast')).toEqual({ decay: true, rate: 16 });
});

test('matrices stand alone for optimizers that look at their shape', () => {
  const pages = layoutPages(
    [spec('a', [3, 2]), spec('b', [5]), spec('c', [4, 4]), spec('d', [6])],
    'matrices',
  );
  expect(pages.map(({ matrix }) => matrix)).toEqual(
    expect.arrayContaining([
      [3, 2],
      [4, 4],
    ]),
  );
  for (const { matrix, entries } of pages) if (matrix !== undefined) expect(entries).toHaveLength(1);
});

test('a view writes into its page, and an unknown name is a fault of ours', () => {
  const arrays = new PagedArrays(layoutPages([spec('a', [2]), spec('b', [2, 2])], 'nothing'));
  arrays.view('b').set([1, 2, 3, 4]);
  expect([...arrays.arrays[0]]).toEqual([0, 0, 1, 2, 3, 4]);
  expect(arrays.named('g', '.next')).toEqual({ 'g0.next': arrays.arrays[0] });
  expect(() => arrays.view('c')).toThrow('"c" is a trainable parameter');
});

test('any list of tensors: each in one place, none overlapping, order kept within a group', () => {
  const shapes = fc.array(fc.integer({ min: 1, max: pageElements / 2 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(
      shapes,
      fc.infiniteStream(fc.boolean()),
      fc.constantFrom('nothing', 'matrices', 'tensors'),
      (sizes, coin, alone) => {
        const specs = sizes.map((size, i) => {
          const [decay, matrix] = [coin.next().value as boolean, coin.next().value as boolean];
          return spec(`t${i}`, matrix ? [1, size] : [size], { decay, matrix });
        });
        const pages = layoutPages(specs, alone);
        const placed = pages.flatMap(({ entries }) => entries);
        expect(placed.map(({ name }) => name).sort()).toEqual(specs.map(({ name }) => name).sort());
        for (const { size, entries, decay } of pages) {
          let end = 0;
          for (const { offset, shape, decay: own } of entries) {
            expect(offset).toBe(end);
            expect(own).toBe(decay);
            end += sizeOf(shape);
          }
          expect(size).toBe(end);
          if (entries.length > 1) expect(size).toBeLessThanOrEqual(pageElements);
        }
        for (const decay of [true, false]) {
          const order = placed
            .filter((entry) => entry.decay === decay)
            .map(({ name }) => Number(name.slice(1)));
          expect(order).toEqual([...order].sort((a, b) => a - b));
        }
      },
    ),
    { numRuns: 60 },
  );
});
