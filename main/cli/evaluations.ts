// tunesmith evaluations ...: measurements that were made, and their records one by one.
import type { Evaluation, Prediction } from '../contract/evaluations.ts';
import { AppError } from '../errors.ts';
import { type Command, type Context, tableOf, UsageError } from './command.ts';
import { describeEvaluation } from './evaluate.ts';
import { findRun } from './run.ts';

const sorts = ['worst', 'best', 'most-improved', 'order'] as const;

export const evaluationCommands: Command[] = [
  {
    name: 'evaluations list',
    summary: 'Lists the evaluations of a project, or of one run.',
    arguments: ['<project>', '[run]'],
    options: {},
    optionHelp: {},
    async run(context) {
      const [given, number] = context.positionals;
      const { id: projectId } = await context.project(given);
      const run = number === undefined ? null : await findRun(context, projectId, number);
      const evaluations = await context.call('evaluations.list', { projectId, runId: run?.id ?? null });
      const runs = await context.call('runs.list', { projectId });
      const rows = evaluations.map((one) => [
        one.id,
        runs.find(({ id }) => id === one.runId)?.number ?? null,
        new Date(one.createdAt).toISOString().slice(0, 16).replace('T', ' '),
        one.split,
        one.records,
        one.state,
        one.verdict ?? one.error?.message ?? null,
      ]);
      const header = ['id', 'run', 'time (UTC)', 'split', 'records', 'state', 'verdict'];
      return { json: evaluations, text: tableOf([header, ...rows]) };
    },
  },
  {
    name: 'evaluations show',
    summary: 'Shows an evaluation of a run (the newest) with single records, the worst first.',
    arguments: ['<project>', '[run]'],
    options: {
      evaluation: { type: 'string' },
      records: { type: 'string' },
      sort: { type: 'string' },
      metric: { type: 'string' },
    },
    optionHelp: {
      evaluation: 'id of the evaluation (the newest one that is finished)',
      records: 'how many records to show (10)',
      sort: `${sorts.join(', ')} (worst)`,
      metric: 'id of the measure that sorts (the loss)',
    },
    async run(context) {
      const { call, option, number, positionals } = context;
      const sort = sorts.find((one) => one === (option('sort') ?? 'worst'));
      if (!sort) throw new UsageError(`--sort takes one of ${sorts.join(', ')}.`);
      const { id: projectId } = await context.project(positionals[0]);
      const evaluation = await findEvaluation(context, projectId);
      const metricId = metricOf(evaluation, option('metric'));
      const limit = Math.max(1, number('records', 10));
      const ref = { projectId, evaluationId: evaluation.id };
      const { predictions, total } = await call('evaluations.predictions', { ...ref, sort, metricId, limit });
      const text = [
        describeEvaluation(evaluation),
        `${predictions.length} of ${total} records, ${sort === 'order' ? 'in their order' : `${sort} first`}:`,
        ...predictions.map(describePrediction),
      ];
      return { json: { evaluation, predictions, total }, text: text.join('\n\n') };
    },
  },
];

async function findEvaluation(context: Context, projectId: string): Promise<Evaluation> {
  const wanted = context.option('evaluation');
  const number = context.positionals[1];
  const run = number === undefined ? null : await findRun(context, projectId, number);
  const all = await context.call('evaluations.list', { projectId, runId: run?.id ?? null });
  const found =
    wanted === undefined
      ? all.find(({ state }) => state === 'finished')
      : all.find((one) => one.id === wanted);
  if (found) return found;
  const what = wanted === undefined ? 'no finished evaluation' : `no evaluation "${wanted}"`;
  throw new AppError(
    'evaluation-unknown',
    `${run ? `Run ${run.number}` : 'The project'} has ${what}.`,
    'Measure: tunesmith evaluate <project> <run>',
  );
}

function metricOf({ results }: Evaluation, given: string | undefined): string | null {
  if (given === undefined || results.some(({ metricId }) => metricId === given)) return given ?? null;
  throw new UsageError(`--metric takes one of ${results.map(({ metricId }) => metricId).join(', ')}.`);
}

/** A record with both answers. */
function describePrediction({ place, prompt, reference, base, tuned, scores }: Prediction): string {
  const values = Object.entries(scores).map(([id, value]) => `${id} ${value.toFixed(3)}`);
  return [
    `${place === '' ? 'record' : place}${values.length > 0 ? `: ${values.join(', ')}` : ''}`,
    `  prompt     ${oneLine(prompt)}`,
    `  reference  ${oneLine(reference)}`,
    `  base       ${oneLine(base.output)}`,
    `  tuned      ${oneLine(tuned.output)}`,
  ].join('\n');
}

const longest = 200;

function oneLine(text: string): string {
  const flat = text.replace(/\s+/g, ' ').trim();
  return flat.length > longest ? `${flat.slice(0, longest)} ...` : flat;
}
