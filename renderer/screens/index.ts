// Every screen of the app, in the order of the navigation. A new screen is one file and one line here.
import { chatScreen } from './chat/index.tsx';
import { datasetScreen } from './dataset/index.tsx';
import { documentsScreen } from './documents/index.tsx';
import { evaluateScreen } from './evaluate/index.tsx';
import { exportScreen } from './export/index.tsx';
import { modelScreen } from './model/index.tsx';
import { projectsScreen } from './projects/index.tsx';
import { runScreen } from './run/index.tsx';
import type { Screen } from './screen.ts';
import { settingsScreen } from './settings/index.tsx';
import { trainScreen } from './train/index.tsx';

export const screens: Screen[] = [
  projectsScreen,
  documentsScreen,
  datasetScreen,
  modelScreen,
  trainScreen,
  runScreen,
  evaluateScreen,
  exportScreen,
  chatScreen,
  settingsScreen,
].sort((a, b) => a.order - b.order);

export function screenById(id: string): Screen | undefined {
  return screens.find((screen) => screen.id === id);
}
