// Validations of a run that are judged by a measure of answers: the values are those of an evaluation of the same split, and
// the best checkpoint and the early end follow them. What does not suit the task is refused.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DatasetRecord, RecordContent } from '../../../main/contract/datasets.ts';
import type { MetricPoint, Plan, TrainSettings, ValidationPoint } from '../../../main/contract/runs.ts';
import { evaluate } from '../../../main/jobs/evaluate.ts';
import { inspect } from '../../../main/jobs/inspect.ts';
import type { TrainInput } from '../../../main/jobs/job.ts';
import { train } from '../../../main/jobs/train.ts';
import { checkpointFolder } from '../../../main/training/checkpoint.ts';
import { completion, interactive, jobContext, record } from '../../helpers/tiny-model.ts';
import { bertFolder, message, taskInput, topics } from '../../helpers/tiny-tasks.ts';

let parent = '';
let base = '';
beforeAll(() => {
  parent = mkdtempSync(join(tmpdir(), 'tunesmith-validation-'));
  base = bertFolder(parent);
});
afterAll(() => rmSync(parent, { recursive: true, force: true }));

const recordsOf = (contentOf: (i: number) => RecordContent): DatasetRecord[] =>
  Array.from({ length: 72 }, (_, i) => record(`r${i}`, i < 60 ? 'train' : 'validation', contentOf(i)));
const topicOf = (i: number) => completion(message(i).text, message(i).topic);
/** The last validation record has an answer that no training record has. */
const withUnknown = recordsOf((i) => (i === 71 ? completion(message(i).text, 'gardening') : topicOf(i)));
const setsOf = recordsOf((i) => {
  const { text, topic } = message(i);
  return completion(text, text.startsWith('There is a problem') ? `${topic}, urgent` : topic);
});
const numbersOf = recordsOf((i) => {
  const { text, topic } = message(i);
  return completion(text, String(Object.keys(topics).indexOf(topic) + 0.5));
});

/** Marks what is asked about; the last validation record has a label that no training record has. */
const marksOf = recordsOf((i) => {
  const { text } = message((37 * i) % 96);
  const label = i === 71 ? 'ODDITY' : 'THING';
  return completion(text, text.replace(/invoice|refund|screw|leak|parcel|courier/, `[$&](${label})`));
});

const inputOf = (records: readonly DatasetRecord[], settings: Partial<TrainSettings> & { name: string }) =>
  taskInput(parent, base, records, { learningRate: 5e-3, epochs: 5, packing: false, ...settings });

async function trained(input: TrainInput, heard?: (stop: AbortController, points: MetricPoint[]) => void) {
  const stop = new AbortController();
  const { context, collected } = jobContext<'train'>(stop.signal);
  const { emit } = context;
  context.emit = (name, payload) => {
    emit(name, payload);
    if (name === 'metrics') heard?.(stop, (payload as { train: MetricPoint[] }).train);
  };
  const result = await train.run(input, context);
  const of = (name: string) => collected.events.filter((event) => event.name === name);
  const points = of('metrics').flatMap(
    ({ payload }) => (payload as { validation: ValidationPoint[] }).validation,
  );
  return { result, points, sentences: JSON.stringify(of('message')), checkpoints: of('checkpoint') };
}

async function evaluated(
  { modelFolder, runFolder, recordsFile }: TrainInput,
  step: number,
  metricId: string,
) {
  const { results } = await evaluate.run(
    {
      modelFolder,
      tuned: { kind: 'adapter', folder: checkpointFolder(runFolder, step) },
      recordsFile,
      split: 'validation',
      limit: 0,
      metricIds: [metricId],
      maxNewTokens: 8,
      threads: 1,
      predictionsFile: join(runFolder, 'predictions.jsonl'),
    },
    jobContext<'evaluate'>().context,
  );
  return results.find((one) => one.metricId === metricId)?.tuned.value ?? Number.NaN;
}

