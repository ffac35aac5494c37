import { expect, test } from 'vitest';
import { markup, withoutHtml, withoutMarkdown } from '../../../../main/datasets/steps/markup.ts';
import { passage } from '../samples.ts';

test('tags and entities go, comparisons and placeholders stay', () => {
  expect(
    withoutHtml('<p class="x">A &amp; B</p><br/>if a < b and <name> &#8364; &unknown;<script>x()</script>'),
  ).toBe('A & B\n\nif a < b and <name> \u20AC &unknown;');
});

test('Markdown marks go when asked for, and the words stay', async () => {
  const text = '# Title\n\n> A **bold** and *slanted* [link](http://x.y) with `code`, 2*3*4 and snake_case';
  expect(withoutMarkdown(text)).toBe('Title\n\nA bold and slanted link with code, 2*3*4 and snake_case');
  const { passages } = await markup.apply([passage(text)], {});
  expect(passages[0].fields.text).toBe(text);
});
