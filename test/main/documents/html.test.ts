import { expect, test } from 'vitest';
import { failureOf, readAll } from './packages.ts';

const article = Array.from(
  { length: 6 },
  (_, at) =>
    `<p>Paragraph ${at + 1} explains, in a long sentence, with commas, how the kettle is cleaned.</p>`,
).join('');
const page = `<!doctype html><html><head><title>Kettle</title><style>p{}</style></head><body>
<nav><a href="/">Home</a> <a href="/shop">Shop</a></nav>
<article><h1>Cleaning the kettle</h1>${article}<h2>Lime</h2><p>Use vinegar,&nbsp;then rinse.</p></article>
<aside>Buy now</aside><footer>Imprint</footer><script>var x = "hidden";</script></body></html>`;

test('the main content is kept, and the share of kept text is told', async () => {
  const { parts, text, coverage } = await readAll('kettle.html', page);
  expect(text).toContain('Paragraph 6 explains');
  expect(text).not.toMatch(/Shop|Imprint|Buy now|hidden/);
  expect(parts.map((part) => part.place)).toEqual(['Cleaning the kettle', 'Cleaning the kettle > Lime']);
  expect(coverage.keptShare).toBeGreaterThan(0.9);
  expect(coverage.keptShare).toBeLessThan(1);
});

test('the whole page is kept when the user asks for it', async () => {
  const { text, coverage } = await readAll('kettle.html', page, { wholePage: true });
  expect(text).toMatch(/Shop[\s\S]*Imprint/);
  expect(text).not.toContain('hidden');
  expect(coverage.keptShare).toBe(1);
});

test('a fragment without main content falls back to all of its text', async () => {
  const { text } = await readAll('fragment.html', '<p>Only this.<p>And <b>that</b>.');
  expect(text).toBe('Only this.\n\nAnd that.');
});

test('lists, tables, code and superscripts keep their form', async () => {
  const { text } = await readAll(
    'forms.html',
    '<body><ol start="3"><li>three<ul><li>inner</li></ul></li><li>four</li></ol>' +
      '<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td><p>x</p><p>y</p></td></tr></table>' +
      '<pre>if x:\n    y</pre><p>10<sup>-3</sup> m<sup>2</sup>, 1<sup>st</sup></p></body>',
    { wholePage: true },
  );
  expect(text).toBe('3. three\n  - inner\n4. four\n\na | b\n1\nx\ny\n\nif x:\n    y\n\n10⁻³ m², 1st');
});

test('twenty thousand nested elements do not stop the reader', async () => {
  const { text } = await readAll(
    'deep.html',
    `<html><body>${'<div>'.repeat(20_000)}core${'</div>'.repeat(20_000)}</body></html>`,
    {
      wholePage: true,
    },
  );
  expect(text).toBe('core');
});

test('where elements nest beyond the limit, the whole page is read without a search for its main part', async () => {
  const { text, coverage } = await readAll('unclosed.html', `<html><body>${'<div>'.repeat(3000)}core`);
  expect(text).toBe('core');
  expect(coverage.notes).toEqual(['elements nest more than 512 levels deep; the whole page is kept']);
});

test('a page without visible text is refused', async () => {
  expect(await failureOf('app.html', '<html><body><script>run()</script></body></html>')).toMatchObject({
    code: 'html-no-text',
  });
});
