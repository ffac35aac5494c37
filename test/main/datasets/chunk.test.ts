import { expect, test } from 'vitest';
import { chunkText, type EncodeBatch } from '../../../main/datasets/chunk.ts';
import { countWords, encodeWords, sentences } from './samples.ts';

const texts = async (text: string, tokens: number, overlap: number, encode: EncodeBatch = encodeWords) =>
  (await chunkText(text, { tokens, overlap }, encode)).map(({ start, end }) => text.slice(start, end));

test('no chunk is longer than the limit, and nothing is lost', async () => {
  const text = sentences(100, 9).join(' ');
  const chunks = await texts(text, 40, 0);
  for (const chunk of chunks) expect(countWords(chunk)).toBeLessThanOrEqual(40);
  expect(chunks.join(' ')).toBe(text);
});

test('chunks end with a sentence and repeat whole sentences', async () => {
  const chunks = await texts(sentences(30, 10).join(' '), 40, 10);
  expect(chunks.every((chunk) => chunk.endsWith('.') && chunk.startsWith('Sentence'))).toBe(true);
  for (let at = 1; at < chunks.length; at++) {
    const last = chunks[at - 1].slice(chunks[at - 1].lastIndexOf('Sentence'));
    expect(chunks[at].startsWith(last)).toBe(true);
  }
});

test('a paragraph border is preferred, and a heading goes with what it heads', async () => {
  const paragraph = (seed: number) => sentences(3, 10, seed).join(' ');
  const text = [paragraph(1), 'A heading', paragraph(2), 'Another heading', paragraph(3)].join('\n\n');
  const chunks = await texts(text, 35, 0);
  expect(chunks).toEqual([
    paragraph(1),
    `A heading\n\n${paragraph(2)}`,
    `Another heading\n\n${paragraph(3)}`,
  ]);
});

test('a sentence longer than a chunk is cut between words', async () => {
  const text = Array.from({ length: 100 }, (_, at) => `word${at}`).join(' ');
  const chunks = await texts(text, 16, 4);
  expect(chunks.join(' ')).toBe(text);
  for (const chunk of chunks) expect(countWords(chunk)).toBeLessThanOrEqual(16);
});

test('tokens smaller than a character never cut one', async () => {
  // Three byte tokens for each character, as byte-fallback tokenizers give them.
  const bytes: EncodeBatch = async (all) =>
    all.map((text) => {
      const offsets = [...text.matchAll(/./gsu)].flatMap((found) => {
        const span = [found.index, found.index + found[0].length] as const;
        return [span, span, span];
      });
      return { ids: offsets, offsets };
    });
  const text = '😀'.repeat(40);
  const chunks = await texts(text, 16, 0, bytes);
  expect(chunks.join('')).toBe(text);
  for (const chunk of chunks) expect(chunk.isWellFormed()).toBe(true);
  expect(Math.max(...chunks.map((chunk) => [...chunk].length * 3))).toBeLessThanOrEqual(16);
});

test('what is repeated leaves room for the next sentence, so no chunk only repeats', async () => {
  const text = 'One two three. Four five. One two three four five six seven. Eight nine.';
  expect(await texts(text, 8, 3)).toEqual([
    'One two three. Four five.',
    'One two three four five six seven.',
    'Eight nine.',
  ]);
  expect(await texts('One two. Three four.\n\n   \n', 4, 2)).toEqual(['One two. Three four.']);
});

test('sentences that take more tokens together than alone are not glued beyond the limit', async () => {
  const sticky: EncodeBatch = async (all) =>
    (await encodeWords(all)).map(({ offsets }, at) => {
      const stops = all[at].split('.').length - 1;
      const more = [...offsets, ...offsets.slice(0, Math.max(0, stops - 1))];
      return { ids: more, offsets: more };
    });
  expect(await texts('One two. Three four.', 4, 0, sticky)).toEqual(['One two.', 'Three four.']);
});

test('blank text gives no chunk', async () => {
  expect(await texts(' \n\n ', 16, 4)).toEqual([]);
});
