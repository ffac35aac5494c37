import { expect, test } from 'vitest';
import { tidy, whitespace } from '../../../../main/datasets/steps/whitespace.ts';
import { passage } from '../samples.ts';

test('spaces at line ends and around the text go, indentation and inner spaces stay', () => {
  expect(tidy('\n\n  a  b \t\n\n\n\n    indented\n \n')).toBe('  a  b\n\n    indented');
  expect(tidy('  one line  ')).toBe('one line');
});

test('runs of spaces collapse when asked for', () => {
  expect(tidy('  a  b\t\u00A0c\n  d', true)).toBe('  a b c\n  d');
});

test('a passage of nothing but space is removed, a row with an empty cell is not', async () => {
  const row = passage('', { isRow: true, fields: { a: ' x ', b: '' } });
  const { passages, removed } = await whitespace.apply([passage(' \n '), row], {});
  expect(passages.map((one) => one.fields)).toEqual([{ text: ' \n ' }, { a: 'x', b: '' }].slice(1));
  expect(removed).toBe(1);
});

test('hundreds of thousands of spaces take no time', () => {
  const blank = ' '.repeat(300_000);
  expect(tidy(`a${blank}b${blank}\n${blank}c`)).toBe(`a${blank}b\n${blank}c`);
  expect(tidy(`${blank}x`)).toBe('x');
});
