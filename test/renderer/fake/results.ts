// Runs, evaluations, exports and chat of the fake backend.
import type { FakeHandlers } from '../../../renderer/client/fake.ts';
import type { FakeState } from './world.ts';

export function resultHandlers(_state: FakeState): FakeHandlers {
  return {
    'runs.list': () => [],
    'evaluations.list': () => [],
    'exports.list': () => [],
  };
}
