// tunesmith export
import { existsSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { AppError } from '../errors.ts';
import { type Command, UsageError } from './command.ts';
import { findRun } from './run.ts';

export const exportCommands: Command[] = [
  {
    name: 'export',
    summary: 'Writes a tuned model for other programs, and compares the files with the live model.',
    arguments: ['<project>', '[run]'],
    options: {
      format: { type: 'string' },
      checkpoint: { type: 'string' },
      options: { type: 'string' },
      to: { type: 'string' },
    },
    optionHelp: {
      format: 'id of the format (the first one that the build has)',
      checkpoint: 'best or last (best)',
      options: 'options of the format, as JSON',
      to: 'also copy the files into this new folder',
    },
    async run(context) {
      const { call, option, job, path } = context;
      const checkpoint = option('checkpoint') ?? 'best';
      if (checkpoint !== 'best' && checkpoint !== 'last')
        throw new UsageError('--checkpoint takes best or last.');
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
      return { json: { ...made, copiedTo: target }, text: lines.join('\n') };
    },
  },
];
