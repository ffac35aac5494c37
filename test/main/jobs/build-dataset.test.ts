import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DatasetRecord } from '../../../main/contract/datasets.ts';
import type { DocumentPart } from '../../../main/contract/documents.ts';
import { suggest } from '../../../main/datasets/detect.ts';
import { createPartsWriter, readParts } from '../../../main/documents/parts.ts';
import { buildDataset } from '../../../main/jobs/build-dataset.ts';
import type { JobContext, SourceFile } from '../../../main/jobs/job.ts';
import { loadTokenizer } from '../../../main/tokens/tokenizer.ts';
import { sentences } from '../datasets/samples.ts';
import { readAll } from '../documents/packages.ts';

const tokenizerFolder = join(import.meta.dirname, '../../reference/llama');
const context: JobContext<'build-dataset'> = {
  progress: () => {},
  emit: () => {},
  signal: new AbortController().signal,
  unlessPaused: async () => {},
  answer: async () => {},
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'build-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function importFile(name: string, content: string): Promise<SourceFile> {
  const { parts, columns, format } = await readAll(name, content);
  const partsFile = join(folder, `${name}.parts`);
  const writer = createPartsWriter(partsFile);
  for (const part of parts) writer.add(part);
  writer.finish();
  return { id: name, name, format, partsFile, columns };
}

async function sampled({ id, name, columns, partsFile }: SourceFile) {
  const sample: DocumentPart[] = [];
  for await (const part of readParts(partsFile)) sample.push(part);
  return { id, name, columns, sample };
}

test('a suggested recipe is built: the records file has what the report says', async () => {
  const rows = Array.from({ length: 50 }, (_, at) => `question ${at},answer ${at}`);
  const sources = [await importFile('faq.csv', `question,answer\n${rows.join('\n')}\n`)];
  const { recipe } = suggest(await Promise.all(sources.map(sampled)));
  const recordsFile = join(folder, 'records.jsonl');
  const input = { recipe, sources, tokenizerFolder: '', recordsFile };
  const built = await buildDataset.run({ ...input, mode: 'build' }, context);
  const lines = readFileSync(recordsFile, 'utf8').trimEnd().split('\n');
  const records = lines.map((line) => DatasetRecord.parse(JSON.parse(line)));
  expect(records).toHaveLength(50);
  expect(built).toMatchObject({
    recordType: 'chat',
    preview: null,
    report: { records: { train: 40, validation: 5, test: 5 } },
  });
  expect(existsSync(`${recordsFile}.part`)).toBe(false);
  rmSync(recordsFile);
  const preview = await buildDataset.run({ ...input, mode: 'preview' }, context);
  expect(preview.hash).toBe(built.hash);
  expect(preview.preview?.records).toHaveLength(50);
  expect(existsSync(recordsFile)).toBe(false);
});

test('chunks are measured with the tokenizer of the model', async () => {
  const sources = [await importFile('book.txt', sentences(200, 12).join(' '))];
  const { recipe } = suggest(await Promise.all(sources.map(sampled)));
  const shape = { type: 'chunks', tokens: 100, overlap: 20 } as const;
  const input = { recipe: { ...recipe, shape }, sources, mode: 'preview', recordsFile: '' } as const;
  const { preview } = await buildDataset.run({ ...input, tokenizerFolder }, context);
  const tokenizer = await loadTokenizer(tokenizerFolder);
  const lengths = await Promise.all(
    (preview?.records ?? []).map(async ({ content }) =>
      content.type === 'text' ? (await tokenizer.encodePlain(content.text)).ids.length : 0,
    ),
  );
  expect(lengths.length).toBeGreaterThan(20);
  expect(Math.max(...lengths)).toBeLessThanOrEqual(100);
  expect(Math.min(...lengths.slice(0, -1))).toBeGreaterThan(30);
  await expect(buildDataset.run({ ...input, tokenizerFolder: '' }, context)).rejects.toMatchObject({
    code: 'no-tokenizer',
  });
});
