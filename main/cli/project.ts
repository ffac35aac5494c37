// tunesmith project ...
import { type Command, tableOf } from './command.ts';

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
