// The bar at the top: logo, project switcher, find field, what was sent, theme, keyboard map.
import { Menu, Tooltip, useComputedColorScheme } from '@mantine/core';
import {
  IconChevronDown,
  IconFolder,
  IconFolderOpen,
  IconFolderPlus,
  IconHome,
  IconKeyboard,
  IconMenu2,
  IconMoon,
  IconPlugConnected,
  IconPlugConnectedX,
  IconSearch,
  IconSun,
} from '@tabler/icons-react';
import { IconButton } from '../components/button.tsx';
import { bytes } from '../components/format.ts';
import { Logo } from '../components/logo.tsx';
import { openProjectFolder } from '../screens/projects/actions.ts';
import { useProject, useProjects } from '../state/projects.ts';
import { goToProject, goToShellScreen, useRoute } from '../state/route.ts';
import { useSettings } from '../state/settings.ts';
import { showProblem, useUi } from '../state/ui.ts';
import styles from './header.module.css';
import { mod } from './keys.ts';

export function Header() {
  return (
    <header className={styles.header} data-region="header" tabIndex={-1}>
      <div className={styles.menuButton}>
        <IconButton
          label="Show the steps"
          icon={IconMenu2}
          onClick={() => useUi.setState({ navOpen: true })}
        />
      </div>
      <a className={styles.brand} href="#/projects" aria-label="Tunesmith, all projects">
        <Logo />
        <span>Tunesmith</span>
      </a>
      <ProjectSwitcher />
      <span className="grow" />
      <button type="button" className={styles.find} onClick={() => useUi.setState({ paletteOpen: true })}>
        <IconSearch size={16} stroke={1.75} aria-hidden />
        <span className={styles.findWords}>Find a screen, record or action</span>
        <kbd className={styles.findKeys}>{mod} K</kbd>
      </button>
      <Sent />
      <ThemeButton />
      <span className={styles.keyMap}>
        <IconButton
          label="Keyboard map"
          keys="?"
          icon={IconKeyboard}
          onClick={() => useUi.setState({ keyMapOpen: true })}
        />
      </span>
    </header>
  );
}

function ProjectSwitcher() {
  const projectId = useRoute((state) => state.currentProjectId);
  const current = useProject(projectId);
  const list = useProjects((state) => state.list);
  const open = useUi((state) => state.switcherOpen);
  const recent = list.filter((project) => !project.archivedAt && !project.problem).slice(0, 8);
  return (
    <Menu
      opened={open}
      onChange={(opened) => useUi.setState({ switcherOpen: opened })}
      position="bottom-start"
      width={280}
      returnFocus
    >
      <Menu.Target>
        <button type="button" className={styles.switcher}>
          <IconFolder size={16} stroke={1.75} aria-hidden />
          <span className="cut">{current?.name ?? 'No project open'}</span>
          <IconChevronDown size={16} stroke={1.75} aria-hidden />
          <span className="visuallyHidden">, switch the project</span>
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {recent.length > 0 && <Menu.Label>Recent projects</Menu.Label>}
        {recent.map((project) => (
          <Menu.Item
            key={project.id}
            leftSection={<IconFolder size={16} stroke={1.75} aria-hidden />}
            onClick={() => goToProject(project.id, project.nextStep)}
          >
            {project.name}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item
          leftSection={<IconFolderPlus size={16} stroke={1.75} aria-hidden />}
          onClick={() => useUi.setState({ newProjectOpen: true })}
        >
          New project
        </Menu.Item>
        <Menu.Item
          leftSection={<IconFolderOpen size={16} stroke={1.75} aria-hidden />}
          onClick={() => void openProjectFolder().catch(showProblem)}
        >
          Open a project folder
        </Menu.Item>
        <Menu.Item
          leftSection={<IconHome size={16} stroke={1.75} aria-hidden />}
          onClick={() => goToShellScreen('projects')}
        >
          All projects
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function Sent() {
  const ledger = useSettings((state) => state.ledger);
  const total = ledger?.reduce((sum, entry) => sum + entry.bytesOut, 0) ?? 0;
  const Shape = total === 0 ? IconPlugConnectedX : IconPlugConnected;
  const words = total === 0 ? 'Nothing sent' : `${bytes(total)} sent`;
  return (
    <Tooltip label="What left this computer since the first start. Opens the network ledger.">
      <a className={styles.sent} href="#/settings/ledger">
        <Shape size={16} stroke={1.75} aria-hidden className={styles.sentIcon} />
        <span className={styles.sentWords}>{words}</span>
      </a>
    </Tooltip>
  );
}

function ThemeButton() {
  const scheme = useComputedColorScheme('light');
  const next = scheme === 'light' ? 'dark' : 'light';
  return (
    <IconButton
      label={`Use the ${next} theme`}
      icon={scheme === 'light' ? IconMoon : IconSun}
      onClick={() => void useSettings.getState().change({ theme: next }).catch(showProblem)}
    />
  );
}
