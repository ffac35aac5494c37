// What tests of encoders share: a run on few records, and what comes of it: an evaluation, an answer, an export and a plan,
// each through its job.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ChatAnswer } from '../../main/contract/chat.ts';
import type { DatasetRecord, RecordContent } from '../../main/contract/datasets.ts';
import { Prediction } from '../../main/contract/evaluations.ts';
import type { Plan, TrainSettings } from '../../main/contract/runs.ts';
import { chat } from '../../main/jobs/chat.ts';
import { evaluate } from '../../main/jobs/evaluate.ts';
import { exportModel } from '../../main/jobs/export.ts';
import { inspect } from '../../main/jobs/inspect.ts';
import type { TrainInput } from '../../main/jobs/job.ts';
import { train } from '../../main/jobs/train.ts';
import { checkpointFolder } from '../../main/training/checkpoint.ts';
import { interactive, jobContext, record } from './tiny-model.ts';
import { taskInput } from './tiny-tasks.ts';

export interface Folders {
  /** Runs go here. */
  parent: string;
  base: string;
}

/** 60 to train on, 12 to validate, 24 to test. */
export const recordsOf = (contentOf: (i: number) => RecordContent): DatasetRecord[] =>
  Array.from({ length: 96 }, (_, i) =>
    record(`r${i}`, i < 60 ? 'train' : i < 72 ? 'validation' : 'test', contentOf(i)),
  );

export interface Trained {
  input: TrainInput;
  sentences: string;
  /** Losses of the validations, in order. */
  losses: number[];
  tuned: { kind: 'adapter' | 'full'; folder: string };
}

export async function trained(
  { parent, base }: Folders,
  records: readonly DatasetRecord[],
  settings: Partial<TrainSettings> & { name: string },
): Promise<Trained> {
  const input = taskInput(parent, base, records, {
    learningRate: 5e-3,
    epochs: 12,
    packing: false,
    ...settings,
  });
  const { context, collected } = jobContext<'train'>();
  const { step } = await train.run(input, context);
  const of = (name: string) => collected.events.filter((event) => event.name === name);
  const points = of('metrics').flatMap(
    ({ payload }) => (payload as { validation: { loss: number }[] }).validation,
  );
  return {
    input,
    sentences: JSON.stringify(of('message')),
    losses: points.map(({ loss }) => loss),
    tuned: {
      kind: input.settings.method === 'full' ? 'full' : 'adapter',
      folder: checkpointFolder(input.runFolder, step),
    },
  };
}

export async function measured({ input, tuned }: Trained, metricIds: string[] = []) {
  const predictionsFile = join(input.runFolder, 'predictions.jsonl');
  const { results, verdict } = await evaluate.run(
    {
      modelFolder: input.modelFolder,
      tuned,
      recordsFile: input.recordsFile,
      split: 'test',
      limit: 0,
      metricIds,
      maxNewTokens: 8,
      threads: 1,
      predictionsFile,
    },
    jobContext<'evaluate'>().context,
  );
  const lines = readFileSync(predictionsFile, 'utf8').trimEnd().split('\n');
  const predictions = lines.map((line) => Prediction.parse(JSON.parse(line)));
  const value = (id: string, side: 'base' | 'tuned' = 'tuned') =>
    results.find(({ metricId }) => metricId === id)?.[side].value ?? Number.NaN;
  return { ids: results.map(({ metricId }) => metricId), value, verdict, predictions };
}

export async function said({ input, tuned }: Trained, text: string): Promise<ChatAnswer> {
  const opened = await interactive<'chat'>((context) =>
    chat.run({ modelFolder: input.modelFolder, columns: [{ id: 'run', tuned }], threads: 1 }, context),
  );
  const conversations = { run: [{ role: 'user', content: text }] };
  const [answer]: ChatAnswer[] = await opened.ask('send', { conversations, options: {} });
  await opened.stop();
  return answer;
}

export async function exported({ input, tuned }: Trained, format: string) {
  const folder = join(input.runFolder, format);
  const { parity } = await exportModel.run(
    {
      format,
      options: {},
      modelFolder: input.modelFolder,
      tuned,
      folder,
      lineage: { model: { name: 'owner/bert' } },
    },
    jobContext<'export'>().context,
  );
  const read = (name: string) => JSON.parse(readFileSync(join(folder, name), 'utf8'));
  return { folder, parity, read, card: readFileSync(join(folder, 'README.md'), 'utf8') };
}

export async function planned(
  modelFolder: string,
  file: string,
  settings: TrainSettings,
  startFrom: TrainInput['startFrom'] = null,
): Promise<Plan> {
  const opened = await interactive<'inspect'>((context) => inspect.run({}, context));
  const asked = { modelFolder, settings, memoryBytes: 4e9, diskBytes: 1e12, startFrom };
  const plan: Plan = await opened.ask('plan', { ...asked, recordsFile: file });
  await opened.stop();
  return plan;
}
