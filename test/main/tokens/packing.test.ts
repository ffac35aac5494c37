import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fillRows, type Packing } from '../../../main/tokens/packing.ts';

const packings: Packing[] = ['bfd', 'bfd_split', 'wrapped'];

it('a record longer than a row is not glued to a stranger when rows are filled by best fit', () => {
  const rows = fillRows([25, 3], 10, 'bfd');
  expect(rows).toEqual([[{ record: 0, start: 0, length: 10 }], [{ record: 1, start: 0, length: 3 }]]);
});

it('every token is in exactly one row, and no row is too long', () => {
  const lengths = fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 60 });
  fc.assert(
    fc.property(
      lengths,
      fc.integer({ min: 1, max: 33 }),
      fc.constantFrom(...packings),
      (given, width, packing) => {
        const rows = fillRows(given, width, packing);
        const seen = given.map((length) => new Uint8Array(length));
        for (const row of rows) {
          expect(row.reduce((sum, piece) => sum + piece.length, 0)).toBeLessThanOrEqual(width);
          for (const { record, start, length } of row) {
            for (let at = start; at < start + length; at++) seen[record][at]++;
          }
        }
        const expected = given.map((length) =>
          Array.from({ length }, (_, at) => (packing === 'bfd' && at >= width ? 0 : 1)),
        );
        expect(seen.map((marks) => [...marks])).toEqual(expected);
      },
    ),
    { seed: 3, numRuns: 200 },
  );
});

it('rows of short records are nearly full', () => {
  const lengths = Array.from({ length: 2000 }, (_, at) => 20 + ((at * 7919) % 180));
  const rows = fillRows(lengths, 512, 'bfd');
  const tokens = lengths.reduce((sum, length) => sum + length, 0);
  expect(tokens / (rows.length * 512)).toBeGreaterThan(0.99);
});
