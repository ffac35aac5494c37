// The shell: header, navigation, the screen of the route, job tray, and what lies over them.
import { MantineProvider } from '@mantine/core';
import { type ReactNode, useEffect, useRef } from 'react';
import { ConfirmHost } from './components/confirm-dialog.tsx';
import { Empty } from './components/empty.tsx';
import { Loading } from './components/loading.tsx';
import { PathHost } from './components/path-dialog.tsx';
import { screenById } from './screens/index.ts';
import { NewProjectDialog } from './screens/projects/new-project.tsx';
import { Banner } from './shell/banner.tsx';
import { Boundary } from './shell/boundary.tsx';
import { Header } from './shell/header.tsx';
import { KeyMap } from './shell/key-map.tsx';
import { useKeys } from './shell/keys.ts';
import { Navigation } from './shell/navigation.tsx';
import { Palette } from './shell/palette.tsx';
import styles from './shell/shell.module.css';
import { Toasts } from './shell/toasts.tsx';
import { Tray } from './shell/tray.tsx';
import { useProject, useProjects } from './state/projects.ts';
import { useRoute } from './state/route.ts';
import { useSettings } from './state/settings.ts';
import { cssVariables, theme } from './theme.ts';

const themeKey = 'tunesmith.theme';

export function App() {
  const chosen = useSettings((state) => state.settings?.theme);
  const scheme = chosen ?? localStorage.getItem(themeKey) ?? 'auto';
  useEffect(() => {
    if (chosen) localStorage.setItem(themeKey, chosen);
  }, [chosen]);
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariables}
      defaultColorScheme="auto"
      forceColorScheme={scheme === 'light' || scheme === 'dark' ? scheme : undefined}
    >
      <Shell />
    </MantineProvider>
  );
}

function Shell() {
  useKeys();
  useCurrentProject();
  useFocusOnScreenChange();
  return (
    <div className={styles.shell}>
      <Header />
      <Banner />
      <Navigation />
      <main className={styles.main} data-region="main" tabIndex={-1}>
        <OpenScreen />
      </main>
      <Tray />
      <Toasts />
      <Palette />
      <KeyMap />
      <NewProjectDialog />
      <PathHost />
      <ConfirmHost />
    </div>
  );
}

function OpenScreen() {
  const { screen: id, projectId, rest } = useRoute();
  const project = useProject(projectId);
  const status = useProjects((state) => state.status);
  const screen = screenById(id);
  if (!screen) {
    return (
      <Missing title="There is no such screen">
        The address names “{id}”. <a href="#/projects">Go to your projects</a>
      </Missing>
    );
  }
  if (screen.needsProject && !project) {
    if (status === 'idle' || status === 'loading') {
      return (
        <div className="screen">
          <Loading label="Opening the project" />
        </div>
      );
    }
    return (
      <Missing
        title={projectId ? 'This project is not in your list' : `${screen.title} belongs to a project`}
      >
        {projectId ? 'It was deleted or moved. ' : 'Open one, or learn on the sample. '}
        <a href="#/projects">Go to your projects</a>
      </Missing>
    );
  }
  return (
    <Boundary key={`${id}/${projectId}`}>
      <screen.Screen rest={rest} />
    </Boundary>
  );
}

function Missing({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className="screen">
      <h1 className="visuallyHidden" tabIndex={-1}>
        {title}
      </h1>
      <Empty title={title}>{children}</Empty>
    </div>
  );
}

/** A project is always known: the one of the address, the last one, or the newest. */
function useCurrentProject(): void {
  const projectId = useRoute((state) => state.projectId);
  const current = useRoute((state) => state.currentProjectId);
  const list = useProjects((state) => state.list);
  const settings = useSettings((state) => state.settings);

  useEffect(() => {
    if (!settings || list.length === 0 || projectId) return;
    if (current && list.some((project) => project.id === current)) return;
    const usable = list.filter((project) => !project.problem && !project.archivedAt);
    const last = usable.find((project) => project.id === settings.lastProjectId) ?? usable[0];
    useRoute.setState({ currentProjectId: last?.id ?? null });
  }, [projectId, current, list, settings]);

  // Once for each project: a backend that refuses must not be asked again and again.
  const noted = useRef<string | null>(null);
  useEffect(() => {
    if (!projectId || !settings || noted.current === projectId) return;
    if (!list.some((project) => project.id === projectId)) return;
    noted.current = projectId;
    if (settings.lastProjectId === projectId) return;
    void useSettings
      .getState()
      .change({ lastProjectId: projectId })
      .catch(() => undefined);
  }, [projectId, settings, list]);
}

/** After a change of screen the reader starts at its heading; the first screen keeps the focus of the window. */
function useFocusOnScreenChange(): void {
  const screen = useRoute((state) => state.screen);
  const projectId = useRoute((state) => state.projectId);
  const project = useProject(projectId);
  useEffect(() => {
    const title = screenById(screen)?.title ?? 'Tunesmith';
    document.title = project ? `${title}, ${project.name} · Tunesmith` : `${title} · Tunesmith`;
  }, [screen, project]);
  useEffect(() => {
    let first = true;
    return useRoute.subscribe((now, before) => {
      if (now.screen === before.screen && now.projectId === before.projectId) return;
      if (first && before.screen === now.screen) return;
      first = false;
      requestAnimationFrame(() => {
        document.querySelector<HTMLElement>('main')?.scrollTo(0, 0);
        document.querySelector<HTMLElement>('main h1')?.focus();
      });
    });
  }, []);
}
