// What can be done with whole projects. Each function does one thing and says so in a toast with Undo where it can.
import type { Project } from '../../../main/contract/projects.ts';
import { call, downloadUrl } from '../../client/client.ts';
import { type FileToken, pickTokens } from '../../components/file-drop.tsx';
import { pickFolder } from '../../components/path-dialog.tsx';
import { jobEnd } from '../../state/jobs.ts';
import { useProjects } from '../../state/projects.ts';
import { goToProject } from '../../state/route.ts';
import { toast } from '../../state/ui.ts';

const reload = () => useProjects.getState().load();

export async function removeProject(project: Project): Promise<void> {
  await call('projects.delete', { projectId: project.id });
  await reload();
  toast(`“${project.name}” is in the trash for 30 days.`, () => restoreProject(project));
}

export async function restoreProject(project: Project): Promise<void> {
  await call('projects.restore', { projectId: project.id });
  await reload();
  toast(`“${project.name}” is back in your projects.`);
}

export async function purgeProject(project: Project): Promise<void> {
  await call('projects.purge', { projectId: project.id, confirmName: project.name });
  await reload();
}

export async function archiveProject(project: Project, archived: boolean): Promise<void> {
  await call('projects.archive', { projectId: project.id, archived });
  await reload();
  toast(archived ? `“${project.name}” is archived.` : `“${project.name}” is back from the archive.`, () =>
    archiveProject(project, !archived),
  );
}

export async function renameProject(project: Project, name: string): Promise<void> {
  await call('projects.rename', { projectId: project.id, name });
  await reload();
  toast(`Renamed to “${name}”.`, () => renameProject({ ...project, name }, project.name));
}

export async function duplicateProject(project: Project, name: string): Promise<void> {
  const copy = await call('projects.duplicate', { projectId: project.id, name });
  await reload();
  toast(`“${copy.name}” is a copy of “${project.name}”.`, () => removeProject(copy));
}

/** Writes one `.tunesmith` file; the browser then saves it. */
export async function exportProjectFile(project: Project): Promise<void> {
  const { jobId } = await call('projects.exportFile', { projectId: project.id });
  const job = await jobEnd(jobId);
  const result = job.result as { download?: string } | null;
  const url = result?.download ? downloadUrl(result.download) : null;
  if (url) {
    const link = document.createElement('a');
    link.href = url;
    link.download = `${project.name}.tunesmith`;
    link.click();
  }
  toast(`“${project.name}” is written as one file.`);
}

export async function openProjectFolder(): Promise<void> {
  const picked = await pickFolder({
    title: 'Open a project folder',
    hint: 'The folder that holds a Tunesmith project, also one copied from another computer.',
  });
  if (!picked) return;
  const project = await call('projects.open', { token: picked.token });
  await reload();
  goToProject(project.id, project.nextStep);
}

export async function importProjectFile(): Promise<void> {
  const [picked] = await pickTokens('project-file', 'Import a project file');
  if (!picked) return;
  const { jobId } = await call('projects.importFile', { token: picked.token });
  const job = await jobEnd(jobId);
  await reload();
  const projectId = (job.result as { projectId?: string } | null)?.projectId ?? job.projectId;
  if (projectId) goToProject(projectId);
}

/** A dropped folder becomes a project of its name, and its files are read. */
export async function projectFromDrop(tokens: FileToken[], name: string): Promise<void> {
  const project = await call('projects.create', {
    name: name.replace(/\.[^.]+$/, '').slice(0, 120) || 'New project',
  });
  await call('documents.import', { projectId: project.id, tokens: tokens.map((one) => one.token) });
  await reload();
  goToProject(project.id, 'documents');
}

export async function makeSample(): Promise<void> {
  await call('projects.createSample', {});
  await reload();
}
