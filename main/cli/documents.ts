// tunesmith documents ...: what goes in, the right to use it, and what was read of it. Choices about single documents are
// in documents-edit.ts.
import { writeFileSync } from 'node:fs';
import { type DocumentPart, Rights, type Source } from '../contract/documents.ts';
import { AppError } from '../errors.ts';
import { type Command, type Context, refuseExisting, tableOf, UsageError } from './command.ts';

const bases = Rights.shape.basis.options;
type GivenRights = Omit<Rights, 'attestedAt'>;

const rightsOptions = {
  rights: { type: 'string' },
  who: { type: 'string' },
  note: { type: 'string' },
} as const;
const rightsHelp = {
  rights: `why you may use them: ${bases.join(', ')}`,
  who: 'who attests it',
  note: 'a note for the rights record',
};

export const documentCommands: Command[] = [
  {
    name: 'documents import',
    summary: 'Copies files or folders into a project and reads them.',
    arguments: ['<project>', '<path...>'],
    options: rightsOptions,
    optionHelp: rightsHelp,
    async run(context) {
      const { call, project, path, token, job } = context;
      const [given, ...paths] = context.positionals;
      const rights = rightsOf(context);
      const { id: projectId } = await project(given);
      for (const one of paths) await call('files.fromPath', { path: path(one) }); // says which is missing
      const { jobId } = await call('documents.import', { projectId, tokens: paths.map(token) });
      const { sourceIds, knownIds, ...counts } = (await job(jobId)).result as ImportResult;
      const ids = [...sourceIds, ...knownIds];
      if (rights && ids.length > 0) await call('documents.setRights', { projectId, sourceIds: ids, rights });
      const sources = (await allSources(context, projectId)).filter(({ id }) => ids.includes(id));
      const failed = sources.filter(({ id, state }) => state === 'failed' && sourceIds.includes(id));
      if (counts.read === 0 && counts.skipped.length === 0 && failed[0]?.failure)
        throw new AppError(failed[0].failure.code, failed[0].failure.message, failed[0].failure.remedy);
      const bare = sources.filter((one) => one.rights === null && one.state === 'read').length;
      const lines = [
        `${counts.read} read, ${counts.failed} failed, ${counts.skipped.length} known already`,
        ...failed.map((source) => failureLine(given, source)),
        ...counts.refused,
        ...(rights ? [`Rights recorded for ${ids.length}: ${rights.basis}, attested by ${rights.who}`] : []),
        ...(bare > 0 ? [`${bare} without a rights record: ${rightsCommand(given)}`] : []),
      ];
      return {
        json: { ...counts, sourceIds, knownIds, failures: failed, withoutRights: bare },
        text: lines.join('\n'),
      };
    },
  },
  {
    name: 'documents rights',
    summary: 'Records the right to use documents: of those named, or of all that have no record yet.',
    arguments: ['<project>', '[document...]'],
    options: rightsOptions,
    optionHelp: rightsHelp,
    async run(context) {
      const { call, positionals } = context;
      const [given, ...names] = positionals;
      const rights = rightsOf(context);
      if (!rights) throw new UsageError(`--rights takes one of ${bases.join(', ')}.`);
      const { id: projectId } = await context.project(given);
      const chosen =
        names.length > 0
          ? await findSources(context, projectId, names)
          : (await allSources(context, projectId)).filter((one) => one.rights === null);
      const sourceIds = chosen.map(({ id }) => id);
      const sources =
        sourceIds.length === 0 ? [] : await call('documents.setRights', { projectId, sourceIds, rights });
      const text =
        sources.length === 0
          ? 'Every document has a rights record already.'
          : [
              `Rights recorded for ${sources.length}: ${rights.basis}, attested by ${rights.who}`,
              ...sources.map(({ name }) => `  ${name}`),
            ].join('\n');
      return { json: sources, text };
    },
  },
  {
    name: 'documents list',
    summary: 'Lists the documents of a project.',
    arguments: ['<project>'],
    options: {},
    optionHelp: {},
    async run(context) {
      const { id: projectId } = await context.project(context.positionals[0]);
      const sources = await allSources(context, projectId);
      const { counts } = await context.call('documents.list', { projectId, limit: 1 });
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
  {
    name: 'documents show',
    summary: 'Shows what was read of a document, and what could not be.',
    arguments: ['<project>', '<document>'],
    options: { parts: { type: 'string' }, to: { type: 'string' } },
    optionHelp: {
      parts: 'how many parts (pages, sections or rows) to show (3)',
      to: 'write the whole text into this new file',
    },
    async run(context) {
      const { call, positionals, option, number, path } = context;
      const { id: projectId } = await context.project(positionals[0]);
      const [source] = await findSources(context, projectId, [positionals[1]]);
      const target = option('to') === undefined ? null : path(option('to')!);
      if (target !== null) refuseExisting(target);
      const wanted = target === null ? Math.max(1, number('parts', 3)) : Number.POSITIVE_INFINITY;
      const parts: DocumentPart[] = [];
      for (let total = 1; parts.length < Math.min(wanted, total); ) {
        const limit = Math.min(500, wanted - parts.length);
        const ref = { projectId, sourceId: source.id, offset: parts.length, limit };
        const page = await call('documents.preview', ref);
        parts.push(...page.parts);
        total = page.parts.length === 0 ? 0 : page.total;
      }
      if (target !== null) {
        const text = parts.map((part) => part.text).join('\n\n');
        writeFileSync(target, `${text}\n`);
        return { json: { source, file: target }, text: `Written to ${target}` };
      }
      const lines = parts.map((part) => `${part.place === '' ? '' : `[${part.place}]\n`}${part.text}`);
      return { json: { source, parts }, text: [describeSource(source), ...lines].join('\n\n') };
    },
  },
];

/** The rights that the options name; undefined without `--rights`. */
function rightsOf({ option }: Context): GivenRights | undefined {
  const given = option('rights');
  if (given === undefined) return undefined;
  const basis = bases.find((one) => one === given);
  if (!basis) throw new UsageError(`--rights takes one of ${bases.join(', ')}.`);
  const who = option('who')?.trim();
  if (!who) throw new UsageError('--rights needs --who.');
  return { basis, who, note: option('note') ?? '' };
}

/** What to type so that documents without a rights record get one. */
export const rightsCommand = (project: string): string =>
  `tunesmith documents rights ${quoted(project)} --rights ${bases[0]} --who <name>`;

/** A name as it is typed: in quotes where blanks are in it. */
const quoted = (name: string): string => (/\s/.test(name) ? `"${name}"` : name);

/** Every document of the project, over all pages of the list. */
export async function allSources({ call }: Context, projectId: string): Promise<Source[]> {
  const all: Source[] = [];
  for (;;) {
    const { sources, total } = await call('documents.list', { projectId, offset: all.length, limit: 500 });
    all.push(...sources);
    if (sources.length === 0 || all.length >= total) return all;
  }
}

export async function findSources(
  context: Context,
  projectId: string,
  given: readonly string[],
): Promise<Source[]> {
  return given.length === 0 ? [] : findAmong(await allSources(context, projectId), given);
}

/** The documents of these names or ids. Two of one name have to be told apart by their ids. */
export function findAmong(sources: readonly Source[], given: readonly string[]): Source[] {
  return given.map((name) => {
    const byId = sources.find((one) => one.id === name);
    const hits = byId ? [byId] : sources.filter((one) => one.name === name);
    if (hits.length === 1) return hits[0];
    if (hits.length > 1)
      throw new AppError(
        'source-ambiguous',
        `${hits.length} documents are named "${name}".`,
        `Name it by its id: ${hits.map(({ id }) => id).join(', ')}`,
      );
    throw new AppError(
      'source-unknown',
      `The project has no document "${name}".`,
      'List them: tunesmith documents list',
    );
  });
}

/** A document with what its reading could and could not do. */
export function describeSource(source: Source): string {
  const { coverage } = source;
  const sizes = [
    `${source.words} words`,
    ...(source.rows === null ? [] : [`${source.rows} rows of ${source.columns.join(', ')}`]),
    ...(coverage?.pages ? [`${coverage.pages} pages`] : []),
  ];
  return [
    `${source.name} (id ${source.id}): ${source.state}, ${source.format ?? 'not recognised'}, ${sizes.join(', ')}`,
    ...(source.failure ? [`${source.failure.message} ${source.failure.remedy}`] : []),
    ...(coverage?.encoding ? [`encoding ${coverage.encoding}: ${coverage.encodingWhy ?? ''}`] : []),
    ...(coverage?.delimiter ? [`delimiter ${JSON.stringify(coverage.delimiter)}`] : []),
    ...(coverage?.unreadableCharacters
      ? [
          `${coverage.unreadableCharacters} characters could not be read, the first in ${coverage.firstUnreadablePlace}`,
        ]
      : []),
    ...(coverage?.emptyPages.length ? [`no text on pages ${coverage.emptyPages.join(', ')}`] : []),
    ...(coverage && coverage.keptShare !== null && coverage.keptShare < 1
      ? [`${Math.round(coverage.keptShare * 100)} % of the visible text was kept`]
      : []),
    ...(coverage?.notes ?? []),
  ].join('\n');
}

interface ImportResult {
  read: number;
  failed: number;
  sourceIds: string[];
  knownIds: string[];
  skipped: string[];
  refused: string[];
}

/** The sentences of a failure; the name stands before them only where they do not say it. */
function failureLine(project: string, { name, failure }: Source): string {
  const { code = '', message = '', remedy = '' } = failure ?? {};
  const said = `${message.includes(name) ? '' : `${name}: `}${message}`;
  if (code !== 'pdf-encrypted') return `${said} ${remedy}`;
  const command = `tunesmith documents reread ${quoted(project)} ${quoted(name)} --password <password>`;
  return `${said} Leave the file out, or give the password: ${command}`;
}
