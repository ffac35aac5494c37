// Placeholder of the chat screen.
import { IconMessage } from '@tabler/icons-react';
import type { Screen } from '../screen.ts';

export const chatScreen: Screen = {
  id: 'chat',
  title: 'Chat',
  icon: IconMessage,
  order: 10,
  place: 'below',
  needsProject: true,
  Screen: () => <h1>Chat</h1>,
};
