import fc from 'fast-check';
import { expect, test } from 'vitest';
import { faultOffset } from '../../../main/documents/json-fault.ts';

test('the first character that cannot stand there is found', () => {
  const cases: [text: string, offset: number][] = [
    ['{"a":,}', 5],
    ['{"a":1,}', 7],
    ['[1 2]', 3],
    ['[1,]', 3],
    ['{a:1}', 1],
    ['"a\nb"', 2],
    ['"\\x"', 2],
    ['tru', 0],
    ['[01]', 2],
    ['{"a" 1}', 5],
    ['[1', 2],
    ['1 1', 2],
    ['', 0],
  ];
  for (const [text, offset] of cases) expect([text, faultOffset(text)]).toEqual([text, offset]);
});

test('text that is JSON has no fault before its end', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(faultOffset(text)).toBe(text.length);
    }),
  );
});

test('a place that JSON.parse names is the same place', () => {
  fc.assert(
    fc.property(fc.json(), fc.nat(), fc.constantFrom(']', '}', ',', 'x', '"'), (text, seed, extra) => {
      const at = seed % (text.length + 1);
      const broken = text.slice(0, at) + extra + text.slice(at);
      try {
        JSON.parse(broken);
      } catch (thrown) {
        const named = /at position (\d+)/.exec((thrown as Error).message)?.[1];
        if (named === undefined) return;
        // Inside a broken number or word the two may name different characters of it.
        const places = [faultOffset(broken), Number(named)].sort((a, b) => a - b);
        expect(broken.slice(places[0], places[1])).toMatch(/^[-+.\w]*$/);
      }
    }),
  );
});
