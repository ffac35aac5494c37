// The left navigation: Projects, the numbered journey with the state and fact of each step, Chat, Settings.
// Below 1200 px it is a rail of icons, below 700 px a drawer behind the menu button.
import { Drawer, Tooltip } from '@mantine/core';
import { IconAlertTriangle, IconCheck, IconLoader2 } from '@tabler/icons-react';
import type { Project } from '../../main/contract/projects.ts';
import { sentence } from '../components/format.ts';
import { screens } from '../screens/index.ts';
import type { Screen } from '../screens/screen.ts';
import { useProject } from '../state/projects.ts';
import { hashOf, useRoute } from '../state/route.ts';
import { useUi } from '../state/ui.ts';
import styles from './navigation.module.css';

type State = 'open' | 'running' | 'done' | 'attention';

const stateWords: Record<State, string> = {
  open: 'not yet',
  running: 'running',
  done: 'done',
  attention: 'needs attention',
};

export function Navigation() {
  const open = useUi((state) => state.navOpen);
  return (
    <>
      <nav className={styles.nav} aria-label="Steps" data-region="nav" tabIndex={-1}>
        <Items />
      </nav>
      <Drawer
        opened={open}
        onClose={() => useUi.setState({ navOpen: false })}
        position="left"
        size={260}
        title="Tunesmith"
      >
        <nav className={styles.inDrawer} aria-label="Steps">
          <Items />
        </nav>
      </Drawer>
    </>
  );
}

function Items() {
  const route = useRoute();
  const project = useProject(route.currentProjectId);
  const open = screens.find((screen) => screen.id === route.screen);
  const activeId = open?.under ?? route.screen;
  const group = (place: Screen['place']) =>
    screens
      .filter((screen) => screen.place === place)
      .map((screen) => (
        <Item
          key={screen.id}
          screen={screen}
          project={project}
          activeId={activeId}
          projectId={route.currentProjectId}
        />
      ));
  return (
    <>
      <ul>{group('top')}</ul>
      <hr className={styles.line} />
      <ul>{group('journey')}</ul>
      <hr className={styles.line} />
      <ul>{group('below')}</ul>
      <ul className={styles.foot}>{group('foot')}</ul>
    </>
  );
}

interface ItemProps {
  screen: Screen;
  project: Project | undefined;
  activeId: string;
  projectId: string | null;
}

function Item({ screen, project, activeId, projectId }: ItemProps) {
  const active = activeId === screen.id;
  const step = project?.steps.find((one) => one.step === screen.step);
  const state: State = step?.state ?? 'open';
  const onJourney = screens.some((one) => one.place === 'journey' && one.id === activeId);
  const current = active || (!onJourney && project?.nextStep === screen.step && screen.step !== undefined);
  const href = hashOf({ screen: screen.id, projectId: screen.needsProject ? projectId : null, rest: [] });
  const name = screen.step
    ? `${screen.title}, ${stateWords[state]}${step ? `, ${step.fact}` : ''}`
    : screen.title;
  return (
    <li>
      <Tooltip label={name} position="right" classNames={{ tooltip: styles.railTip }}>
        <a
          className={[styles.item, active ? styles.active : '', screen.step ? styles.twoLines : ''].join(' ')}
          href={href}
          aria-current={active ? (screen.step ? 'step' : 'page') : undefined}
          onClick={() => useUi.setState({ navOpen: false })}
        >
          {screen.step ? (
            <Badge number={screen.order} state={state} current={current} />
          ) : (
            <screen.icon size={18} stroke={1.75} aria-hidden className={styles.icon} />
          )}
          <span className={styles.words}>
            <span className={styles.title}>
              {screen.title}
              {screen.step && <span className="visuallyHidden">, {stateWords[state]}, </span>}
            </span>
            {screen.step && <span className={styles.fact}>{factOf(step)}</span>}
          </span>
        </a>
      </Tooltip>
    </li>
  );
}

/** The fact as a sentence; the name of a model stays as it is spelt. */
function factOf(step: Project['steps'][number] | undefined): string {
  if (step?.step === 'model' && step.state === 'done') return step.fact;
  return sentence(step?.fact ?? 'No project open');
}

function Badge({ number, state, current }: { number: number; state: State; current: boolean }) {
  const shape = { size: 13, stroke: 2.25, 'aria-hidden': true } as const;
  if (state === 'done') {
    return (
      <span className={`${styles.badge} ${styles.done}`}>
        <IconCheck {...shape} />
      </span>
    );
  }
  if (state === 'attention') {
    return (
      <span className={`${styles.badge} ${styles.attention}`}>
        <IconAlertTriangle {...shape} />
      </span>
    );
  }
  if (state === 'running') {
    return (
      <span className={`${styles.badge} ${styles.running}`}>
        <IconLoader2 size={18} stroke={2.5} aria-hidden />
      </span>
    );
  }
  return (
    <span aria-hidden className={`${styles.badge} ${current ? styles.filled : styles.hollow}`}>
      {number}
    </span>
  );
}
