// Projects: a project is a folder that holds everything about one goal.
import { z } from 'zod';
import { call, FileToken, Id, Nothing, Time } from './wire.ts';

/** What the navigation says under each step of the journey. */
export const StepState = z.object({
  step: z.enum(['documents', 'dataset', 'model', 'train', 'evaluate', 'export']),
  state: z.enum(['open', 'running', 'done', 'attention']),
  /** One short fact, such as "147 of 148 used". */
  fact: z.string(),
});

export const Project = z.object({
  id: Id,
  name: z.string(),
  description: z.string(),
  isSample: z.boolean(),
  /** Absolute path, for display only. */
  folder: z.string(),
  createdAt: Time,
  changedAt: Time,
  archivedAt: Time.nullable(),
  deletedAt: Time.nullable(),
  /** Folder missing on disk, or written by a newer version. */
  problem: z.string().nullable(),
  sizeBytes: z.int(),
  documents: z.int(),
  datasets: z.int(),
  runs: z.int(),
  nextStep: z.enum(['documents', 'dataset', 'model', 'train', 'evaluate', 'export']),
  steps: z.array(StepState),
});
export type Project = z.infer<typeof Project>;

const ProjectName = z.string().trim().min(1, 'A project needs a name.').max(120);

export const projects = {
  'projects.list': call({ input: z.object({ trash: z.boolean().default(false) }), output: z.array(Project) }),
  'projects.get': call({ input: z.object({ projectId: Id }), output: Project }),
  'projects.create': call({
    input: z.object({ name: ProjectName, description: z.string().max(2000).default('') }),
    output: Project,
  }),
  /** Makes the sample project again (also done at first start). */
  'projects.createSample': call({ input: Nothing, output: Project }),
  'projects.rename': call({
    input: z.object({ projectId: Id, name: ProjectName, description: z.string().max(2000).optional() }),
    output: Project,
  }),
  'projects.duplicate': call({ input: z.object({ projectId: Id, name: ProjectName }), output: Project }),
  'projects.archive': call({ input: z.object({ projectId: Id, archived: z.boolean() }), output: Project }),
  /** Moves the project to the trash, where it stays for 30 days. */
  'projects.delete': call({ input: z.object({ projectId: Id }), output: Project }),
  'projects.restore': call({ input: z.object({ projectId: Id }), output: Project }),
  /** Deletes a trashed project for good. `confirmName` must equal its name. */
  'projects.purge': call({ input: z.object({ projectId: Id, confirmName: z.string() }), output: Nothing }),
  /** Opens an existing project folder (also one copied from another computer). */
  'projects.open': call({ input: z.object({ token: FileToken }), output: Project }),
  /** Writes the project as one `.tunesmith` file: a job whose result has a `download` token. */
  'projects.exportFile': call({ input: z.object({ projectId: Id }), output: z.object({ jobId: Id }) }),
  'projects.importFile': call({ input: z.object({ token: FileToken }), output: z.object({ jobId: Id }) }),
};
