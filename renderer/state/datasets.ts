// The frozen dataset versions of each project, and the autosaved draft of the project on screen.
import { useEffect } from 'react';
import type { DatasetVersion } from '../../main/contract/datasets.ts';
import { call, on } from '../client/client.ts';
import { createCollection } from './collection.ts';

export const useDatasetsStore = createCollection<DatasetVersion>((projectId) =>
  call('datasets.list', { projectId }),
);

const none: DatasetVersion[] = [];

/** The versions of a project, newest first; loads them on first use. */
export function useDatasets(projectId: string | null): DatasetVersion[] {
  const versions = useDatasetsStore((state) => (projectId ? state.byProject[projectId] : undefined));
  useEffect(() => {
    const store = useDatasetsStore.getState();
    if (projectId && !store.byProject[projectId]) void store.load(projectId);
  }, [projectId]);
  return versions ?? none;
}

export function listenToDatasets(): void {
  on('dataset.frozen', (version) => useDatasetsStore.getState().put(version));
}
