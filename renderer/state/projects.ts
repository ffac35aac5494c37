// The list of projects and the trash.
import { create } from 'zustand';
import type { Project } from '../../main/contract/projects.ts';
import { call, on } from '../client/client.ts';
import type { Status } from './collection.ts';

interface ProjectsState {
  list: Project[];
  trash: Project[];
  status: Status;
  error: unknown;
  load(): Promise<void>;
  put(project: Project): void;
}

export const useProjects = create<ProjectsState>((set, get) => ({
  list: [],
  trash: [],
  status: 'idle',
  error: null,
  async load() {
    if (get().status !== 'ready') set({ status: 'loading' });
    try {
      const [list, trash] = await Promise.all([
        call('projects.list', {}),
        call('projects.list', { trash: true }),
      ]);
      set({ list: newestFirst(list), trash: newestFirst(trash), status: 'ready', error: null });
    } catch (error) {
      set({ status: 'failed', error });
    }
  },
  put(project) {
    const others = get().list.filter((one) => one.id !== project.id);
    set({ list: newestFirst([...others, project]) });
  },
}));

export function useProject(projectId: string | null): Project | undefined {
  return useProjects((state) => state.list.find((project) => project.id === projectId));
}

export function listenToProjects(): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  on('projects.changed', () => {
    clearTimeout(timer);
    timer = setTimeout(() => void useProjects.getState().load(), 150);
  });
}

function newestFirst(projects: Project[]): Project[] {
  return [...projects].sort((a, b) => b.changedAt - a.changedAt);
}
