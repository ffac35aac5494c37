// tunesmith run ...
import { readFileSync } from 'node:fs';
import { faultInWords } from '../contract/faults.ts';
import { bestRun, notComparable } from '../contract/ranking.ts';
import { OptimizerSettings, type Recipe, type Run, TrainSettings } from '../contract/runs.ts';
import { AppError } from '../errors.ts';
import { type Command, type Context, tableOf, UsageError } from './command.ts';
import { findVersion } from './dataset.ts';
import { findModel } from './model.ts';
import { describePlan } from './run-plan.ts';

export const runCommands: Command[] = [
  {
    name: 'run start',
    summary: 'Trains: a preset on the newest dataset version, with changes if you want.',
    arguments: ['<project>'],
    options: {
      dataset: { type: 'string' },
      model: { type: 'string' },
      preset: { type: 'string' },
      settings: { type: 'string' },
      set: { type: 'string', multiple: true },
      from: { type: 'string' },
      checkpoint: { type: 'string' },
      name: { type: 'string' },
      'no-evaluate': { type: 'boolean' },
      'dry-run': { type: 'boolean' },
    },
    optionHelp: {
      dataset: 'number of the dataset version (the newest)',
      model: 'id or name of the base model (the chosen one)',
      preset: 'id of the preset (the suggested one)',
      settings: 'a JSON file with all settings, instead of a preset',
      set: 'one setting, such as --set epochs=3 or --set optimizer.kind=lion (may be repeated)',
      from: 'number of a run whose weights are the first ones (those of the base model)',
      checkpoint: 'which weights of that run: best or last (best)',
      name: 'name of the run',
      'no-evaluate': 'do not evaluate afterwards',
      'dry-run': 'only show the plan',
    },
    async run(context) {
      const { call, option, flag } = context;
      const { id: projectId } = await context.project(context.positionals[0]);
      const version = await findVersion(context, projectId, option('dataset'));
      const from =
        option('from') === undefined ? undefined : await findRun(context, projectId, option('from'));
      const model = await findModel(context, projectId, option('model') ?? from?.recipe.modelId);
      const ref = { projectId, versionId: version.id, modelId: model.id };
      const settings = await settingsOf(context, ref, from);
      const name = option('name') ?? `${model.name} on ${version.name}`.slice(0, 120);
      const recipe = {
        projectId,
        name,
        versionId: version.id,
        modelId: model.id,
        settings,
        thenEvaluate: !flag('no-evaluate'),
      };
      return flag('dry-run') ? planned(context, recipe) : watch(context, await call('runs.start', recipe));
    },
  },
  {
    name: 'run extend',
    summary:
      'Trains a run that has ended further: a new run from its last weights, with a schedule of its own.',
    arguments: ['<project>', '<run>'],
    options: {
      set: { type: 'string', multiple: true },
      name: { type: 'string' },
      'no-evaluate': { type: 'boolean' },
      'dry-run': { type: 'boolean' },
    },
    optionHelp: {
      set: 'one setting, such as --set epochs=2 or --set learningRate=1e-4 (may be repeated)',
      name: 'name of the new run',
      'no-evaluate': 'do not evaluate afterwards',
      'dry-run': 'only show the plan, with the first learning rate',
    },
    async run(context) {
      const { option, flag, call } = context;
      const { id: projectId } = await context.project(context.positionals[0]);
      const run = await findRun(context, projectId, context.positionals[1]);
      const startFrom = { runId: run.id, checkpoint: 'last' as const };
      const recipe = {
        ...run.recipe,
        name: option('name') ?? `${run.name}, longer`.slice(0, 120),
        settings: withAssignments({ ...run.recipe.settings, startFrom }, context.options('set')),
        thenEvaluate: run.recipe.thenEvaluate && !flag('no-evaluate'),
      };
      return flag('dry-run') ? planned(context, recipe) : watch(context, await call('runs.start', recipe));
    },
  },
  {
    name: 'run resume',
    summary: 'Goes on with a run from its last checkpoint, or with a paused one.',
    arguments: ['<project>', '<run>'],
    options: {
      epochs: { type: 'string' },
      'learning-rate': { type: 'string' },
      patience: { type: 'string' },
    },
    optionHelp: {
      epochs: 'all epochs of the run from here on, those done included; also of a finished run',
      'learning-rate': 'highest learning rate of the schedule from here on',
      patience: 'validations without a gain until it stops early from here on; 0 = never',
    },
    async run(context) {
      const { id: projectId } = await context.project(context.positionals[0]);
      const run = await findRun(context, projectId, context.positionals[1]);
      const given = [
        ['epochs', 'epochs'],
        ['learningRate', 'learning-rate'],
        ['patience', 'patience'],
      ].filter(([, name]) => context.option(name) !== undefined);
      const changes = Object.fromEntries(given.map(([field, name]) => [field, context.number(name, 0)]));
      return watch(context, await context.call('runs.resume', { projectId, runId: run.id, changes }));
    },
  },
  {
    name: 'run list',
    summary: 'Lists the runs of a project.',
    arguments: ['<project>'],
    options: {},
    optionHelp: {},
    async run({ call, positionals: [given], project }) {
      const runs = await call('runs.list', { projectId: (await project(given)).id });
      const ranked = runs.filter(({ validationLoss }) => validationLoss !== null);
      const best = bestRun(ranked);
      const rows = runs.map((one) => [
        one.number,
        one.name,
        one.state,
        `${one.step} of ${one.steps}`,
        one.trainLoss?.toFixed(4) ?? null,
        one.validationLoss?.toFixed(4) ?? null,
        scoreOf(one),
        one === best ? 'best' : '',
      ]);
      const head = ['run', 'name', 'state', 'step', 'loss', 'validation', 'judged by', ''];
      const unranked = notComparable(ranked);
      const text = tableOf([head, ...rows]);
      return { json: runs, text: unranked === null ? text : `${text}\n\n${unranked}` };
    },
  },
  {
    name: 'run show',
    summary: 'Shows a run (the newest without a number) with its curve.',
    arguments: ['<project>', '[run]'],
    options: { points: { type: 'string' } },
    optionHelp: { points: 'points of the curve (20)' },
    async run(context) {
      const { id: projectId } = await context.project(context.positionals[0]);
      const run = await findRun(context, projectId, context.positionals[1]);
      const points = Math.max(10, context.number('points', 20));
      const curves = await context.call('runs.metrics', { projectId, runId: run.id, points });
      const rows = curves.train.map((one) => [
        one.step,
        one.loss.toFixed(4),
        one.learningRate.toExponential(2),
        one.gradNorm.toFixed(3),
        Math.round(one.tokensPerSecond),
      ]);
      const text = `${describe(run)}\n\n${tableOf([['step', 'loss', 'rate', 'gradient', 'tokens/s'], ...rows])}`;
      return { json: { run, curves }, text };
    },
  },
];

