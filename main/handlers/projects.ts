// Calls about projects: over the store, and the jobs that write and read project files.
import { rmSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { basename, join, sep } from 'node:path';
import type { Project, projects } from '../contract/projects.ts';
import type { HandlersFor } from '../contract/wire.ts';
import { AppError } from '../errors.ts';
import { newId } from '../store/rows.ts';
import { viewProject } from './project-view.ts';
import { createSampleProject } from './sample.ts';
import type { Services } from './services.ts';
import { safeFileName } from './work/project-file.ts';

export function projectHandlers(services: Services): HandlersFor<typeof projects> {
  const { store } = services;
  const view = (projectId: string): Promise<Project> => viewProject(services, listed(projectId));
  const listed = (projectId: string) => {
    const found = store.projects.get(projectId);
    if (found) return found;
    throw new AppError(
      'project-unknown',
      'This project is not in the list any more.',
      'Choose another project.',
    );
  };
  const changed = (projectId: string): Promise<Project> => {
    services.emit('projects.changed', { projectId });
    return view(projectId);
  };
  /** Nothing may run in a project that is moved, copied or deleted. */
  const refuseWhileBusy = (projectId: string, action: string): void => {
    const job = services.queue.active().find((one) => one.projectId === projectId);
    if (job)
      throw new AppError(
        'project-busy',
        `"${listed(projectId).name}" cannot be ${action} while "${job.title}" runs.`,
        'Wait until it is done, or cancel it.',
      );
  };

  return {
    'projects.list': ({ trash }) =>
      Promise.all(store.projects.list(trash).map((one) => viewProject(services, one))),
    'projects.get': ({ projectId }) => view(projectId),
    'projects.create': ({ name, description }) =>
      changed(store.createProject({ name, description, isSample: false }).id),
    'projects.createSample': async () => changed(await createSampleProject(services)),
    'projects.rename': ({ projectId, name, description }) => {
      store.project(projectId).row.update(description === undefined ? { name } : { name, description });
      store.projects.update(projectId, { name });
      return changed(projectId);
    },
    'projects.duplicate': async ({ projectId, name }) => {
      refuseWhileBusy(projectId, 'duplicated');
      const original = store.project(projectId);
      const folder = store.freeProjectFolder(name);
      await cp(original.folder, folder, { recursive: true, filter: (path) => !isDatabaseFile(path) });
      await original.copyDatabase(join(folder, 'project.db'));
      const copy = store.adoptProject(folder);
      copy.row.update({ name, isSample: false, createdAt: Date.now() });
      store.projects.update(copy.id, { name, isSample: false });
      return changed(copy.id);
    },
    'projects.archive': ({ projectId, archived }) => {
      store.projects.update(projectId, { archivedAt: archived ? Date.now() : null });
      return changed(projectId);
    },
    'projects.delete': ({ projectId }) => {
      refuseWhileBusy(projectId, 'deleted');
      store.projects.update(projectId, { deletedAt: Date.now() });
      return changed(projectId);
    },
    'projects.restore': ({ projectId }) => {
      store.projects.update(projectId, { deletedAt: null });
      return changed(projectId);
    },
    'projects.purge': ({ projectId, confirmName }) => {
      const project = listed(projectId);
      if (project.deletedAt === null)
        throw new AppError(
          'not-in-trash',
          `"${project.name}" is not in the trash.`,
          'Move it to the trash first.',
        );
      if (confirmName !== project.name)
        throw new AppError(
          'name-differs',
          `The typed name is not "${project.name}".`,
          'Type the name of the project.',
        );
      refuseWhileBusy(projectId, 'deleted');
      purgeProject(services, projectId);
      return {};
    },
    'projects.open': ({ token }) => changed(store.adoptProject(services.files.redeem(token).path).id),
    'projects.exportFile': async ({ projectId }) => {
      const { name } = listed(projectId);
      const fileName = `${safeFileName(name)}.tunesmith`;
      const target = services.shell.saveAs ? await services.shell.saveAs(fileName) : null;
      if (services.shell.saveAs && target === null)
        throw new AppError('cancelled', 'No file was written, because no place was chosen.', '');
      const job = services.queue.start({
        kind: 'project-file',
        lane: 'free',
        projectId,
        subjectId: projectId,
        title: `Write "${name}" as one file`,
        spec: { action: 'export', fileName, target },
      });
      return { jobId: job.id };
    },
    'projects.importFile': ({ token }) => {
      const file = services.files.redeem(token);
      const job = services.queue.start({
        kind: 'project-file',
        lane: 'free',
        projectId: null,
        subjectId: null,
        title: `Read "${file.name}"`,
        spec: { action: 'import', file: file.path, temporary: file.temporary, incoming: newId() },
      });
      return { jobId: job.id };
    },
  };
}

/** Deletes a project for good: its folder when it lies in the home folder, else only its line in the list. */
export function purgeProject(services: Services, projectId: string): void {
  const { store } = services;
  const project = store.projects.get(projectId);
  if (!project) return;
  store.closeProject(projectId);
  if (project.folder.startsWith(join(store.home, 'projects') + sep))
    rmSync(project.folder, { recursive: true, force: true });
  store.projects.remove(projectId);
  services.emit('projects.changed', { projectId: null });
}

/** Live database files are copied through SQLite, never byte by byte. */
export function isDatabaseFile(path: string): boolean {
  return /^project\.db(-wal|-shm|\.copy|\.copy\.\d+\.tmp|\.suspect)?$/.test(basename(path));
}
