// tunesmith dataset ...
import { readFileSync } from 'node:fs';
import {
  DatasetPreview,
  DatasetRecipe,
  type DatasetVersion,
  RoleChoices,
  type RoleRefusal,
} from '../contract/datasets.ts';
import { refusalSentence, roleCounts } from '../datasets/turns.ts';
import { AppError } from '../errors.ts';
import { type Command, type Context, tableOf, UsageError } from './command.ts';
import { allSources, findAmong, rightsCommand } from './documents.ts';
import { findModel } from './model.ts';

export const datasetCommands: Command[] = [
  {
    name: 'dataset build',
    summary: 'Builds and freezes a dataset version from the documents of a project.',
    arguments: ['<project>'],
    options: {
      recipe: { type: 'string' },
      name: { type: 'string' },
      source: { type: 'string', multiple: true },
      model: { type: 'string' },
      system: { type: 'string' },
      turns: { type: 'string' },
      preview: { type: 'boolean' },
    },
    optionHelp: {
      recipe: 'a JSON file with the recipe; without it one is suggested',
      name: 'name of the version',
      source: 'name of a document to use (may be repeated); all of them otherwise',
      model:
        'id or name of the base model whose tokens and chat template count; it becomes that of the project',
      system: 'conversations with a system text: keep, merge (into the first question) or leave-out',
      turns: 'turns that do not alternate: keep, join (successive ones of one role) or leave-out',
      preview: 'only show what would come out',
    },
    async run(context) {
      const { call, job, flag } = context;
      const { id: projectId } = await context.project(context.positionals[0]);
      const recipe = withRoles(context, await recipeOf(context, projectId));
      if (context.option('model') !== undefined) {
        const { id: modelId } = await findModel(context, projectId, context.option('model'));
        await call('models.choose', { projectId, modelId });
      }
      const name = flag('preview') ? 'datasets.preview' : 'datasets.build';
      const started = await call(name, { projectId, recipe }).catch((error: unknown) => {
        throw withRightsCommand(error, context.positionals[0]);
      });
      const { result } = await job(started.jobId);
      if (flag('preview')) {
        const preview = DatasetPreview.parse(result);
        return { json: preview, text: describe(preview.report) };
      }
      const { versionId } = result as { versionId: string };
      const version = await call('datasets.get', { projectId, versionId });
      return {
        json: version,
        text: `Version ${version.number}, "${version.name}"\n${describe(version.report)}`,
      };
    },
  },
  {
    name: 'dataset list',
    summary: 'Lists the dataset versions of a project.',
    arguments: ['<project>'],
    options: {},
    optionHelp: {},
    async run({ call, positionals: [given], project }) {
      const versions = await call('datasets.list', { projectId: (await project(given)).id });
      const rows = versions.map(({ number, name, recordType, report: { records } }) => [
        number,
        name,
        recordType,
        records.train,
        records.validation,
        records.test,
      ]);
      return {
        json: versions,
        text: tableOf([['version', 'name', 'type', 'train', 'validation', 'test'], ...rows]),
      };
    },
  },
  {
    name: 'dataset show',
    summary: 'Shows a dataset version (the newest without a number) and its first records.',
    arguments: ['<project>', '[version]'],
    options: { records: { type: 'string' } },
    optionHelp: { records: 'how many records to show (3)' },
    async run(context) {
      const { id: projectId } = await context.project(context.positionals[0]);
      const version = await findVersion(context, projectId, context.positionals[1]);
      const limit = Math.max(1, context.number('records', 3));
      const { records } = await context.call('datasets.records', { projectId, versionId: version.id, limit });
      const lines = records.map((record) => `${record.split}: ${JSON.stringify(record.content)}`);
      const text = [
        `Version ${version.number}, "${version.name}", ${version.hash}`,
        describe(version.report),
        ...lines,
      ];
      return { json: { version, records }, text: text.join('\n') };
    },
  },
];

