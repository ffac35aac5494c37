import { expect, test } from 'vitest';
import { columnsIn, fill, isMissing, parseTemplate } from '../../../main/datasets/template.ts';

test('columns are replaced by their exact strings, and doubled braces are braces', () => {
  const template = parseTemplate('{{"id": "{id}", "t": "{a b}"}}');
  expect(columnsIn(template)).toEqual(['id', 'a b']);
  expect(fill(template, { id: '007', 'a b': ' x{y} ' })).toBe('{"id": "007", "t": " x{y} "}');
});

test('an empty column leaves no loose line ends', () => {
  const template = parseTemplate('{instruction}\n\n{input}');
  expect(fill(template, { instruction: 'Do it.', input: '' })).toBe('Do it.');
  expect(fill(template, { instruction: ' Do it.', input: 'x ' })).toBe(' Do it.\n\nx ');
});

test('a template is missing when all of its columns are blank', () => {
  const template = parseTemplate('A: {a} B: {b}');
  expect(isMissing(template, { a: ' ', b: '' })).toBe(true);
  expect(isMissing(template, { a: '', b: 'x' })).toBe(false);
  expect(isMissing(parseTemplate('fixed'), {})).toBe(false);
});

test('a brace without a partner is named by its place', () => {
  for (const [source, place] of [
    ['ab{c', 3],
    ['ab}c', 3],
  ] as const) {
    expect(() => parseTemplate(source)).toThrow(`character ${place}`);
  }
});
