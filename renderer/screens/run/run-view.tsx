// One run, live or finished: watch, trust, step in. Reads from the store; leaving the screen changes nothing.
import {
  IconArrowLeft,
  IconArrowRight,
  IconEdit,
  IconPlayerPause,
  IconPlayerPlay,
  IconPlayerStop,
} from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';
import type { Run } from '../../../main/contract/runs.ts';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { useThrottled } from '../../components/charts/use-throttled.ts';
import { ErrorNotice, Notice } from '../../components/notice.tsx';
import { ScreenHeader } from '../../components/screen-header.tsx';
import { useDatasets } from '../../state/datasets.ts';
import { useModels } from '../../state/models.ts';
import { goTo, hrefTo } from '../../state/route.ts';
import { actOnRun, startRun, useRunMetrics } from '../../state/runs.ts';
import { editRecipe, longerRecipe } from '../train/draft.ts';
import { AnswersCard } from './answers-card.tsx';
import { actionsFor, isActive } from './compare.ts';
import { GoOnButton } from './go-on.tsx';
import { HealthCard } from './health-card.tsx';
import { LineageCard } from './lineage-card.tsx';
import { LossCard } from './loss-card.tsx';
import { QuantizedBaseNotice } from './quantized-base.tsx';
import { RenameButton } from './rename.tsx';
import styles from './run.module.css';
import { RunFigures } from './run-figures.tsx';
import { RunStateChip } from './state-chip.tsx';
import { TrainAgain } from './train-again.tsx';

export function RunView({ run }: { run: Run }) {
  const live = useRunMetrics(run.projectId, run.id);
  // Charts and figures change at most four times a second, however often metrics arrive.
  const metrics = useThrottled(live);
  const shown = useThrottled(run);
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState<string | null>(null);

  const attempt = async (what: string, work: () => Promise<unknown>) => {
    setBusy(what);
    setError(undefined);
    try {
      await work();
    } catch (thrown) {
      setError(thrown);
    } finally {
      setBusy(null);
    }
  };
  const repeat = () =>
    attempt('repeat', async () => {
      const again = await startRun({ ...run.recipe, name: `${run.recipe.name}, repeated`.slice(0, 120) });
      goTo('run', again.id);
    });
  const change = () => {
    editRecipe(run.recipe);
    goTo('train');
  };
  const longer = () => {
    editRecipe(longerRecipe(run));
    goTo('train');
  };

  return (
    <div className="screen">
      <ScreenHeader
        title={`Run ${run.number}: ${run.name}`}
        chip={
          <span className="row">
            <RunStateChip state={run.state} />
            <RenameButton run={run} />
          </span>
        }
        sentence={<Sentence run={run} />}
        actions={
          <>
            <Button kind="text" icon={IconArrowLeft} href={hrefTo('run')}>
              All runs
            </Button>
            <Actions
              run={run}
              busy={busy}
              attempt={attempt}
              onRepeat={repeat}
              onChange={change}
              onLonger={longer}
            />
          </>
        }
      />
      {error !== undefined && <ErrorNotice error={error} />}
      {run.error && <RunError run={run} attempt={attempt} busy={busy} onChange={change} />}
      {live.error !== undefined && <ErrorNotice error={live.error} />}
      <Warnings run={run} />
      <RunFigures run={shown} metrics={metrics} />
      <QuantizedBaseNotice run={run} />
      <div className={styles.columns}>
        <div className="stack">
          <LossCard run={shown} metrics={metrics} loaded={live.loaded} />
          <AnswersCard samples={metrics.samples} active={isActive(shown.state)} />
        </div>
        <HealthCard run={shown} metrics={metrics} />
      </div>
      <LineageCard run={run} />
    </div>
  );
}

