// tunesmith model ...
import { statSync } from 'node:fs';
import type { BaseModel } from '../contract/models.ts';
import { AppError } from '../errors.ts';
import type { InspectAsks } from '../jobs/job.ts';
import { type Command, type Context, short, tableOf } from './command.ts';

export const modelCommands: Command[] = [
  {
    name: 'model list',
    summary: 'Lists the base models of this computer.',
    arguments: [],
    options: {},
    optionHelp: {},
    async run({ call }) {
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
      return { json: facts, text: describe(facts) };
    },
  },
  {
    name: 'model add',
    summary: 'Checks a model folder and adds it to the list.',
    arguments: ['<folder>'],
    options: {},
    optionHelp: {},
    async run({ call, positionals: [folder], path, token }) {
      await call('files.fromPath', { path: path(folder) });
      const model = await call('models.add', { token: token(folder) });
      return { json: model, text: `${describe(model)}\nid ${model.id}` };
    },
  },
];

/** The model that a command means: the named one, or the project's, or the starter, or the only one. */
export async function findModel(
  context: Context,
  projectId: string,
  given: string | undefined,
): Promise<BaseModel> {
  const models = await context.call('models.list', {});
  if (given !== undefined) {
    const model = models.find((one) => one.id === given || one.name === given);
    if (model) return model;
    throw new AppError('model-unknown', `There is no model "${given}".`, 'List them: tunesmith model list');
  }
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