/** The refusal of documents without a rights record, with the commands that mend it. */
function withRightsCommand(error: unknown, project: string): unknown {
  if (!(error instanceof AppError) || error.code !== 'no-rights') return error;
  const remedy =
    `Record the right to use them: ${rightsCommand(project)}\n` +
    'or leave them out: tunesmith documents leave-out <project> <document...>';
  return new AppError(error.code, error.message, remedy, { cause: error });
}

/** The version by number; the newest one without. */
export async function findVersion(
  { call }: Context,
  projectId: string,
  number: string | undefined,
): Promise<DatasetVersion> {
  const versions = await call('datasets.list', { projectId });
  const version = number === undefined ? versions[0] : versions.find((one) => String(one.number) === number);
  if (version) return version;
  const what = number === undefined ? 'no dataset version' : `no dataset version ${number}`;
  throw new AppError(
    'version-unknown',
    `The project has ${what}.`,
    'Build one: tunesmith dataset build <project>',
  );
}

async function recipeOf(context: Context, projectId: string): Promise<DatasetRecipe> {
  const { call, option, options, path } = context;
  const sources = await allSources(context, projectId);
  const wanted = findAmong(sources, options('source')).map(({ id }) => id);
  const file = option('recipe');
  if (file === undefined) {
    const { recipe, why } = await call('datasets.suggest', { projectId, sourceIds: wanted });
    context.say(why);
    return { ...recipe, name: option('name') ?? recipe.name };
  }
  const given = JSON.parse(readFileSync(path(file), 'utf8')) as Record<string, unknown>;
  const sourceIds = wanted.length > 0 ? wanted : (given.sourceIds ?? sources.map((one) => one.id));
  const parsed = DatasetRecipe.safeParse({ ...given, sourceIds, name: option('name') ?? given.name });
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new AppError(
    'recipe',
    `The recipe in "${file}" has ${faults.length} faults: ${faults.join('; ')}`,
    'Correct it.',
  );
}

/** The recipe with the choices of roles that the command line names; what it does not name stays. */
function withRoles({ option }: Context, recipe: DatasetRecipe): DatasetRecipe {
  const given = { system: option('system'), turns: option('turns') };
  const named = Object.entries(given).filter(([, value]) => value !== undefined);
  if (named.length === 0) return recipe;
  for (const [name, value] of named) {
    const { options } = RoleChoices.shape[name as keyof RoleChoices].unwrap();
    if ((options as readonly unknown[]).includes(value)) continue;
    throw new UsageError(`--${name} takes ${options.join(', ')}.`);
  }
  return { ...recipe, roles: RoleChoices.parse({ ...recipe.roles, ...Object.fromEntries(named) }) };
}

/** What the choices of roles did, and what the chat template of the chosen model still refuses. */
function rolesOf({ roles, refused = [] }: DatasetVersion['report']): string[] {
  const did = roles === undefined ? [] : [roleCounts(roles)];
  return [...did, ...refusalLines(refused)];
}

/** Each refusal of a chat template with the options of "dataset build" that help. */
export function refusalLines(refused: readonly RoleRefusal[]): string[] {
  return refused.flatMap((one) => [refusalSentence(one), ...remediesOf(one)]);
}

const remediesOf = ({ repairs, reason, count }: RoleRefusal): string[] => [
  ...repairs.map(({ steps, count: helped }) => {
    const options = steps.map((step) => (step === 'merge-system' ? '--system merge' : '--turns join'));
    return `  ${options.join(' ')}  makes ${helped} of them acceptable`;
  }),
  ...(reason === 'no-system-role' ? [`  --system leave-out  leaves out ${count}`] : []),
  ...(reason === 'roles-do-not-alternate' ? [`  --turns leave-out  leaves out ${count}`] : []),
];

function describe(report: DatasetVersion['report']): string {
  const { train, validation, test } = report.records;
  return [
    `${train} train, ${validation} validation, ${test} test records from ${report.passages} passages`,
    ...report.steps.map((step) => `${step.label}: ${step.before} > ${step.after}, ${step.changed} changed`),
    ...report.problems,
    ...rolesOf(report),
  ].join('\n');
}