test.each([
  ['accuracy', withUnknown],
  ['f1-macro', withUnknown],
  ['roc-auc', recordsOf(topicOf)],
  ['label-sets-f1-micro', setsOf],
  ['mean-absolute-error', numbersOf],
  ['entities-f1', marksOf],
  ['word-accuracy', marksOf],
] as const)(
  'judged by %s, each validation has the value that an evaluation finds',
  async (validationMetric, records) => {
    const input = inputOf(records, { name: validationMetric, validationMetric });
    const { result, points } = await trained(input);
    expect(points.every(({ score, loss }) => Number.isFinite(score) && Number.isFinite(loss))).toBe(true);
    const last = points.findLast(({ step }) => step === result.step);
    expect(last?.score).toBeCloseTo(await evaluated(input, result.step, validationMetric), 5);
    const lower = validationMetric === 'mean-absolute-error';
    const scores = points.filter(({ step }) => step > 0).map(({ score }) => score as number);
    const best = lower ? Math.min(...scores) : Math.max(...scores);
    // the first of equal ones
    expect(result.bestStep).toBe(points.find(({ score, step }) => step > 0 && score === best)?.step);
    expect(points.filter(({ best: is }) => is).at(-1)?.step).toBe(result.bestStep);
    // the unknown answer is wrong
    if (records === withUnknown || records === marksOf) expect(Math.max(...scores)).toBeLessThan(1);
  },
  60_000,
);

test('a run ends when the measure does not gain enough, although the loss still falls', async () => {
  const input = inputOf(withUnknown, {
    name: 'patient',
    validationMetric: 'accuracy',
    minimumGain: 1,
    patience: 2,
    evalEvery: 1,
  });
  const { result, points, sentences } = await trained(input);
  expect(result).toMatchObject({ step: 3, stopped: false }); // the first validation counts from nothing
  expect(points.at(-1)?.loss).toBeLessThan(points[0].loss);
  expect(sentences).toContain('did not rise by more than 1 in 2 validations');
  expect(sentences).toContain('Right label (accuracy)');
}, 60_000);

test('a run that is stopped in a validation saves at once, and makes up for it when it goes on', async () => {
  const settings = { validationMetric: 'accuracy', evalEvery: 3, epochs: 1 } as const;
  const input = inputOf(withUnknown, { name: 'stopped', ...settings });
  const first = await trained(input, (stop, points) => {
    if (points.some(({ step }) => step === 3)) stop.abort();
  });
  expect(first.result).toMatchObject({ step: 3, stopped: true, bestStep: null });
  expect(first.points.map(({ step }) => step)).toEqual([0]);
  const second = await trained({ ...input, resume: true });
  const whole = await trained(inputOf(withUnknown, { name: 'never stopped', ...settings }));
  expect([...first.points, ...second.points]).toEqual(whole.points);
  const { peakBytes: _, ...result } = whole.result;
  expect(second.result).toMatchObject(result);
}, 60_000);

test('a measure without a value on the answers is said once, judges nothing and ends no run', async () => {
  const oneTopic = recordsOf((i) => (i < 60 ? topicOf(i) : completion(message(i).text, message(0).topic)));
  const input = inputOf(oneTopic, { name: 'unscored', validationMetric: 'roc-auc', patience: 1, epochs: 1 });
  const { result, points, sentences } = await trained(input);
  expect(result).toMatchObject({ step: 8, bestStep: null, stopped: false });
  expect(points.length).toBeGreaterThan(2);
  for (const { score, best, loss } of points) {
    expect(score).toBeUndefined();
    expect(best).toBe(false);
    expect(Number.isFinite(loss)).toBe(true);
  }
  expect(sentences.match(/is judged by nothing: .*?records of every class/g)).toHaveLength(1);
}, 60_000);

test('a measure that does not suit what is learned is refused by the plan and by the job', async () => {
  const input = inputOf(numbersOf, { name: 'unfit', validationMetric: 'accuracy' });
  const sentence =
    'Validations cannot be judged by "accuracy": what this run learns is judged by one of: ' +
    'loss, mean-absolute-error, root-mean-squared-error, pearson, spearman.';
  await expect(train.run(input, jobContext<'train'>().context)).rejects.toMatchObject({
    code: 'settings-unfit',
    message: sentence,
  });
  const { ask, stop } = await interactive<'inspect'>((context) => inspect.run({}, context));
  try {
    const plan = (await ask('plan', { ...input, diskBytes: 1e9 })) as Plan;
    const failed = plan.checks.filter(({ state }) => state === 'failed').map((check) => check.sentence);
    expect(failed).toEqual([`${sentence} Choose another one under "All settings".`]);
  } finally {
    await stop();
  }
}, 60_000);
