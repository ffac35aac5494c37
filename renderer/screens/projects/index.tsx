// Placeholder of the projects screen.
import { IconHome } from '@tabler/icons-react';
import type { Screen } from '../screen.ts';

export const projectsScreen: Screen = {
  id: 'projects',
  title: 'Projects',
  icon: IconHome,
  order: 0,
  place: 'top',
  needsProject: false,
  Screen: () => <h1>Projects</h1>,
};