/** The run by number or id; the newest one without. */
export async function findRun({ call }: Context, projectId: string, given: string | undefined): Promise<Run> {
  const runs = await call('runs.list', { projectId });
  const run =
    given === undefined ? runs[0] : runs.find((one) => String(one.number) === given || one.id === given);
  if (run) return run;
  const what = given === undefined ? 'no run' : `no run ${given}`;
  throw new AppError('run-unknown', `The project has ${what}.`, 'Start one: tunesmith run start <project>');
}

/** The plan of a recipe, without starting it. */
async function planned({ call }: Context, recipe: Recipe): Promise<{ json: unknown; text: string }> {
  const plan = await call('runs.plan', recipe);
  return { json: { recipe, plan }, text: describePlan(plan, recipe.settings) };
}

/** Follows the training and the evaluation behind it. */
async function watch(context: Context, started: Run): Promise<{ json: unknown; text: string }> {
  const { call, job, backend } = context;
  const ref = { projectId: started.projectId, runId: started.id };
  if (started.jobId && (await isElsewhere(context, started.jobId)))
    return {
      json: { run: started, evaluation: null },
      text: `Run ${started.number} is at work in a window or another command line, and goes on there.`,
    };
  if (started.jobId) await job(started.jobId);
  const next = backend.services.queue
    .active()
    .find((one) => one.kind === 'evaluate' && one.projectId === ref.projectId);
  if (next) await job(next.id);
  const run = await call('runs.get', ref);
  const [evaluation] = await call('evaluations.list', ref);
  const text = evaluation?.verdict ? `${describe(run)}\n${evaluation.verdict}` : describe(run);
  return { json: { run, evaluation: evaluation ?? null }, text };
}

/** Whether a window or another command line has the job at work. */
async function isElsewhere({ backend, call }: Context, jobId: string): Promise<boolean> {
  if (backend.services.queue.find(jobId)) return false;
  return (await call('jobs.get', { jobId })).endedAt === null;
}

