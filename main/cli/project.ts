// tunesmith project ...
import { copyFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { AppError } from '../errors.ts';
import { type Command, megabytes, refuseExisting, tableOf } from './command.ts';

export const projectCommands: Command[] = [
  {
    name: 'project create',
    summary: 'Makes a project.',
    arguments: ['<name>'],
    options: { description: { type: 'string' } },
    optionHelp: { description: 'what it is for' },
    async run({ call, positionals: [name], option }) {
      const project = await call('projects.create', { name, description: option('description') ?? '' });
      return { json: project, text: `Project "${project.name}" is in ${project.folder}` };
    },
  },
  {
    name: 'project list',
    summary: 'Lists the projects of this computer.',
    arguments: [],
    options: { trash: { type: 'boolean' } },
    optionHelp: { trash: 'those in the trash' },
    async run({ call, flag }) {
      const projects = await call('projects.list', { trash: flag('trash') });
      const rows = projects.map((one) => [one.name, one.documents, one.datasets, one.runs, one.folder]);
      return {
        json: projects,
        text: tableOf([['name', 'documents', 'datasets', 'runs', 'folder'], ...rows]),
      };
    },
  },
  {
    name: 'project rename',
    summary: 'Gives a project another name; its folder stays where it is.',
    arguments: ['<project>', '<name>'],
    options: {},
    optionHelp: {},
    async run({ call, project, positionals: [given, name] }) {
      const { id: projectId } = await project(given);
      const renamed = await call('projects.rename', { projectId, name });
      return { json: renamed, text: `Project "${renamed.name}" is in ${renamed.folder}` };
    },
  },
  {
    name: 'project delete',
    summary: 'Moves a project to the trash, which is emptied after 30 days.',
    arguments: ['<project>'],
    options: {},
    optionHelp: {},
    async run({ call, project, positionals: [given] }) {
      const { id: projectId } = await project(given);
      const deleted = await call('projects.delete', { projectId });
      const text = `Project "${deleted.name}" is in the trash. Bring it back: tunesmith project restore ${projectId}`;
      return { json: deleted, text };
    },
  },
  {
    name: 'project restore',
    summary: 'Brings back a project from the trash.',
    arguments: ['<project>'],
    options: {},
    optionHelp: {},
    async run({ call, positionals: [given] }) {
      const trash = await call('projects.list', { trash: true });
      const hits = trash.filter(({ id, name, folder }) => [id, name, basename(folder)].includes(given));
      if (hits.length !== 1)
        throw new AppError(
          hits.length === 0 ? 'project-unknown' : 'project-ambiguous',
          hits.length === 0
            ? `There is no project "${given}" in the trash.`
            : `${hits.length} projects in the trash are named "${given}".`,
          hits.length === 0 ? 'List them: tunesmith project list --trash' : 'Name it by its id.',
        );
      const restored = await call('projects.restore', { projectId: hits[0].id });
      return { json: restored, text: `Project "${restored.name}" is in ${restored.folder}` };
    },
  },
  {
    name: 'project save',
    summary: 'Writes a whole project as one file, to keep it or to take it to another computer.',
    arguments: ['<project>'],
    options: { to: { type: 'string' } },
    optionHelp: { to: 'the new file (the name of the project, in this folder)' },
    async run({ call, project, backend, job, path, option, positionals: [given] }) {
      const { id: projectId } = await project(given);
      const wanted = option('to');
      if (wanted !== undefined) refuseExisting(path(wanted));
      const { jobId } = await call('projects.exportFile', { projectId });
      const { download, fileName, bytes } = (await job(jobId)).result as SavedFile;
      const file = path(wanted ?? fileName);
      refuseExisting(file);
      await copyFile(backend.services.files.download(download)!.path, file);
      return { json: { file, bytes }, text: `${file}  ${megabytes(bytes)}` };
    },
  },
  {
    name: 'project open',
    summary:
      'Adds a project from a file of "project save", or from a project folder, which is used in place.',
    arguments: ['<file or folder>'],
    options: {},
    optionHelp: {},
    async run({ call, job, path, token, positionals: [given] }) {
      await call('files.fromPath', { path: path(given) }); // says when there is none
      const isFolder = (await stat(path(given))).isDirectory();
      const { id: projectId } = isFolder
        ? await call('projects.open', { token: token(given) })
        : await call('projects.importFile', { token: token(given) }).then(async ({ jobId }) => ({
            id: ((await job(jobId)).result as { projectId: string }).projectId,
          }));
      const opened = await call('projects.get', { projectId });
      return { json: opened, text: `Project "${opened.name}" is in ${opened.folder}` };
    },
  },
  {
    name: 'project sample',
    summary: 'Makes the sample project: documents of a made-up company and two datasets.',
    arguments: [],
    options: {},
    optionHelp: {},
    async run({ call, backend, job }) {
      const { id } = await call('projects.createSample', {});
      for (;;) {
        const next = backend.services.queue.active().find((one) => one.projectId === id);
        if (!next) break;
        await job(next.id);
      }
      const project = await call('projects.get', { projectId: id });
      return { json: project, text: `Project "${project.name}" is in ${project.folder}` };
    },
  },
];

interface SavedFile {
  download: string;
  fileName: string;
  bytes: number;
}
