// The sources of the project on screen: one page of a filter, its counts, and what is selected.
import { create } from 'zustand';
import type { CallOutput } from '../../main/contract/index.ts';
import { call, on } from '../client/client.ts';
import type { Status } from './collection.ts';

export type DocumentFilter = 'all' | 'failed' | 'no-rights' | 'left-out';
type DocumentsList = CallOutput<'documents.list'>;

interface DocumentsState {
  projectId: string | null;
  filter: DocumentFilter;
  sources: DocumentsList['sources'];
  counts: DocumentsList['counts'] | null;
  total: number;
  status: Status;
  error: unknown;
  show(projectId: string, filter?: DocumentFilter): Promise<void>;
  refresh(): Promise<void>;
}

/** All pages are read up to this many sources; the table is virtual. */
const pageSize = 500;
const mostSources = 10_000;
let asked = 0;

export const useDocuments = create<DocumentsState>((set, get) => ({
  projectId: null,
  filter: 'all',
  sources: [],
  counts: null,
  total: 0,
  status: 'idle',
  error: null,
  async show(projectId, filter = 'all') {
    if (get().projectId !== projectId) set({ projectId, sources: [], counts: null, total: 0 });
    set({ filter, status: get().counts ? get().status : 'loading' });
    await get().refresh();
  },
  async refresh() {
    const { projectId, filter } = get();
    if (!projectId) return;
    asked += 1;
    const mine = asked;
    try {
      let list = await call('documents.list', { projectId, filter, limit: pageSize });
      const sources = [...list.sources];
      while (sources.length < Math.min(list.total, mostSources) && list.sources.length > 0) {
        list = await call('documents.list', { projectId, filter, limit: pageSize, offset: sources.length });
        sources.push(...list.sources);
      }
      if (mine === asked)
        set({ sources, counts: list.counts, total: list.total, status: 'ready', error: null });
    } catch (error) {
      if (mine === asked) set({ status: 'failed', error });
    }
  },
}));

export function listenToDocuments(): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  on('documents.changed', ({ projectId }) => {
    if (projectId !== useDocuments.getState().projectId) return;
    clearTimeout(timer);
    timer = setTimeout(() => void useDocuments.getState().refresh(), 250);
  });
}