/** `entities-f1 0.9123`, of the best validation; null where a run is judged by the loss. */
function scoreOf({ recipe, validationScore }: Run): string | null {
  return validationScore === null
    ? null
    : `${recipe.settings.validationMetric} ${validationScore.toFixed(4)}`;
}

function describe(run: Run): string {
  const loss =
    run.trainLoss === null ? '' : `, loss ${run.trainLoss.toFixed(4)} ${run.plan?.lossUnit ?? ''}`.trimEnd();
  const judged = scoreOf(run);
  const at = run.bestStep === null ? '' : ` at step ${run.bestStep}`;
  const validation =
    run.validationLoss === null
      ? ''
      : `, validation ${run.validationLoss.toFixed(4)}${judged === null ? '' : `, ${judged}`} (best${at})`;
  return [
    `Run ${run.number}, "${run.name}": ${run.state}, step ${run.step} of ${run.steps}${loss}${validation}`,
    ...(run.quantizedBase ? [run.quantizedBase.sentence] : []),
    ...run.messages.map((message) => `${message.level}: ${message.sentence}`),
    ...(run.error ? [`${run.error.message} ${run.error.remedy}`] : []),
  ].join('\n');
}

async function settingsOf(
  context: Context,
  ref: { projectId: string; versionId: string; modelId: string },
  from: Run | undefined,
): Promise<TrainSettings> {
  const file = context.option('settings');
  const settings = requireSettings(
    file === undefined ? await presetOf(context, ref) : JSON.parse(readFileSync(context.path(file), 'utf8')),
  );
  if (from === undefined && context.option('checkpoint') !== undefined)
    throw new UsageError('--checkpoint needs --from with the number of a run.');
  if (from !== undefined) {
    settings.startFrom = requireSettings({
      ...settings,
      startFrom: { runId: from.id, checkpoint: context.option('checkpoint') ?? 'best' },
    }).startFrom;
  }
  return withAssignments(settings, context.options('set'));
}

function withAssignments(given: TrainSettings, assignments: readonly string[]): TrainSettings {
  const settings: Record<string, unknown> = structuredClone(given);
  for (const assignment of assignments) assign(settings, assignment);
  return requireSettings(settings);
}

/** Settings with what came later at its usual value; all faults at once. */
function requireSettings(settings: unknown): TrainSettings {
  const parsed = TrainSettings.safeParse(settings);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => faultInWords(path.join('.'), message));
  throw new AppError(
    'settings',
    `${faults.length === 1 ? 'A setting does' : `${faults.length} settings do`} not fit: ${faults.join('; ')}.`,
    'Correct what is named.',
  );
}

async function presetOf(context: Context, ref: { projectId: string; versionId: string; modelId: string }) {
  const presets = await context.call('runs.presets', ref);
  const wanted = context.option('preset');
  const preset =
    wanted === undefined
      ? (presets.find((one) => one.suggested) ?? presets[0])
      : presets.find((one) => one.id === wanted);
  if (preset) return preset.settings;
  throw new UsageError(
    `There is no preset "${wanted}". There are ${presets.map((one) => one.id).join(', ')}.`,
  );
}

/** `lora.rank=32` into nested settings; the value is JSON where it can be read as such, else text. */
function assign(settings: Record<string, unknown>, assignment: string): void {
  const at = assignment.indexOf('=');
  if (at < 1) throw new UsageError(`--set takes name=value, not "${assignment}".`);
  const path = assignment.slice(0, at).split('.');
  const text = assignment.slice(at + 1);
  let value: unknown = text;
  try {
    value = JSON.parse(text);
  } catch {
    // a word such as `cosine`
  }
  if (path.join('.') === 'optimizer.kind') {
    const usual = OptimizerSettings.safeParse({ kind: value });
    if (!usual.success) throw new UsageError(`There is no optimizer "${text}".`);
    settings.optimizer = usual.data; // another optimizer brings its own usual values
    return;
  }
  let target = settings;
  for (const name of path.slice(0, -1)) {
    const inner = target[name];
    if (typeof inner !== 'object' || inner === null)
      throw new UsageError(`There is no setting "${path.join('.')}".`);
    target = inner as Record<string, unknown>;
  }
  const last = path[path.length - 1];
  if (!(last in target)) throw new UsageError(`There is no setting "${path.join('.')}".`);
  target[last] = value;
}
