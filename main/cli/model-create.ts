// tunesmith model create ...
import {
  CreatedModel,
  type DesignPlan,
  type Fertility,
  ModelDesign,
  type ModelFamily,
} from '../contract/models.ts';
import { AppError } from '../errors.ts';
import { type Command, type Context, short, tableOf, UsageError } from './command.ts';
import { findVersion } from './dataset.ts';
import { findSources } from './documents.ts';

export const modelCreate: Command = {
  name: 'model create',
  summary: 'Makes a model of random weights with a tokenizer trained on the text of a project.',
  arguments: ['<project>', '<name>'],
  options: {
    family: { type: 'string' },
    layers: { type: 'string' },
    width: { type: 'string' },
    heads: { type: 'string' },
    'kv-heads': { type: 'string' },
    context: { type: 'string' },
    vocabulary: { type: 'string' },
    'vocabulary-size': { type: 'string' },
    special: { type: 'string', multiple: true },
    dataset: { type: 'string' },
    source: { type: 'string', multiple: true },
    seed: { type: 'string' },
    'dry-run': { type: 'boolean' },
  },
  optionHelp: {
    family:
      'kind of network, such as llama (unless given), qwen2, gpt2, bert or t5; a wrong one names them all',
    layers: 'how many layers (6; of encoder and decoder each for t5: 4)',
    width: 'numbers per token between layers (256)',
    heads: 'attention heads that share the width (8)',
    'kv-heads': 'heads of keys and values, where the family lets heads share them (4)',
    context: 'longest text at once, in tokens (512)',
    vocabulary: 'bpe, unigram or wordpiece (bpe; wordpiece for encoders)',
    'vocabulary-size': 'entries of the vocabulary, special tokens included (4096)',
    special: 'a special token of your own (may be repeated)',
    dataset: 'make the vocabulary of this dataset version (its number) instead of the documents',
    source: 'name of a document to use (may be repeated); all of them otherwise',
    seed: 'of the first weights (42)',
    'dry-run': 'only tell what it would be: parameters, size, memory and time here',
  },
  async run(context) {
    const { call, positionals, flag, option, job } = context;
    const project = await context.project(positionals[0]);
    const design = designOf(context, await call('models.families', {}));
    const plan = await call('models.createPlan', { design });
    if (plan.problems.length > 0)
      throw new AppError(
        'model-design',
        plan.problems.map(({ message }) => message).join(' '),
        plan.problems.map(({ remedy }) => remedy).join(' '),
      );
    if (flag('dry-run')) return { json: { design, plan }, text: describePlan(plan) };
    context.say(describePlan(plan));
    const dataset = option('dataset');
    const versionId = dataset === undefined ? null : (await findVersion(context, project.id, dataset)).id;
    const started = await call('models.create', {
      projectId: project.id,
      name: positionals[1],
      design,
      versionId,
      sourceIds: (await findSources(context, project.id, context.options('source'))).map(({ id }) => id),
      seed: context.number('seed', 42),
    });
    const created = CreatedModel.parse((await job(started.id)).result);
    const model = await call('models.get', { modelId: created.modelId });
    return { json: { model, created }, text: describeCreated(created, model.folder) };
  },
};

function designOf(context: Context, families: ModelFamily[]): ModelDesign {
  const { option, options, number } = context;
  const id = option('family') ?? 'llama';
  const family = families.find((one) => one.id === id);
  if (!family)
    throw new UsageError(`--family takes ${families.map((one) => one.id).join(', ')}, not "${id}".`);
  const { start } = family;
  const vocabulary = ModelDesign.shape.vocabulary.safeParse(option('vocabulary') ?? start.vocabulary);
  if (!vocabulary.success)
    throw new UsageError(`--vocabulary takes bpe, unigram or wordpiece, not "${option('vocabulary')}".`);
  const heads = number('heads', start.heads);
  return {
    family: id,
    layers: number('layers', start.layers),
    width: number('width', start.width),
    heads,
    // fewer heads than usual share no keys unless told to
    kvHeads: number('kv-heads', heads % start.kvHeads === 0 ? start.kvHeads : heads),
    context: number('context', start.context),
    vocabulary: vocabulary.data,
    vocabularySize: number('vocabulary-size', start.vocabularySize),
    specialTokens: options('special'),
  };
}

function describePlan({ parameters, vocabularyShare, bytes, training }: DesignPlan): string {
  const lines = [
    `${short(parameters ?? 0)} weights (${((vocabularyShare ?? 0) * 100).toFixed(0)} % of them for the vocabulary), ` +
      `${megabytes(bytes ?? 0)} on disk`,
  ];
  if (training)
    lines.push(
      `training all of them here: about ${megabytes(training.peakBytes)} of memory (${training.verdict}), ` +
        `${training.secondsPerThousandTokens.toPrecision(2)} s for 1,000 tokens, ` +
        `${training.secondsPerStep.toPrecision(2)} s for a step of ${training.tokensPerStep} tokens`,
    );
  return lines.join('\n');
}

function describeCreated(
  { modelId, own, base, words, heldOut, wantedSize, textShare, notes }: CreatedModel,
  folder: string,
): string {
  const row = (one: Fertility) => [
    one.name,
    one.vocabularySize,
    one.tokensPerWord.toFixed(2),
    one.charactersPerToken.toFixed(2),
  ];
  return [
    `id ${modelId}`,
    folder,
    ...(own.vocabularySize < wantedSize
      ? [`The text offers ${own.vocabularySize} entries; ${wantedSize} were asked for.`]
      : []),
    ...(textShare < 1 ? [`Made of ${(textShare * 100).toFixed(0)} % of the text, drawn at random.`] : []),
    ...notes,
    `On ${words} words ${heldOut ? 'that the vocabulary was made without' : 'of the same text'}:`,
    tableOf([
      ['tokenizer', 'entries', 'tokens per word', 'characters per token'],
      row(own),
      ...(base ? [row(base)] : []),
    ]),
  ].join('\n');
}

function megabytes(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(2)} GB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
