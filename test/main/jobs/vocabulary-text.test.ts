// The text for a vocabulary: read whole or in part, and the passages that tokenizers are compared on.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fertilityOf, vocabularyText } from '../../../main/jobs/vocabulary-text.ts';
import { loadTokenizer } from '../../../main/tokens/tokenizer.ts';
import { llamaFolder, record, recordsFile, temporaryFolder } from '../../helpers/tiny-model.ts';

const lines = (texts: string[]) =>
  texts.map((text) => `${JSON.stringify({ place: '', start: 0, text })}\n`).join('');

function partsFiles(...files: string[][]) {
  const folder = temporaryFolder();
  return files.map((texts, i) => {
    const file = join(folder, `${i}.jsonl`);
    writeFileSync(file, lines(texts));
    return file;
  });
}

const read = (text: ReturnType<typeof vocabularyText>, shares: number[] = []) => [
  ...text.read((share) => shares.push(share)),
];

test('all parts of all files come in order, lines of any length, and the share that was read ends at 1', () => {
  const long = 'ß\u2028'.repeat(300_000); // over the block size, with a sign that is no line end
  const files = partsFiles(['one', long, ''], [], ['three']);
  writeFileSync(files[1], lines(['two']).trimEnd()); // without a last line end
  const shares: number[] = [];
  const text = vocabularyText({ kind: 'documents', partsFiles: files }, 1);
  expect(read(text, shares)).toEqual(['one', long, 'two', 'three']);
  expect(shares.at(-1)).toBe(1);
  expect(shares).toEqual(shares.toSorted((a, b) => a - b));
  expect(text.share).toBe(1);
});

test('of very large text a part is drawn, the same for the same seed', () => {
  const texts = Array.from({ length: 2000 }, (_, i) => `passage ${i} ${'x'.repeat(50)}`);
  const place = { kind: 'documents' as const, partsFiles: partsFiles(texts) };
  const drawn = vocabularyText(place, 7, lines(texts).length / 4);
  const found = read(drawn);
  expect(drawn.share).toBeCloseTo(0.25, 5);
  expect(found.length).toBeGreaterThan(400);
  expect(found.length).toBeLessThan(600);
  expect(read(vocabularyText(place, 7, lines(texts).length / 4))).toEqual(found);
  expect(read(vocabularyText(place, 8, lines(texts).length / 4))).not.toEqual(found);
});

test('passages to compare on are a sample of all, short, and apart from what was learned where that is possible', () => {
  const texts = Array.from({ length: 1000 }, (_, i) => `${i} ${'y'.repeat(5000)}`);
  const text = vocabularyText({ kind: 'documents', partsFiles: partsFiles(texts) }, 3);
  read(text);
  const { texts: sample, heldOut } = text.passages();
  expect({ count: sample.length, heldOut }).toEqual({ count: 300, heldOut: false });
  expect(Math.max(...sample.map(({ length }) => length))).toBe(2000);
  const places = sample.map((passage) => Number.parseInt(passage, 10));
  expect(places.filter((place) => place >= 500).length).toBeGreaterThan(100);

  const folder = temporaryFolder();
  const content = (words: string) => ({ type: 'completion', prompt: words, completion: 'yes' }) as const;
  const file = recordsFile(folder, [
    record('1', 'train', content('learned')),
    record('2', 'test', content('measured')),
  ]);
  const version = vocabularyText({ kind: 'dataset', recordsFile: file }, 3);
  expect(read(version)).toEqual(['learned\nyes']);
  expect(version.passages()).toEqual({ texts: ['measured\nyes'], heldOut: true });
});

test('fertility counts tokens per word and characters per token', async () => {
  const tokenizer = await loadTokenizer(llamaFolder);
  const texts = ['one two three', 'vier'];
  const encoded = await tokenizer.encodePlainBatch(texts);
  const tokens = encoded.reduce((sum, { ids }) => sum + ids.length, 0);
  expect(await fertilityOf('Tiny', tokenizer, texts)).toEqual({
    name: 'Tiny',
    vocabularySize: tokenizer.vocabularySize,
    tokensPerWord: tokens / 4,
    charactersPerToken: 17 / tokens,
    words: 4,
  });
});
