import { expect, test } from 'vitest';
import { defaultLimits } from '../../../main/documents/limits.ts';
import { failureOf, readAll } from './packages.ts';

test('long text is cut at blank lines only, and the starts fit the whole text', async () => {
  const paragraphs = Array.from({ length: 40 }, (_, at) => `Paragraph ${at}: ${'word '.repeat(30)}end.`);
  const { parts, text, characters, words } = await readAll('long.txt', paragraphs.join('\r\n\r\n'));
  expect(parts.length).toBeGreaterThan(2);
  expect(text).toBe(paragraphs.join('\n\n'));
  for (const part of parts) expect(text.slice(part.start, part.start + part.text.length)).toBe(part.text);
  expect(characters).toBe(parts.reduce((sum, part) => sum + part.text.length, 0));
  expect(words).toBe(40 * 33);
});

test('a paragraph without end is cut at spaces', async () => {
  const { parts } = await readAll('endless.txt', 'word '.repeat(20_000));
  expect(Math.max(...parts.map((part) => part.text.length))).toBeLessThanOrEqual(20_000);
});

test('text beyond the limit of characters is refused', async () => {
  const limits = { ...defaultLimits, characters: 1_000 };
  const failure = await failureOf('big.txt', 'word '.repeat(400), {}, limits);
  expect(failure.message).toBe('"big.txt" has more than 1,000 characters, which is the limit for one file.');
});
