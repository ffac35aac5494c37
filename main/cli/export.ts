// tunesmith export
import { existsSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { ExportBase } from '../contract/exports.ts';
import { AppError } from '../errors.ts';
import { type Command, megabytes, tableOf, UsageError } from './command.ts';
import { findRun } from './run.ts';

export const exportCommands: Command[] = [
  {
    name: 'export',
    summary: 'Writes a tuned model for other programs, and compares the files with the live model.',
    arguments: ['<project>', '[run]'],
    options: {
      format: { type: 'string' },
      checkpoint: { type: 'string' },
      base: { type: 'string' },
      options: { type: 'string' },
      to: { type: 'string' },
    },
    optionHelp: {
      format: 'id of the format (the first one that the build has)',
      checkpoint: 'best or last (best)',
      base: 'of runs over a base in few bits, what an adapter is merged into: original or quantized (original)',
      options: 'options of the format, as JSON',
      to: 'also copy the files into this new folder',
    },
    async run(context) {
      const { call, option, job, path } = context;
      const checkpoint = option('checkpoint') ?? 'best';
      if (checkpoint !== 'best' && checkpoint !== 'last')
        throw new UsageError('--checkpoint takes best or last.');
      const base = ExportBase.safeParse(option('base') ?? 'original');
      if (!base.success) throw new UsageError('--base takes original or quantized.');
      const target = option('to') === undefined ? null : path(option('to')!);
      if (target !== null && existsSync(target))
        throw new AppError(
          'folder-exists',
          `"${target}" exists already.`,
          'Name a folder that does not exist yet.',
        );
      const { id: projectId } = await context.project(context.positionals[0]);
      const run = await findRun(context, projectId, context.positionals[1]);
      const { exporters } = await call('settings.capabilities', {});
      const format = option('format') ?? exporters[0]?.id;
      if (!exporters.some((one) => one.id === format))
        throw new UsageError(`--format takes one of ${exporters.map((one) => one.id).join(', ')}.`);
      const started = await call('exports.start', {
        projectId,
        runId: run.id,
        format,
        checkpoint,
        base: base.data,
        options: JSON.parse(option('options') ?? '{}') as Record<string, unknown>,
      });
      await job(started.jobId!);
      const made = await call('exports.get', { projectId, exportId: started.id });
      if (target !== null) await cp(made.folder, target, { recursive: true });
      const lines = [
        target ?? made.folder,
        ...made.files.map((file) => `  ${file.name}  ${file.bytes} bytes`),
      ];
      if (made.parity) lines.push(made.parity.sentence);
      if (made.parity?.overBases) lines.push(made.parity.overBases.sentence);
      return { json: { ...made, copiedTo: target }, text: lines.join('\n') };
    },
  },
  {
    name: 'exports list',
    summary: 'Lists what was exported of a project, or of one run, with its folder.',
    arguments: ['<project>', '[run]'],
    options: {},
    optionHelp: {},
    async run(context) {
      const [given, number] = context.positionals;
      const { id: projectId } = await context.project(given);
      const run = number === undefined ? null : await findRun(context, projectId, number);
      const made = await context.call('exports.list', { projectId, runId: run?.id ?? null });
      const runs = await context.call('runs.list', { projectId });
      const rows = made.map((one) => [
        runs.find(({ id }) => id === one.runId)?.number ?? null,
        one.format,
        new Date(one.createdAt).toISOString().slice(0, 16).replace('T', ' '),
        one.state,
        one.bytes === 0 ? null : megabytes(one.bytes),
        one.error?.message ?? one.folder,
      ]);
      const header = ['run', 'format', 'time (UTC)', 'state', 'size', 'folder'];
      return { json: made, text: tableOf([header, ...rows]) };
    },
  },
];
