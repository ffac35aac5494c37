import { expect, it } from 'vitest';
import { newTokens } from '../../../../renderer/screens/model/words.ts';

it('takes new tokens one a line, the special ones behind the shown ones, and no blank line', () => {
  expect(newTokens('<SECTION>\n\n  <PART> \n', '<|case|>')).toEqual([
    { content: '<SECTION>', special: false },
    { content: '<PART>', special: false },
    { content: '<|case|>', special: true },
  ]);
  expect(newTokens(' \n', '')).toEqual([]);
});
