// tunesmith model ...
import { statSync } from 'node:fs';
import type { BaseModel, CachedModel, HubLookup, SuggestedModel } from '../contract/models.ts';
import { AppError } from '../errors.ts';
import type { InspectAsks } from '../jobs/job.ts';
import { type Command, type Context, megabytes, short, tableOf } from './command.ts';
import { findVersion } from './dataset.ts';
import { modelCreate } from './model-create.ts';

export const modelCommands: Command[] = [
  {
    name: 'model list',
    summary: 'Lists the base models that can be used, or those that can be had.',
    arguments: [],
    options: { computer: { type: 'boolean' }, suggested: { type: 'boolean' } },
    optionHelp: {
      computer: 'models that other programs left on this computer: the Hugging Face cache, LM Studio, Ollama',
      suggested: 'a short list of open models to download',
    },
    async run({ call, flag }) {
      if (flag('computer')) return listComputer(await call('models.cached', {}));
      if (flag('suggested')) return listSuggested(await call('models.suggested', {}));
      const models = await call('models.list', {});
      const rows = models.map((one) => [
        one.id,
        one.name,
        one.architecture,
        short(one.parameters),
        one.contextLength,
        one.problem?.message ?? 'ready',
      ]);
      return {
        json: models,
        text: tableOf([['id', 'name', 'type', 'weights', 'context', 'state'], ...rows]),
      };
    },
  },
  {
    name: 'model inspect',
    summary: 'Checks a model folder (or a model of the list) and tells what it holds.',
    arguments: ['<folder or id>'],
    options: {},
    optionHelp: {},
    async run({ backend, call, positionals: [given], path }) {
      const folder = path(given);
      const isFolder = statSync(folder, { throwIfNoEntry: false })?.isDirectory() ?? false;
      const facts = isFolder
        ? await backend.services.inspect.ask<InspectAsks['model']['reply']>('model', { folder })
        : await call('models.get', { modelId: given });
      const { ask } = backend.services.inspect;
      const layers = await ask<InspectAsks['layers']['reply']>('layers', { folder: facts.folder });
      const names = layers.map(({ name, kind }) => (kind === 'linear' ? name : `${name} (${kind})`));
      return {
        json: { ...facts, loraLayers: layers },
        text: `${describe(facts)}\nLoRA can be put on ${names.join(', ')}`,
      };
    },
  },
  {
    name: 'model add',
    summary: 'Checks a model folder, or a model of the Hugging Face cache by name, and adds it to the list.',
    arguments: ['<folder or name>'],
    options: { resize: { type: 'boolean' } },
    optionHelp: {
      resize:
        'where the tokenizer has more tokens than the model has rows: a folder among the models of Tunesmith with new rows',
    },
    async run({ call, positionals: [folder], path, token, flag }) {
      const resize = flag('resize');
      const cached = await cachedByName(call, folder, path(folder));
      if (cached) {
        const model = await call('models.addCached', { key: cached.key, resize });
        return { json: model, text: `${describe(model)}\nid ${model.id}` };
      }
      await call('files.fromPath', { path: path(folder) });
      const model = await call('models.add', { token: token(folder), resize });
      return { json: model, text: `${describe(model)}\nid ${model.id}` };
    },
  },
  {
    name: 'model download',
    summary: 'Fetches a model from the Hugging Face Hub and adds it to the list.',
    notes: [
      'Models whose terms have to be accepted, and private ones, need a Hub token. It is read from the variable HF_TOKEN,',
      'or else from the file that "hf auth login" writes (HF_TOKEN_PATH, usually "token" in HF_HOME). It goes to the Hub alone.',
    ],
    arguments: ['<name or address>'],
    options: { revision: { type: 'string' }, 'dry-run': { type: 'boolean' } },
    optionHelp: {
      revision: 'branch, tag or commit; main unless given',
      'dry-run': 'only tells files, size, licence and place',
    },
    async run({ call, positionals: [repository], option, flag, job, say }) {
      const name = { repository, revision: option('revision') ?? '' };
      const found = await call('models.lookup', name);
      if (flag('dry-run')) return { json: found, text: describeLookup(found) };
      if (found.problem) throw new AppError(found.problem.code, found.problem.message, found.problem.remedy);
      say(describeLookup(found));
      const { id } = await call('models.download', name);
      const { modelId } = (await job(id)).result as { modelId: string };
      const model = await call('models.get', { modelId });
      return { json: model, text: `${describe(model)}\nid ${model.id}` };
    },
  },
  {
    name: 'model fit',
    summary: 'Tells whether training a model fits into the memory here, with LoRA and in full.',
    arguments: ['<id or name>'],
    options: { project: { type: 'string' }, dataset: { type: 'string' } },
    optionHelp: {
      project: 'plan with the records of a dataset version of this project',
      dataset: 'number of that version (the newest)',
    },
    async run(context) {
      const { call, option, positionals } = context;
      const model = await namedModel(context, positionals[0]);
      const projectId =
        option('project') === undefined ? null : (await context.project(option('project')!)).id;
      const versionId =
        projectId === null ? null : (await findVersion(context, projectId, option('dataset'))).id;
      const fits = await call('models.fit', { modelId: model.id, projectId, versionId });
      const rows = fits.map((one) => [
        one.method,
        megabytes(one.peakBytes),
        megabytes(one.availableBytes),
        { fits: 'fits', tight: 'fits, but barely', 'too-large': 'does not fit' }[one.verdict],
        one.secondsPerEpoch === null ? null : `${Math.ceil(one.secondsPerEpoch)} s`,
      ]);
      return { json: fits, text: tableOf([['method', 'memory', 'may be used', '', 'an epoch'], ...rows]) };
    },
  },
  {
    name: 'model add-tokens',
    summary: 'Makes a model with more tokens of one of the list, for words and marks of your own texts.',
    notes: [
      'The new rows are drawn around the mean of the others and have to be trained: with full fine-tuning, or with LoRA',
      'and --set lora.modulesToSave, which the presets set for such a model. The given model stays as it is.',
    ],
    arguments: ['<id or name>'],
    options: { token: { type: 'string', multiple: true }, special: { type: 'string', multiple: true } },
    optionHelp: {
      token: 'a token that people see in answers, such as <SECTION> (may be repeated)',
      special: 'a token that is left out of answers as people read them (may be repeated)',
    },
    async run(context) {
      const { id } = await namedModel(context, context.positionals[0]);
      const tokens = [
        ...context.options('token').map((content) => ({ content, special: false })),
        ...context.options('special').map((content) => ({ content, special: true })),
      ];
      if (tokens.length === 0)
        throw new AppError('option', 'No token is named.', 'Name one: --token "<SECTION>"');
      const model = await context.call('models.addTokens', { modelId: id, tokens });
      return { json: model, text: `${describe(model)}\nid ${model.id}` };
    },
  },
  {
    name: 'model remove',
    summary: 'Takes a model out of the list; its files stay where they are.',
    arguments: ['<id or name>'],
    options: {},
    optionHelp: {},
    async run(context) {
      const { id, name, folder } = await namedModel(context, context.positionals[0]);
      await context.call('models.remove', { modelId: id });
      return {
        json: { removed: id, folder },
        text: `${name} is out of the list. Its files stay in ${folder}`,
      };
    },
  },
  modelCreate,
];

