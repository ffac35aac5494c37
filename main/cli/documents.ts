// tunesmith documents ...
import { Rights } from '../contract/documents.ts';
import { AppError } from '../errors.ts';
import { type Command, tableOf, UsageError } from './command.ts';

const bases = Rights.shape.basis.options;

export const documentCommands: Command[] = [
  {
    name: 'documents import',
    summary: 'Copies files or folders into a project and reads them.',
    arguments: ['<project>', '<path...>'],
    options: { rights: { type: 'string' }, who: { type: 'string' }, note: { type: 'string' } },
    optionHelp: {
      rights: `why you may use them: ${bases.join(', ')}`,
      who: 'who attests it',
      note: 'a note for the rights record',
    },
    async run({ call, positionals: [given, ...paths], option, project, path, token, job }) {
      const basis = option('rights');
      if (basis !== undefined && !bases.some((one) => one === basis))
        throw new UsageError(`--rights takes one of ${bases.join(', ')}.`);
      if (basis !== undefined && !option('who')) throw new UsageError('--rights needs --who.');
      const { id: projectId } = await project(given);
      for (const one of paths) await call('files.fromPath', { path: path(one) }); // says which is missing
      const { jobId } = await call('documents.import', { projectId, tokens: paths.map(token) });
      const { result } = await job(jobId);
      const { sourceIds, ...counts } = result as ImportResult;
      if (basis !== undefined && sourceIds.length > 0) {
        const rights = {
          basis: basis as (typeof bases)[number],
          who: option('who')!,
          note: option('note') ?? '',
        };
        await call('documents.setRights', { projectId, sourceIds, rights });
      }
      const { sources } = await call('documents.list', { projectId, filter: 'failed', limit: 500 });
      const failed = sources.filter((source) => sourceIds.includes(source.id));
      if (counts.read === 0 && counts.skipped.length === 0 && failed[0]?.failure)
        throw new AppError(failed[0].failure.code, failed[0].failure.message, failed[0].failure.remedy);
      const lines = [
        `${counts.read} read, ${counts.failed} failed, ${counts.skipped.length} known already`,
        ...failed.map((source) => `${source.name}: ${source.failure?.message} ${source.failure?.remedy}`),
        ...counts.refused,
      ];
      return { json: { ...counts, sourceIds, failures: failed }, text: lines.join('\n') };
    },
  },
  {
    name: 'documents list',
    summary: 'Lists the documents of a project.',
    arguments: ['<project>'],
    options: {},
    optionHelp: {},
    async run({ call, positionals: [given], project }) {
      const { id: projectId } = await project(given);
      const { sources, counts } = await call('documents.list', { projectId, limit: 500 });
      const rows = sources.map((one) => [
        one.name,
        one.state,
        one.format,
        one.words,
        one.rows,
        one.rights?.basis ?? 'no record',
        one.failure?.message ?? '',
      ]);
      const header = ['name', 'state', 'format', 'words', 'rows', 'rights', 'problem'];
      return { json: { sources, counts }, text: tableOf([header, ...rows]) };
    },
  },
];

interface ImportResult {
  read: number;
  failed: number;
  sourceIds: string[];
  skipped: string[];
  refused: string[];
}
