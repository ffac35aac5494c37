// Builds a dataset from imported sources: a preview (counts, samples, first records) or the records of a
// version, written as JSON lines through a temporary name. Puts documents, datasets and tokens together;
// knows no database.
import { open, rename, rm } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { DatasetRecord, DatasetReport } from '../contract/datasets.ts';
import { buildDataset as build } from '../datasets/build.ts';
import type { EncodeBatch } from '../datasets/chunk.ts';
import { readParts } from '../documents/parts.ts';
import { AppError } from '../errors.ts';
import { loadTokenizer } from '../tokens/tokenizer.ts';
import { readTokenizerFolder } from '../tokens/tokenizer-file.ts';
import type { JobRunner } from './job.ts';
import { refusedRoles } from './refused-roles.ts';

/** Records that a preview shows. */
const previewRecords = 100;

export const buildDataset: JobRunner<'build-dataset'> = {
  kind: 'build-dataset',
  async run(input, context) {
    const startedAt = performance.now();
    const sources = input.sources.map((source) => ({ ...source, parts: readParts(source.partsFile) }));
    const result = await build(input.recipe, sources, encoderOf(input.tokenizerFolder), {
      signal: context.signal,
      unlessPaused: () => context.unlessPaused(),
      onProgress(position, progress) {
        const seconds = (performance.now() - startedAt) / 1000;
        const secondsLeft = progress > 0.05 ? (seconds / progress) * (1 - progress) : null;
        context.progress({ progress, position, rate: '', secondsLeft });
      },
    });
    const { records, hash, recordType } = result;
    const report = { ...result.report, ...(await refusalsOf(input.tokenizerFolder, records)) };
    if (input.mode === 'build') await writeRecords(input.recordsFile, records);
    const preview = input.mode === 'preview' ? { report, records: records.slice(0, previewRecords) } : null;
    return { report, hash, recordType, preview };
  },
};

/** Loads the tokenizer when the first text is to be counted; only chunks need it. */
function encoderOf(folder: string): EncodeBatch {
  let loading: ReturnType<typeof loadTokenizer> | undefined;
  return async (texts) => {
    if (folder === '') {
      throw new AppError(
        'no-tokenizer',
        'There is no model to count tokens with.',
        'Choose a base model first, then build the dataset.',
      );
    }
    loading ??= loadTokenizer(folder);
    return (await loading).encodePlainBatch(texts);
  };
}

/** What the chat template of the chosen model refuses of the records. */
async function refusalsOf(
  folder: string,
  records: readonly DatasetRecord[],
): Promise<Pick<DatasetReport, 'refused'>> {
  if (folder === '' || records.every(({ content }) => content.type !== 'chat')) return {};
  const { settings } = await readTokenizerFolder(folder);
  if (settings.chatTemplate === undefined) return {};
  return { refused: await refusedRoles(settings, records, nextTurn) };
}

/** One record as JSON a line. The file gets its name only when it is complete. */
async function writeRecords(file: string, records: DatasetRecord[]): Promise<void> {
  const temporary = `${file}.part`;
  try {
    const handle = await open(temporary, 'w');
    try {
      for (let at = 0; at < records.length; at += 1000) {
        const lines = records.slice(at, at + 1000).map((record) => `${JSON.stringify(record)}\n`);
        await handle.appendFile(lines.join(''), 'utf8');
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (thrown) {
    await rm(temporary, { force: true });
    throw thrown;
  }
}
