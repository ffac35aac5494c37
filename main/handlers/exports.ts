// Calls about exports: writing is a job (work/export.ts); showing and downloading are the shell's.
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename } from 'node:path';
import type { exportCalls } from '../contract/exports.ts';
import type { HandlersFor } from '../contract/wire.ts';
import { AppError } from '../errors.ts';
import type { Services } from './services.ts';
import { findExport, startExport } from './work/export.ts';

export function exportHandlers(services: Services): HandlersFor<typeof exportCalls> {
  const { store, shell } = services;
  /** The export, if its folder is still on the disk. */
  const present = ({ projectId, exportId }: { projectId: string; exportId: string }) => {
    const found = findExport(services, projectId, exportId);
    if (existsSync(found.folder)) return found;
    throw new AppError(
      'export-missing',
      `The exported files are not there any more: ${found.folder}`,
      'Export again.',
    );
  };
  return {
    'exports.start': (request) => startExport(services, request),
    'exports.list': ({ projectId, runId }) => store.project(projectId).exports.list(runId),
    'exports.get': ({ projectId, exportId }) => findExport(services, projectId, exportId),
    'exports.reveal': (ref) => {
      const { folder } = present(ref);
      shell.reveal?.(folder);
      return { shown: shell.reveal !== undefined, folder };
    },
    'exports.download': (ref) => {
      const { folder } = present(ref);
      const fileName = `${basename(folder)}.zip`;
      return { token: services.files.issueDownload({ path: folder, fileName }), fileName };
    },
    'exports.delete': async ({ projectId, exportId }) => {
      const { folder, state } = findExport(services, projectId, exportId);
      if (state === 'queued' || state === 'running')
        throw new AppError('export-active', 'This export is still being written.', 'Cancel it first.');
      await rm(folder, { recursive: true, force: true });
      store.project(projectId).exports.remove(exportId);
      services.emit('projects.changed', { projectId });
      return {};
    },
  };
}
