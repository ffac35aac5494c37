// tunesmith dataset ...: what a model sees of a dataset version. One record as its tokens, the counts of tokens of all
// records, and the records as a file.
import { copyFile } from 'node:fs/promises';
import { type DatasetRecord, type RenderedRecord, Split } from '../contract/datasets.ts';
import { AppError } from '../errors.ts';
import { type Command, type Context, refuseExisting, tableOf, UsageError } from './command.ts';
import { findVersion, refusalLines } from './dataset.ts';
import { findModel } from './model.ts';

export const datasetReadCommands: Command[] = [
  {
    name: 'dataset render',
    summary: 'Shows a record as the model sees it: the text with its template, and what is learned of it.',
    arguments: ['<project>', '[version]'],
    options: {
      record: { type: 'string' },
      split: { type: 'string' },
      model: { type: 'string' },
      tokens: { type: 'boolean' },
    },
    optionHelp: {
      record: 'which record: its number in the version or its id (1)',
      split: 'count only records of train, validation or test',
      model: 'id or name of the base model (the chosen one)',
      tokens: 'also list every token with its id',
    },
    async run(context) {
      const { id: projectId } = await context.project(context.positionals[0]);
      const version = await findVersion(context, projectId, context.positionals[1]);
      const model = await findModel(context, projectId, context.option('model'));
      const record = await findRecord(context, { projectId, versionId: version.id });
      const ref = { projectId, versionId: version.id, recordId: record.id, modelId: model.id };
      const rendered = await context.call('datasets.render', ref);
      const rows = rendered.tokens.map(({ id, text, trained }, at) => [
        at + 1,
        id,
        JSON.stringify(text),
        trained ? 'learned' : '',
      ]);
      const text = [
        `Record ${record.id} (${record.split}), as ${model.name} sees it: ${describeCounts(rendered)}`,
        marked(rendered),
        ...(context.flag('tokens') ? [tableOf([['token', 'id', 'text', ''], ...rows])] : []),
      ];
      return { json: { record, model: model.id, ...rendered }, text: text.join('\n\n') };
    },
  },
  {
    name: 'dataset tokens',
    summary: 'Counts the tokens of a dataset version under a model: all, learned, longest, too long.',
    arguments: ['<project>', '[version]'],
    options: { model: { type: 'string' } },
    optionHelp: { model: 'id or name of the base model (the chosen one)' },
    async run(context) {
      const { id: projectId } = await context.project(context.positionals[0]);
      const version = await findVersion(context, projectId, context.positionals[1]);
      const model = await findModel(context, projectId, context.option('model'));
      const ref = { projectId, versionId: version.id, modelId: model.id };
      const stats = await context.call('datasets.tokenStats', ref);
      const filled = stats.histogram.filter(({ records }) => records > 0);
      const count = (value: number): string => value.toLocaleString('en-US');
      const text = [
        `${count(stats.tokens)} tokens with ${model.name}, ${count(stats.trainedTokens)} of them are learned`,
        `longest record ${count(stats.longest)} tokens; ${count(stats.overLimit)} longer than the ${count(model.contextLength)} of the model`,
        `${count(stats.withoutTrained)} records without a token to learn`,
        ...stats.problems,
        ...refusalLines(stats.refused ?? []),
        '',
        tableOf([['up to tokens', 'records'], ...filled.map((one) => [one.upTo, one.records])]),
      ];
      return { json: { model: model.id, ...stats }, text: text.join('\n') };
    },
  },
  {
    name: 'dataset export',
    summary: 'Writes the records of a dataset version as a JSON Lines file.',
    arguments: ['<project>', '[version]'],
    options: { to: { type: 'string' } },
    optionHelp: { to: 'the new file (the name of the version, in this folder)' },
    async run(context) {
      const { call, backend, path, option } = context;
      const { id: projectId } = await context.project(context.positionals[0]);
      const version = await findVersion(context, projectId, context.positionals[1]);
      const given = option('to') === undefined ? undefined : path(option('to')!);
      if (given !== undefined) refuseExisting(given);
      const { jobId } = await call('datasets.exportJsonl', { projectId, versionId: version.id });
      const { download, fileName, bytes } = (await context.job(jobId)).result as Written;
      const file = given ?? path(fileName);
      refuseExisting(file);
      await copyFile(backend.services.files.download(download)!.path, file);
      return { json: { file, bytes }, text: `${file}  ${bytes} bytes` };
    },
  },
];

interface Written {
  download: string;
  fileName: string;
  bytes: number;
}

/** The record that the options name: by its place in the version (or in a split of it), or by its id. */
async function findRecord(
  { call, option }: Context,
  ref: { projectId: string; versionId: string },
): Promise<Pick<DatasetRecord, 'id' | 'split'>> {
  const split = Split.nullable().safeParse(option('split') ?? null);
  if (!split.success) throw new UsageError('--split takes train, validation or test.');
  const given = option('record') ?? '1';
  const at = /^[1-9]\d{0,8}$/.test(given) ? Number(given) : null;
  const page = { ...ref, split: split.data, limit: 500 };
  const all = await call('datasets.records', { ...page, limit: 1, offset: at === null ? 0 : at - 1 });
  if (at !== null && all.records[0]) return all.records[0];
  for (let offset = 0; at === null && offset < all.total; offset += page.limit) {
    const { records } = await call('datasets.records', { ...page, offset });
    const record = records.find((one) => one.id === given);
    if (record) return record;
  }
  throw new AppError(
    'record-unknown',
    `There is no record ${given}; the ${split.data ?? 'version'} has ${all.total}.`,
    'Show some: tunesmith dataset show <project> --records 10 --json',
  );
}

function describeCounts({ tokens, trainedTokens, contextLength }: RenderedRecord): string {
  const cut = tokens.length > contextLength ? `, cut to the ${contextLength} of its context` : '';
  return `${tokens.length} tokens${cut}, ${trainedTokens} of them are learned, between « and »`;
}

/** The text with « and » around what is learned. */
function marked({ tokens }: RenderedRecord): string {
  return tokens
    .map(({ text, trained }, at) => {
      const opens = trained && !tokens[at - 1]?.trained ? '«' : '';
      const closes = trained && !tokens[at + 1]?.trained ? '»' : '';
      return `${opens}${text}${closes}`;
    })
    .join('');
}
