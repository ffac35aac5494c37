// Exports of each project, kept fresh by events. No JSX.
import { useEffect } from 'react';
import type { Export } from '../../main/contract/exports.ts';
import type { CallInput } from '../../main/contract/index.ts';
import { call, downloadUrl, on } from '../client/client.ts';
import { createCollection, type Status } from './collection.ts';

export const useExportsStore = createCollection<Export>((projectId) => call('exports.list', { projectId }));

const none: Export[] = [];

export function listenToExports(): void {
  on('export.changed', putExport);
}

/** Puts in a changed export. A list that was not asked for stays unloaded. */
export function putExport(changed: Export): void {
  const store = useExportsStore.getState();
  if (store.byProject[changed.projectId] !== undefined) store.put(changed);
}

/** The exports of a project, newest first; loads them on first use. */
export function useExports(projectId: string | null): Export[] {
  const exports = useExportsStore((state) => (projectId ? state.byProject[projectId] : undefined));
  useEffect(() => {
    const store = useExportsStore.getState();
    if (projectId && !store.byProject[projectId]) void store.load(projectId);
  }, [projectId]);
  return exports ?? none;
}

/** Whether the list has arrived, and why not. */
export function useExportsStatus(projectId: string): { status: Status; error: unknown } {
  const status = useExportsStore((state) => state.status[projectId] ?? 'loading');
  const error = useExportsStore((state) => state.errors[projectId]);
  return { status, error };
}

export async function startExport(input: CallInput<'exports.start'>): Promise<Export> {
  const started = await call('exports.start', input);
  putExport(started);
  return started;
}

/** Shows the folder in the file manager; where the shell has none, `shown` is false and the path is given. */
export function revealExport({ id, projectId }: Export): Promise<{ shown: boolean; folder: string }> {
  return call('exports.reveal', { projectId, exportId: id });
}

/** Browser mode: the address of the export as one zip file; null where the shell shows the folder instead. */
export async function exportDownload({
  id,
  projectId,
}: Export): Promise<{ url: string; fileName: string } | null> {
  const { token, fileName } = await call('exports.download', { projectId, exportId: id });
  const url = downloadUrl(token);
  return url === null ? null : { url, fileName };
}

export async function deleteExport({ id, projectId }: Export): Promise<void> {
  await call('exports.delete', { projectId, exportId: id });
  useExportsStore.getState().drop(projectId, id);
}
