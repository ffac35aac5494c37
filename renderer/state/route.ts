// Where the window is: `#/projects/<id>/<screen>/<rest...>`, or `#/<screen>/<rest...>` for screens without a project.
// A reload keeps the place. The project stays known while a screen without one is open.
import { create } from 'zustand';

export interface Route {
  screen: string;
  projectId: string | null;
  rest: string[];
}

interface RouteState extends Route {
  /** The project last shown, also while Settings is open. */
  currentProjectId: string | null;
}

export const homeRoute = 'projects';

export function parseHash(hash: string): Route {
  const parts = hash.replace(/^#\/?/, '').split('/').filter(Boolean).map(decoded);
  if (parts[0] === 'projects' && parts[1]) {
    return { projectId: parts[1], screen: parts[2] ?? 'documents', rest: parts.slice(3) };
  }
  return { projectId: null, screen: parts[0] ?? homeRoute, rest: parts.slice(1) };
}

/** A part of an address that was typed or cut wrongly stays as it is. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export function hashOf({ screen, projectId, rest }: Route): string {
  const parts = projectId ? ['projects', projectId, screen, ...rest] : [screen, ...rest];
  return `#/${parts.map(encodeURIComponent).join('/')}`;
}

export const useRoute = create<RouteState>(() => ({
  screen: homeRoute,
  projectId: null,
  rest: [],
  currentProjectId: null,
}));

/** Address of a screen of the current project, for links. */
export function hrefTo(screen: string, ...rest: string[]): string {
  return hashOf({ screen, projectId: useRoute.getState().currentProjectId, rest });
}

/** Goes to a screen of the current project (`projectScreens` decides in the shell whether it needs one). */
export function goTo(screen: string, ...rest: string[]): void {
  window.location.hash = hrefTo(screen, ...rest);
}

/** The address now, to go on from after a wait. */
export const placeNow = (): string => window.location.hash;

/** Goes on after a wait that began at `from`, unless the person went elsewhere meanwhile. */
export function goOn(from: string, screen: string, ...rest: string[]): void {
  if (placeNow() === from) goTo(screen, ...rest);
}

export function goToProject(projectId: string, screen = 'documents', ...rest: string[]): void {
  window.location.hash = hashOf({ screen, projectId, rest });
}

/** Goes to a screen that belongs to no project: `projects` or `settings`. */
export function goToShellScreen(screen: string, ...rest: string[]): void {
  window.location.hash = hashOf({ screen, projectId: null, rest });
}

export function listenToHash(): void {
  const read = () => {
    const route = parseHash(window.location.hash);
    useRoute.setState({
      ...route,
      currentProjectId: route.projectId ?? useRoute.getState().currentProjectId,
    });
  };
  window.addEventListener('hashchange', read);
  read();
}

/** The project of the screen that asks; screens with `needsProject` always have one. */
export function useProjectId(): string {
  return useRoute((state) => state.projectId ?? state.currentProjectId ?? '');
}
