// The job that writes a tuned model for other programs: under a temporary name, opened again and compared
// with the live model (RULES.md 11), described by a model card, and only then renamed. Knows no format by
// name.
import { createHash } from 'node:crypto';
import {
  createReadStream,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { AppError } from '../errors.ts';
import type { Exporter, ExportSource } from '../exporters/exporter.ts';
import { exporterById, exporters } from '../exporters/index.ts';
import { modelCard } from '../exporters/model-card.ts';
import { type BothBases, compareBothBases, compareParity } from '../exporters/parity.ts';
import { hasNoEffect, openAsTrained, openTuned } from '../inference/weights.ts';
import { type Model, openTrainable } from '../models/load.ts';
import type { QuantizationKind } from '../models/quantize-blocks.ts';
import type { JobContext, JobRunner, JobTypes } from './job.ts';

type Input = JobTypes['export']['input'];
type Result = JobTypes['export']['result'];

export const exportModel: JobRunner<'export'> = {
  kind: 'export',
  run: async (input, context) => {
    const exporter = exporterById(input.format);
    if (exporter === undefined) {
      const known = exporters.map(({ id }) => id).join(', ');
      throw new AppError(
        'format-unknown',
        `There is no export format "${input.format}".`,
        `Choose among ${known}.`,
      );
    }
    const options = exporter.Options.safeParse(input.options);
    if (!options.success) {
      const { path, message } = options.error.issues[0];
      throw new AppError(
        'export-options',
        `The option "${path.join('.')}" does not fit: ${message}.`,
        'Change this option.',
      );
    }
    return write(input, exporter, options.data, context);
  },
};

/** Shares of the work: writing, comparing, hashing. */
const [written, compared] = [0.7, 0.95];

async function write(
  input: Input,
  exporter: Exporter,
  options: Record<string, unknown>,
  context: JobContext<'export'>,
): Promise<Result> {
  const base = openTrainable(input.modelFolder);
  const bases = await openBoth(base, input, exporter, context.signal);
  const tuned = bases[bases.holds];
  const refused = exporter.refuses(tuned);
  if (refused !== null) throw new AppError('export-refused', refused.message, refused.remedy);
  const report = (progress: number, position: string) =>
    context.progress({ progress, position, rate: '', secondsLeft: null });
  const source: ExportSource = {
    base,
    tuned,
    lineage: input.lineage,
    signal: context.signal,
    onProgress: (share) => report(share * written, 'writing the weights'),
  };
  requireSpace(dirname(input.folder), exporter.bytes(source, options));
  const temporary = `${input.folder}.tmp`;
  for (const left of [temporary, `${temporary}.check`]) rmSync(left, { recursive: true, force: true }); // of a killed export
  mkdirSync(temporary, { recursive: true });
  try {
    await exporter.write(source, temporary, options);
    report(written, 'comparing with the model in the app');
    const reopened = exporter.reopen(temporary, base);
    const dtype = exporter.dtype(source, options);
    const { kind } = bases;
    const parity =
      kind === undefined
        ? await compareParity(tuned, reopened, base.folder, dtype)
        : await compareBothBases({ ...bases, kind, merges: exporter.merges }, reopened, base.folder, dtype);
    if (tuned.weights !== undefined && hasNoEffect(tuned.weights)) {
      parity.sentence += ' The adapter has no effect yet: it answers like the base model.';
    }
    const card = modelCard(source, exporter.usage(source), parity, exporter.library);
    writeFileSync(join(temporary, 'README.md'), card);
    report(compared, 'reading the files back');
    const files = await describe(temporary);
    if (context.signal.aborted)
      throw new AppError('cancelled', 'The export was cancelled.', 'Start it again.');
    renameSync(temporary, input.folder);
    return { files, parity };
  } catch (thrown) {
    throw diskFault(thrown, input.folder);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/**
 * The live model over the original weights, and over the base in few bits that it was trained on (field case D04); the same
 * one twice where there is no such base.
 */
async function openBoth(
  base: Model,
  { tuned, base: wanted = 'original' }: Input,
  { label, merges }: Exporter,
  signal: AbortSignal,
): Promise<Omit<BothBases, 'kind' | 'merges'> & { kind: QuantizationKind | undefined }> {
  const original = openTuned(base, tuned);
  const kind = tuned.quantized?.kind;
  if (wanted === 'quantized' && (kind === undefined || !merges)) {
    throw new AppError(
      'export-base',
      kind === undefined
        ? 'This run was trained over the original weights, so there is no base in few bits to merge into.'
        : `"${label}" holds no weights of a base, so there is none in few bits to merge into.`,
      kind === undefined ? 'Export with the original weights.' : 'Choose a format of the whole model.',
    );
  }
  const quantized = kind === undefined ? original : await openAsTrained(base, tuned, signal);
  return { original, quantized, kind, holds: wanted };
}

async function describe(folder: string): Promise<Result['files']> {
  const files: Result['files'] = [];
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name);
    const hash = createHash('sha256');
    for await (const part of createReadStream(path)) hash.update(part as Buffer);
    files.push({ name, bytes: statSync(path).size, sha256: hash.digest('hex') });
  }
  return files;
}

function requireSpace(folder: string, needed: number): void {
  mkdirSync(folder, { recursive: true });
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize < needed) throw diskFull(needed, bavail * bsize);
}

function diskFault(thrown: unknown, folder: string): unknown {
  if ((thrown as NodeJS.ErrnoException).code !== 'ENOSPC') return thrown;
  const { bavail, bsize } = statfsSync(dirname(folder));
  return diskFull(undefined, bavail * bsize);
}

function diskFull(needed: number | undefined, free: number): AppError {
  const megabytes = (bytes: number) => `${Math.ceil(bytes / 1e6)} MB`;
  return new AppError(
    'disk-full',
    needed === undefined
      ? `The disk filled up while the files were written; ${megabytes(free)} are free.`
      : `The export needs ${megabytes(needed)}, but the disk has ${megabytes(free)} free.`,
    'Free some space, then export again.',
  );
}
