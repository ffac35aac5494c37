// Exports: file sets that other programs load, each re-read and compared with the model in the app.
import { z } from 'zod';
import { call, Id, Nothing, Time, WireError } from './wire.ts';

/** Weights that an adapter is merged into, or is to be loaded onto: as they were, or as the run read them in few bits. */
export const ExportBase = z.enum(['original', 'quantized']);
export type ExportBase = z.infer<typeof ExportBase>;

const Difference = z.object({
  maxLogitDifference: z.number(),
  topTokenAgreement: z.number(),
});

/** The files of a run over a base in few bits, against the live model over either base. */
export const OverBases = z.object({
  /** The base whose weights the files hold or need. */
  holds: ExportBase,
  kind: z.enum(['int8', 'int4', 'nf4']),
  /** The adapter on the original weights. */
  original: Difference,
  /** The adapter on the base in few bits: as it was trained, evaluated and asked in chat. */
  quantized: Difference,
  /** Names the base, and says what the difference means. */
  sentence: z.string(),
});
export type OverBases = z.infer<typeof OverBases>;

/** What re-reading the written files gave. */
export const Parity = z.object({
  /** Largest absolute logit difference to the live model. */
  maxLogitDifference: z.number(),
  /** Share of positions with the same most probable token, 0 to 1. */
  topTokenAgreement: z.number(),
  positions: z.int(),
  same: z.boolean(),
  sentence: z.string(),
  overBases: OverBases.optional(),
});
export type Parity = z.infer<typeof Parity>;

export const Export = z.object({
  id: Id,
  projectId: Id,
  runId: Id,
  format: z.string(),
  options: z.record(z.string(), z.unknown()),
  state: z.enum(['queued', 'running', 'finished', 'failed', 'cancelled']),
  jobId: Id.nullable(),
  /** Absolute path, for display only. */
  folder: z.string(),
  files: z.array(z.object({ name: z.string(), bytes: z.int(), sha256: z.string() })),
  bytes: z.int(),
  parity: Parity.nullable(),
  error: WireError.nullable(),
  createdAt: Time,
});
export type Export = z.infer<typeof Export>;

const ExportRef = z.object({ projectId: Id, exportId: Id });

export const exportCalls = {
  'exports.start': call({
    input: z.object({
      projectId: Id,
      runId: Id,
      format: z.string(),
      options: z.record(z.string(), z.unknown()).default({}),
      checkpoint: z.enum(['best', 'last']).default('best'),
      /** For runs over a base in few bits, and formats that merge. */
      base: ExportBase.default('original'),
    }),
    output: Export,
  }),
  'exports.list': call({
    input: z.object({ projectId: Id, runId: Id.nullable().default(null) }),
    output: z.array(Export),
  }),
  'exports.get': call({ input: ExportRef, output: Export }),
  /** Shows the folder in the file manager; refused where the shell has none (browser mode says the path). */
  'exports.reveal': call({ input: ExportRef, output: z.object({ shown: z.boolean(), folder: z.string() }) }),
  /** One token for the export as a zip file, for browser mode. */
  'exports.download': call({
    input: ExportRef,
    output: z.object({ token: z.string(), fileName: z.string() }),
  }),
  'exports.delete': call({ input: ExportRef, output: Nothing }),
};
