// Events pushed from the backend to every window. Batched: at most about ten a second of each kind.
import { z } from 'zod';
import { DatasetVersion } from './datasets.ts';
import { Evaluation } from './evaluations.ts';
import { Export } from './exports.ts';
import { Job } from './jobs.ts';
import { MetricPoint, Run, SamplePoint, ValidationPoint } from './runs.ts';
import { Id } from './wire.ts';

export const events = {
  /** A job was made or changed. */
  'job.changed': Job,
  'run.changed': Run,
  'run.metrics': z.object({
    runId: Id,
    train: z.array(MetricPoint),
    validation: z.array(ValidationPoint),
    samples: z.array(SamplePoint),
  }),
  'evaluation.changed': Evaluation,
  'export.changed': Export,
  'dataset.frozen': DatasetVersion,
  /** Documents of this project changed; screens fetch what they show. */
  'documents.changed': z.object({ projectId: Id }),
  'projects.changed': z.object({ projectId: Id.nullable() }),
  'models.changed': z.object({}),
  'chat.delta': z.object({ sessionId: Id, columnId: Id, text: z.string() }),
};
export type Events = { [Name in keyof typeof events]: z.infer<(typeof events)[Name]> };
