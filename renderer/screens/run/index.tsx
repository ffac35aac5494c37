// Runs: the list with its comparison, or one run, by what follows in the address.
import { IconActivity } from '@tabler/icons-react';
import { useEffect } from 'react';
import { Button } from '../../components/button.tsx';
import { Empty } from '../../components/empty.tsx';
import { Loading } from '../../components/loading.tsx';
import { ErrorNotice } from '../../components/notice.tsx';
import { goTo, hrefTo, useProjectId } from '../../state/route.ts';
import { useRuns, useRunsStatus, useRunsStore } from '../../state/runs.ts';
import type { Screen, ScreenProps } from '../screen.ts';
import { RunList } from './run-list.tsx';
import { RunMissing, RunView } from './run-view.tsx';

export const runScreen: Screen = {
  id: 'run',
  title: 'Runs',
  icon: IconActivity,
  order: 4.5,
  place: 'hidden',
  under: 'train',
  needsProject: true,
  Screen: RunScreen,
};

function RunScreen({ rest }: ScreenProps) {
  const projectId = useProjectId();
  const runs = useRuns(projectId);
  const { status, error } = useRunsStatus(projectId);
  const [runId] = rest;
  useEscape(runId !== undefined);
  if (runId === undefined) return <RunList projectId={projectId} runs={runs} />;
  const run = runs.find((one) => one.id === runId);
  if (run) return <RunView key={run.id} run={run} />;
  return (
    <RunMissing>
      {status === 'failed' ? (
        <ErrorNotice error={error} onRetry={() => void useRunsStore.getState().load(projectId)} />
      ) : status === 'ready' ? (
        <Empty
          icon={IconActivity}
          title="This run is not in the list"
          actions={<Button href={hrefTo('run')}>Show all runs</Button>}
        >
          It was deleted, or belongs to another project. Deleted runs stay in the trash for 30 days.
        </Empty>
      ) : (
        <Loading label="Reading the run" lines={8} />
      )}
    </RunMissing>
  );
}

/** Esc goes back to the list, unless something else took the key. */
function useEscape(active: boolean): void {
  useEffect(() => {
    if (!active) return;
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key !== 'Escape' || event.defaultPrevented) return;
      // A dialog may be gone from the page already when the key arrives here; what had the focus still knows of it.
      const from = event.target instanceof Element ? event.target : null;
      if (from?.closest('[role="dialog"], [role="menu"]') || document.querySelector('[role="dialog"]'))
        return;
      if (from instanceof HTMLInputElement) return;
      goTo('run');
    };
    window.addEventListener('keydown', onKeyDown);
    return () => window.removeEventListener('keydown', onKeyDown);
  }, [active]);
}
