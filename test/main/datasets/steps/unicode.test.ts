import { expect, test } from 'vitest';
import { normalise, unicode } from '../../../../main/datasets/steps/unicode.ts';
import { passage } from '../samples.ts';

test('ligatures are expanded; superscripts, fractions and circled digits stay (A07)', async () => {
  const before = 'e\uFB03cient, 10\u207B\u00B3 mol, 5 m\u00B2, \u00BD, \u2460';
  const { passages, changed, samples } = await unicode.apply([passage(before)], {});
  expect(passages[0].fields.text).toBe('efficient, 10\u207B\u00B3 mol, 5 m\u00B2, \u00BD, \u2460');
  expect(changed).toBe(1);
  expect(samples[0]).toEqual({ before, after: passages[0].fields.text, kept: null, place: 'a.txt' });
});

test('characters are composed, and marks that nobody sees are taken out', () => {
  expect(normalise('Cafe\u0301 soft\u00ADhyphen zero\u200Bwidth \uFEFFmark bell\u0007 null\u0000')).toBe(
    'Caf\u00E9 softhyphen zerowidth mark bell null',
  );
  expect(normalise('a\r\nb\rc\u2028d\u0085e\tf')).toBe('a\nb\nc\u2028d\u0085e\tf');
  expect(normalise('family \u{1F468}\u200D\u{1F469}')).toBe('family \u{1F468}\u200D\u{1F469}');
});

test('unreadable characters go only when asked for', () => {
  expect(normalise('a\uFFFDb\uE000c')).toBe('a\uFFFDb\uE000c');
  expect(normalise('a\uFFFDb\uE000c', true)).toBe('abc');
});
