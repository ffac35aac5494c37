// A list of things per project, loaded once and then kept fresh by events. Knows no noun; runs, evaluations and
// exports are made with it.
import { create } from 'zustand';

export type Status = 'idle' | 'loading' | 'ready' | 'failed';

interface Thing {
  id: string;
  projectId: string;
  createdAt: number;
}

export interface CollectionState<Item extends Thing> {
  byProject: Record<string, Item[]>;
  status: Record<string, Status>;
  errors: Record<string, unknown>;
  /** Asks the backend, also when the list is already there. */
  load(projectId: string): Promise<void>;
  /** Puts in or replaces one; newest first. A list that was not asked for stays unloaded. */
  put(item: Item): void;
  drop(projectId: string, id: string): void;
}

export function createCollection<Item extends Thing>(list: (projectId: string) => Promise<Item[]>) {
  /** Projects with news while their list was on its way; they are asked for again. */
  const missed = new Set<string>();
  return create<CollectionState<Item>>((set, get) => ({
    byProject: {},
    status: {},
    errors: {},
    async load(projectId) {
      if (!get().byProject[projectId]) set({ status: { ...get().status, [projectId]: 'loading' } });
      try {
        const items = await list(projectId);
        set({
          byProject: { ...get().byProject, [projectId]: newestFirst(items) },
          status: { ...get().status, [projectId]: 'ready' },
          errors: { ...get().errors, [projectId]: undefined },
        });
        if (missed.delete(projectId)) await get().load(projectId);
      } catch (error) {
        set({
          status: { ...get().status, [projectId]: 'failed' },
          errors: { ...get().errors, [projectId]: error },
        });
      }
    },
    put(item) {
      const before = get().byProject[item.projectId];
      if (before === undefined) {
        if (get().status[item.projectId] === 'loading') missed.add(item.projectId);
        return;
      }
      const rest = before.filter((one) => one.id !== item.id);
      set({ byProject: { ...get().byProject, [item.projectId]: newestFirst([item, ...rest]) } });
    },
    drop(projectId, id) {
      const before = get().byProject[projectId];
      if (before === undefined) return;
      set({ byProject: { ...get().byProject, [projectId]: before.filter((one) => one.id !== id) } });
    },
  }));
}

function newestFirst<Item extends Thing>(items: Item[]): Item[] {
  return [...items].sort((a, b) => b.createdAt - a.createdAt);
}