type Call = Context['call'];

/** A model of another program by its name; a folder of that name counts more. */
async function cachedByName(call: Call, name: string, folder: string): Promise<CachedModel | undefined> {
  if (statSync(folder, { throwIfNoEntry: false })) return undefined;
  const { models } = await call('models.cached', {});
  const named = models.filter((one) => one.name === name);
  return named.find(({ problem }) => problem === null) ?? named[0];
}

function listComputer(found: { folders: string[]; models: CachedModel[] }) {
  const rows = found.models.map((one) => [
    one.name,
    one.place,
    megabytes(one.bytes),
    one.architecture,
    one.problem?.message ?? (one.modelId === null ? 'can be added' : 'in the list'),
  ]);
  return {
    json: found,
    text: [
      tableOf([['name', 'place', 'size', 'type', 'state'], ...rows]),
      `Looked into: ${found.folders.join(', ')}`,
    ].join('\n'),
  };
}

function listSuggested(models: SuggestedModel[]) {
  const rows = models.map((one) => [
    one.repository,
    short(one.parameters),
    `about ${megabytes(one.bytes)}`,
    one.licence + (one.gated ? ' (terms to accept)' : ''),
    one.fit === null ? null : `${megabytes(one.fit.peakBytes)} ${one.fit.verdict}`,
  ]);
  return { json: models, text: tableOf([['name', 'weights', 'download', 'licence', 'LoRA here'], ...rows]) };
}

function describeLookup(found: HubLookup): string {
  const [lora] = found.fits;
  return [
    `${found.repository} at ${found.revision} (${found.commit.slice(0, 12)}), licence ${found.licence ?? 'not stated'}`,
    ...found.files.map(
      ({ path, bytes, here }) => `  ${path}  ${megabytes(bytes)}${here ? '  (is here)' : ''}`,
    ),
    `to fetch: ${megabytes(found.missingBytes)} of ${megabytes(found.bytes)}, ${megabytes(found.freeDiskBytes)} free`,
    `to: ${found.destination}`,
    ...(lora ? [`LoRA here: about ${megabytes(lora.peakBytes)}, ${lora.verdict}`] : []),
    ...(found.problem ? [`${found.problem.message} ${found.problem.remedy}`] : []),
  ].join('\n');
}

async function namedModel({ call }: Context, given: string): Promise<BaseModel> {
  const models = await call('models.list', {});
  const model = models.find((one) => one.id === given) ?? models.find((one) => one.name === given);
  if (model) return model;
  throw new AppError('model-unknown', `There is no model "${given}".`, 'List them: tunesmith model list');
}

/** The model that a command means: the named one, or the project's, or the starter, or the only one. */
export async function findModel(
  context: Context,
  projectId: string,
  given: string | undefined,
): Promise<BaseModel> {
  if (given !== undefined) return namedModel(context, given);
  const models = await context.call('models.list', {});
  const chosen = await context.call('models.chosen', { projectId });
  const model =
    chosen ?? models.find((one) => one.id === 'starter') ?? (models.length === 1 ? models[0] : null);
  if (model) return model;
  throw new AppError('no-model', 'No base model is chosen.', 'Add one: tunesmith model add <folder>');
}

function describe(model: Omit<BaseModel, 'id' | 'origin' | 'addedAt'>): string {
  return [
    `${model.name}: ${model.architecture}, ${short(model.parameters)} weights (${model.dtype}), ${model.layers} layers`,
    `context ${model.contextLength} tokens, vocabulary ${model.vocabularySize}, licence ${model.licence ?? 'not stated'}`,
    model.hasChatTemplate ? 'has a chat template' : 'has no chat template',
    ...model.warnings,
    ...(model.problem ? [`${model.problem.message} ${model.problem.remedy}`] : []),
  ].join('\n');
}