function Sentence({ run }: { run: Run }): ReactNode {
  const versions = useDatasets(run.projectId);
  const models = useModels((state) => state.list);
  const version = versions.find((one) => one.id === run.recipe.versionId);
  const model = models.find((one) => one.id === run.recipe.modelId);
  const on = `${version ? `Dataset version ${version.number}` : 'A dataset version'} on ${model?.name ?? 'a base model'}.`;
  const words: Record<Run['state'], string> = {
    queued: 'It starts when the work before it is done.',
    compiling: 'The model is loaded and compiled; the first step follows.',
    running: 'You can leave this screen; after a restart the run can go on.',
    paused: 'Nothing is lost; it goes on when you resume.',
    stopping: 'The last step is saved; the best checkpoint is kept.',
    stopped: 'It was stopped; the best checkpoint is kept.',
    finished: 'It ran to the end.',
    failed: 'It ended with an error.',
    interrupted: 'It was cut off, and can go on from its last checkpoint.',
  };
  return `${on} ${words[run.state]}`;
}

interface ActionsProps {
  run: Run;
  busy: string | null;
  attempt(what: string, work: () => Promise<unknown>): Promise<void>;
  onRepeat(): void;
  onChange(): void;
  onLonger(): void;
}

function Actions({ run, busy, attempt, onRepeat, onChange, onLonger }: ActionsProps) {
  const can = actionsFor(run.state);
  const done = run.state === 'finished' || run.state === 'stopped';
  return (
    <>
      {can.has('pause') && (
        <Button
          icon={IconPlayerPause}
          loading={busy === 'pause'}
          onClick={() => void attempt('pause', () => actOnRun('runs.pause', run))}
        >
          Pause
        </Button>
      )}
      {can.has('resume') && !run.error && (
        <Button
          icon={IconPlayerPlay}
          kind={run.state === 'paused' ? 'primary' : 'outline'}
          loading={busy === 'resume'}
          onClick={() => void attempt('resume', () => actOnRun('runs.resume', run))}
        >
          {run.state === 'paused' ? 'Resume' : 'Go on'}
        </Button>
      )}
      {can.has('stop') && (
        <Button
          icon={IconPlayerStop}
          loading={busy === 'stop'}
          onClick={() => void attempt('stop', () => actOnRun('runs.stop', run))}
        >
          {run.state === 'queued' ? 'Remove from the queue' : 'Stop and keep the best'}
        </Button>
      )}
      {can.has('delete') && (
        <>
          {run.checkpointStep !== null && <GoOnButton run={run} />}
          <TrainAgain
            busy={busy === 'repeat'}
            onRepeat={onRepeat}
            onChange={onChange}
            onLonger={done && run.checkpointStep !== null ? onLonger : undefined}
          />
        </>
      )}
      {done && run.checkpointStep !== null && (
        <Button kind="primary" iconAfter={IconArrowRight} href={hrefTo('evaluate', run.id)}>
          Evaluate run {run.number}
        </Button>
      )}
    </>
  );
}

/** What happened and what to do, with that as a button: go on from the last checkpoint, or change the recipe. */
function RunError({ run, attempt, busy, onChange }: Omit<ActionsProps, 'onRepeat' | 'onLonger'>) {
  if (!run.error) return null;
  const canGoOn = actionsFor(run.state).has('resume') && run.checkpointStep !== null;
  return (
    <ErrorNotice
      error={run.error}
      actions={
        <>
          {canGoOn && (
            <Button
              size="small"
              icon={IconPlayerPlay}
              loading={busy === 'resume'}
              onClick={() => void attempt('resume', () => actOnRun('runs.resume', run))}
            >
              Go on from step {run.checkpointStep}
            </Button>
          )}
          <Button size="small" icon={IconEdit} onClick={onChange}>
            Change the recipe
          </Button>
        </>
      }
    />
  );
}

/** The newest warning of a run at work; older ones are in the log card. */
function Warnings({ run }: { run: Run }) {
  const warning = run.messages.filter((message) => message.level === 'warning').at(-1);
  if (!warning || run.error) return null;
  return (
    <Notice tone="warning" live>
      {warning.sentence}
    </Notice>
  );
}

/** Shown while the run is asked for, or when it is gone. */
export function RunMissing({ children }: { children: ReactNode }) {
  return (
    <div className="screen">
      <ScreenHeader title="Run" />
      <Card grow label="Run">
        {children}
      </Card>
    </div>
  );
}
