// Jobs: all work that can take over ~50 ms. They live in the backend; a window only looks at them.
import { z } from 'zod';
import { call, Id, Nothing, Time, WireError } from './wire.ts';

export const JobKind = z.enum([
  'import-documents',
  'build-dataset',
  'inspect',
  'train',
  'evaluate',
  'chat',
  'export',
  'project-file',
  'device-check',
  'download-model',
  'download-cuda',
  'create-model',
]);
export type JobKind = z.infer<typeof JobKind>;

export const Job = z.object({
  id: Id,
  kind: JobKind,
  projectId: Id.nullable(),
  /** What it is for: a run, an evaluation, an export, a source. */
  subjectId: Id.nullable(),
  title: z.string(),
  state: z.enum([
    'waits',
    'running',
    'paused',
    'finishing',
    'finished',
    'failed',
    'cancelled',
    'interrupted',
  ]),
  /** 0 to 1; null when the total is unknown. */
  progress: z.number().min(0).max(1).nullable(),
  /** Position, such as "step 548 of 942" or "12 of 148 files". */
  position: z.string(),
  /** Rate, such as "651 tokens/s". */
  rate: z.string(),
  secondsLeft: z.number().nullable(),
  canPause: z.boolean(),
  /** What cancelling keeps: "Stop and keep step 500". */
  cancelLabel: z.string(),
  /** Free-form JSON for the screens: `{versionId}`, `{download}`, a `DatasetPreview` and so on. */
  result: z.unknown().nullable(),
  error: WireError.nullable(),
  dismissed: z.boolean(),
  createdAt: Time,
  startedAt: Time.nullable(),
  endedAt: Time.nullable(),
});
export type Job = z.infer<typeof Job>;

const JobRef = z.object({ jobId: Id });

export const jobs = {
  'jobs.list': call({ input: z.object({ projectId: Id.nullable().default(null) }), output: z.array(Job) }),
  'jobs.get': call({ input: JobRef, output: Job }),
  'jobs.cancel': call({ input: JobRef, output: Job }),
  'jobs.pause': call({ input: JobRef, output: Job }),
  'jobs.resume': call({ input: JobRef, output: Job }),
  'jobs.dismiss': call({ input: JobRef, output: Nothing }),
};
