// The whole fake backend, in one of four states. Each noun's data stands in its own file; a new call is one line there.
import { CallError } from '../../../renderer/client/client.ts';
import type { FakeHandlers } from '../../../renderer/client/fake.ts';
import { datasetHandlers } from './datasets.ts';
import { documentHandlers } from './documents.ts';
import { projectHandlers } from './projects.ts';
import { resultHandlers } from './results.ts';
import { settingsHandlers } from './settings.ts';

export type FakeState = 'full' | 'empty' | 'loading' | 'error';

/** What the shell needs even when the screens' own calls hang or fail. */
const shell = new Set(['settings.get', 'settings.capabilities', 'projects.list', 'jobs.list']);

export function worldHandlers(state: FakeState): FakeHandlers {
  const all: FakeHandlers = {
    ...settingsHandlers(state),
    ...projectHandlers(state),
    ...documentHandlers(state),
    ...datasetHandlers(state),
    ...resultHandlers(state),
  };
  if (state === 'full' || state === 'empty') return all;
  const replaced = Object.fromEntries(
    Object.entries(all).map(([name, handler]) => [name, shell.has(name) ? handler : broken(name, state)]),
  );
  return replaced as FakeHandlers;
}

function broken(name: string, state: 'loading' | 'error'): () => Promise<never> {
  if (state === 'loading') return () => new Promise(() => undefined);
  return async () => {
    throw new CallError(
      'database-locked',
      `The project database did not answer for 5 s (${name}).`,
      'Close other programs that use the project folder, then try again.',
    );
  };
}
