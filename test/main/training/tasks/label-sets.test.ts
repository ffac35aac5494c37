import { expect, test } from 'vitest';
import { labelsIn, labelText, separatorIn } from '../../../../main/training/tasks/label-sets.ts';

test('answers are read by the separator of the dataset, each label once and without spaces around it', () => {
  expect(labelsIn('b, a ,b,', ', ')).toEqual(['b', 'a']);
  expect(labelsIn('one, two\nthree', '\n')).toEqual(['one, two', 'three']);
  expect(labelsIn(' ', ', ')).toEqual([]);
  expect(labelsIn('a; b, c')).toEqual(['a', 'b, c']);
  expect(labelText(['a', 'b'], '; ')).toBe('a; b');
});

test.each([
  ['commas', ['a, b', 'b', 'a', 'a, b, c', 'c'], ', '],
  ['commas without spaces', ['a,b', 'b', 'a'], ','],
  ['semicolons', ['x; y', 'y', 'x'], '; '],
  ['lines', ['x\ny', 'y', 'x, z', 'x, z\ny'], '\n'],
])('lists with %s are recognised as they are written', (_, answers, separator) => {
  expect(separatorIn(answers)).toBe(separator);
});

test('names and sentences with commas are no lists', () => {
  expect(separatorIn(['Paris, France', 'Berlin, Germany', 'Lyon, France', 'Bonn, Germany'])).toBeUndefined();
  expect(separatorIn(['Well, that is so.', 'No, it is not.', 'Perhaps, who knows?'])).toBeUndefined();
  expect(separatorIn(['yes', 'no'])).toBeUndefined();
});
