// Placeholder of the settings screen.
import { IconSettings } from '@tabler/icons-react';
import type { Screen } from '../screen.ts';

export const settingsScreen: Screen = {
  id: 'settings',
  title: 'Settings',
  icon: IconSettings,
  order: 20,
  place: 'foot',
  needsProject: false,
  Screen: () => <h1>Settings</h1>,
};
