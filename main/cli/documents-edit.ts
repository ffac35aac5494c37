// tunesmith documents ...: choices about documents that are in a project. Reading one again in another way, leaving it
// out of datasets, taking it away.
import { AppError } from '../errors.ts';
import { type Command, type Context, UsageError } from './command.ts';
import { describeSource, findSources } from './documents.ts';

export const documentEditCommands: Command[] = [
  {
    name: 'documents reread',
    summary:
      'Reads a document again, with choices of your own about how; what is not given is found out again.',
    arguments: ['<project>', '<document>'],
    options: {
      encoding: { type: 'string' },
      delimiter: { type: 'string' },
      'whole-page': { type: 'boolean' },
      password: { type: 'string' },
    },
    optionHelp: {
      encoding: 'encoding of a text file, such as windows-1252',
      delimiter: 'character between the columns of a table; \\t for a tab',
      'whole-page': 'keep menus and margins of a web page too',
      password: 'password of a PDF; it is not kept',
    },
    async run(context) {
      const { call, positionals, option, flag } = context;
      const { id: projectId } = await context.project(positionals[0]);
      const [{ id: sourceId }] = await findSources(context, projectId, [positionals[1]]);
      const delimiter = option('delimiter') === '\\t' ? '\t' : option('delimiter');
      if (delimiter !== undefined && (delimiter.length === 0 || delimiter.length > 4))
        throw new UsageError('--delimiter takes one character.');
      const options = {
        ...(option('encoding') === undefined ? {} : { encoding: option('encoding') }),
        ...(delimiter === undefined ? {} : { delimiter }),
        ...(flag('whole-page') ? { wholePage: true } : {}),
        ...(option('password') === undefined ? {} : { password: option('password') }),
      };
      const { jobId } = await call('documents.reread', { projectId, sourceId, options });
      await context.job(jobId);
      const [source] = await findSources(context, projectId, [sourceId]);
      if (source.failure)
        throw new AppError(source.failure.code, source.failure.message, source.failure.remedy);
      return { json: source, text: describeSource(source) };
    },
  },
  {
    name: 'documents leave-out',
    summary: 'Keeps documents in the project, but out of datasets.',
    arguments: ['<project>', '<document...>'],
    options: { undo: { type: 'boolean' } },
    optionHelp: { undo: 'use them again' },
    async run(context) {
      const leftOut = !context.flag('undo');
      const ref = await chosen(context);
      const sources = await context.call('documents.leaveOut', { ...ref, leftOut });
      const done = leftOut ? 'left out' : 'used again';
      return { json: sources, text: sources.map(({ name }) => `${name}: ${done}`).join('\n') };
    },
  },
  {
    name: 'documents remove',
    summary: 'Takes documents out of the project; dataset versions that were built stay as they are.',
    arguments: ['<project>', '<document...>'],
    options: {},
    optionHelp: {},
    async run(context) {
      const ref = await chosen(context);
      await context.call('documents.remove', ref);
      const ids = ref.sourceIds.join(' ');
      const text = `Removed ${ref.sourceIds.length}. To undo it: tunesmith documents restore <project> ${ids}`;
      return { json: { removed: ref.sourceIds }, text };
    },
  },
  {
    name: 'documents restore',
    summary: 'Brings back documents that were removed.',
    arguments: ['<project>', '<id...>'],
    options: {},
    optionHelp: {},
    async run(context) {
      const [given, ...sourceIds] = context.positionals;
      const { id: projectId } = await context.project(given);
      const sources = await context.call('documents.restore', { projectId, sourceIds });
      if (sources.length < sourceIds.length)
        throw new AppError(
          'source-unknown',
          `${sourceIds.length - sources.length} of ${sourceIds.length} ids belong to no document of the project.`,
          'Import the file again.',
        );
      return { json: sources, text: sources.map(({ name }) => `${name}: back`).join('\n') };
    },
  },
];

/** The project and the documents that the arguments name. */
async function chosen(context: Context): Promise<{ projectId: string; sourceIds: string[] }> {
  const [given, ...names] = context.positionals;
  const { id: projectId } = await context.project(given);
  const sources = await findSources(context, projectId, names);
  return { projectId, sourceIds: sources.map(({ id }) => id) };
}
