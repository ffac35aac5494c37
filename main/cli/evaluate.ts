// tunesmith evaluate
import { Split } from '../contract/datasets.ts';
import type { Evaluation } from '../contract/evaluations.ts';
import type { Run } from '../contract/runs.ts';
import { type Command, tableOf, UsageError } from './command.ts';
import { findRun } from './run.ts';

/** Worst records in the JSON of an evaluation. */
const worstShown = 10;

export const evaluateCommands: Command[] = [
  {
    name: 'evaluate',
    summary: 'Measures a run against its base model on held-out records.',
    arguments: ['<project>', '[run]'],
    options: {
      split: { type: 'string' },
      limit: { type: 'string' },
      metric: { type: 'string', multiple: true },
      'max-tokens': { type: 'string' },
      beams: { type: 'string' },
      'length-penalty': { type: 'string' },
    },
    optionHelp: {
      split: 'train, validation or test (test)',
      limit: 'measure at most so many records (all)',
      metric: 'id of a measure (may be repeated); those that fit otherwise',
      'max-tokens': 'longest answer in tokens (128)',
      beams: 'encoder-decoders: answers followed at once to find the likeliest, 1 to 16 (1)',
      'length-penalty': 'with beams: above 0 longer answers win, below 0 shorter ones (1)',
    },
    async run(context) {
      const { call, option, options, number, job } = context;
      const split = Split.safeParse(option('split') ?? 'test');
      if (!split.success) throw new UsageError('--split takes train, validation or test.');
      const { id: projectId } = await context.project(context.positionals[0]);
      const run = await findRun(context, projectId, context.positionals[1]);
      const started = await call('evaluations.start', {
        projectId,
        runId: run.id,
        split: split.data,
        limit: number('limit', 0),
        metricIds: options('metric'),
        maxNewTokens: number('max-tokens', 128),
        beams: number('beams', 1),
        lengthPenalty: number('length-penalty', 1),
      });
      await job(started.jobId!);
      const ref = { projectId, evaluationId: started.id };
      const evaluation = await call('evaluations.get', ref);
      const { predictions: worst } = await call('evaluations.predictions', { ...ref, limit: worstShown });
      const more = `Single records: tunesmith evaluations show <project> ${run.number}`;
      const lines = [describeEvaluation(evaluation), ...baseLines(run), more];
      return { json: { ...evaluation, worst }, text: lines.join('\n') };
    },
  },
];

/** What the base costs that the tuned side answers over; nothing where both sides have the same weights. */
function baseLines({ quantizedBase }: Run): string[] {
  if (quantizedBase === null) return [];
  return [`${quantizedBase.sentence} The base was measured with its original weights.`];
}

/** The table of measures with the verdict. */
export function describeEvaluation(evaluation: Evaluation): string {
  const rows = evaluation.results.map((one) => [
    `${one.label} (${one.unit})`,
    one.base.value.toFixed(3),
    one.tuned.value.toFixed(3),
    `${one.difference.value.toFixed(3)} (${one.difference.low.toFixed(3)} to ${one.difference.high.toFixed(3)})`,
    { better: 'better', worse: 'worse', 'no-clear-change': 'no clear change' }[one.verdict],
  ]);
  const table = tableOf([['measure', 'base', 'tuned', 'difference (95 %)', 'verdict'], ...rows]);
  return `${table}\n\n${evaluation.records} ${evaluation.split} records. ${evaluation.verdict ?? ''}`;
}
