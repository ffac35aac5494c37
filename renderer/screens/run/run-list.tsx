// The list of runs: find the best one, tick some to compare them, open, repeat, delete with undo.
import { IconArrowRight, IconPlayerPlay, IconTrash } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';
import type { ValidationMetric } from '../../../main/contract/losses.ts';
import {
  bestRun,
  betterWhen,
  notComparable,
  sharedMeasure,
  standingBy,
} from '../../../main/contract/ranking.ts';
import type { Run } from '../../../main/contract/runs.ts';
import { Button, IconButton } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Empty } from '../../components/empty.tsx';
import { ago, bytes, dateTime, duration, integer, missing, score } from '../../components/format.ts';
import { ErrorNotice, Notice } from '../../components/notice.tsx';
import { ScreenHeader } from '../../components/screen-header.tsx';
import { useDatasets } from '../../state/datasets.ts';
import { goTo, hrefTo } from '../../state/route.ts';
import { actOnRun, deleteRun, usableRuns, useRunsStatus, useRunsStore } from '../../state/runs.ts';
import { toast } from '../../state/ui.ts';
import { MEASURE_LABELS } from '../train/controls.ts';
import { actionsFor } from './compare.ts';
import { CompareCard } from './compare-card.tsx';
import { sharedLossUnit } from './loss-words.ts';
import styles from './run.module.css';
import { RunStateChip } from './state-chip.tsx';
import { TrashButton } from './trash.tsx';
import { measureOf } from './validation.ts';

const figure = (value: number | null, best: boolean): ReactNode =>
  value === null ? missing : best ? <strong>{score(value)}, best</strong> : score(value);

/** What runs were judged by beside the loss, under the name of the measure where they share one. */
function measureColumn(measure: ValidationMetric, best: Run | null): Column<Run> {
  const shared = measure !== 'loss';
  const sign = betterWhen(measure) === 'higher' ? -1 : 1;
  return {
    id: 'measure',
    label: shared ? MEASURE_LABELS[measure] : 'Judged by',
    align: 'right',
    help: shared
      ? `The measure that chose the best checkpoint of each run, and ranks them. ${sign < 0 ? 'Higher' : 'Lower'} is better.`
      : 'The measure that chose the best checkpoint. Not all runs have the same, so the loss ranks them.',
    sortBy: (run) => (shared ? sign * (standingBy(run, measure) ?? sign * Number.POSITIVE_INFINITY) : 0),
    cell: (run) =>
      shared || run.validationScore === null
        ? figure(run.validationScore, run === best && shared)
        : `${measureOf(run)} ${score(run.validationScore)}`,
  };
}

export function RunList({ projectId, runs }: { projectId: string; runs: Run[] }) {
  const { status, error } = useRunsStatus(projectId);
  const versions = useDatasets(projectId);
  const [ticked, setTicked] = useState<ReadonlySet<string>>(new Set());
  const [failure, setFailure] = useState<unknown>();
  const chosen = runs.filter((run) => ticked.has(run.id));
  const usable = usableRuns(runs);
  const best = bestRun(usable);
  const noRank = notComparable(usable);
  const measure = sharedMeasure(usable);
  const judged = runs.some((run) => run.validationScore !== null);
  const versionOf = (run: Run): string => {
    const version = versions.find((one) => one.id === run.recipe.versionId);
    return version ? `version ${version.number}` : missing;
  };
  const toggle = (run: Run) =>
    setTicked((before) => {
      const next = new Set(before);
      if (!next.delete(run.id)) next.add(run.id);
      return next;
    });
  const remove = async (run: Run) => {
    setFailure(undefined);
    try {
      await deleteRun(run);
      setTicked((before) => new Set([...before].filter((id) => id !== run.id)));
      toast(`Run ${run.number} is in the trash for 30 days.`, async () => {
        await actOnRun('runs.restore', run);
      });
    } catch (thrown) {
      setFailure(thrown);
    }
  };

  const columns: Column<Run>[] = [
    {
      id: 'tick',
      label: 'Tick',
      width: '44px',
      cell: (run) => (
        <input
          type="checkbox"
          className={styles.tick}
          aria-label={`Compare run ${run.number}`}
          checked={ticked.has(run.id)}
          onChange={() => toggle(run)}
        />
      ),
    },
    {
      id: 'name',
      label: 'Run',
      sortBy: (run) => run.number,
      cell: (run) => (
        <a className={styles.name} href={hrefTo('run', run.id)}>
          {run.number}: {run.name}
        </a>
      ),
    },
    {
      id: 'state',
      label: 'State',
      width: '124px',
      sortBy: (run) => run.state,
      cell: (run) => <RunStateChip state={run.state} />,
    },
    {
      id: 'validation',
      label: 'Validation loss',
      align: 'right',
      help: `Lowest loss on the validation split, in ${sharedLossUnit(runs) ?? 'the unit of its task'}. Lower is better.`,
      sortBy: (run) => run.validationLoss ?? Number.POSITIVE_INFINITY,
      cell: (run) => figure(run.validationLoss, run === best && measure === 'loss'),
    },
    ...(judged ? [measureColumn(measure, best)] : []),
    {
      id: 'step',
      label: 'Step',
      align: 'right',
      priority: 2,
      sortBy: (run) => run.step,
      cell: (run) => `${integer(run.step)} of ${integer(run.steps)}`,
    },
    {
      id: 'time',
      label: 'Time',
      align: 'right',
      sortBy: (run) => run.seconds,
      cell: (run) => (run.seconds > 0 ? duration(run.seconds) : missing),
    },
    {
      id: 'memory',
      label: 'Peak memory',
      align: 'right',
      priority: 3,
      sortBy: (run) => run.peakBytes,
      cell: (run) => (run.peakBytes > 0 ? bytes(run.peakBytes) : missing),
    },
    {
      id: 'speed',
      label: 'Tokens/s',
      align: 'right',
      priority: 3,
      help: 'Tokens of the records per second, without padding.',
      sortBy: (run) => run.tokensPerSecond ?? 0,
      cell: (run) => integer(run.tokensPerSecond),
    },
    { id: 'data', label: 'Data', priority: 2, sortBy: versionOf, cell: versionOf },
    {
      id: 'made',
      label: 'Made',
      priority: 2,
      sortBy: (run) => run.createdAt,
      cell: (run) => <span title={dateTime(run.createdAt)}>{ago(run.createdAt)}</span>,
    },
    {
      id: 'actions',
      label: 'Delete',
      align: 'right',
      width: '60px',
      cell: (run) =>
        actionsFor(run.state).has('delete') && (
          <span className={styles.rowActions}>
            <IconButton
              size="small"
              icon={IconTrash}
              label={`Delete run ${run.number}`}
              onClick={() => void remove(run)}
            />
          </span>
        ),
    },
  ];

  const next = runs.length === 0 && status === 'ready' ? 'train' : best ? 'evaluate' : null;
  return (
    <div className="screen">
      <ScreenHeader
        title="Runs"
        sentence="Tick runs to lay their curves over each other and to see only what differs."
        actions={
          <>
            <TrashButton projectId={projectId} />
            <Button
              icon={IconPlayerPlay}
              kind={next === 'train' ? 'primary' : 'outline'}
              href={hrefTo('train')}
            >
              {next === 'train' ? 'Set up the first run' : 'New run'}
            </Button>
            {next === 'evaluate' && best && (
              <Button kind="primary" iconAfter={IconArrowRight} href={hrefTo('evaluate', best.id)}>
                Evaluate the best
              </Button>
            )}
          </>
        }
      />
      {error !== undefined && error !== null && (
        <ErrorNotice error={error} onRetry={() => void useRunsStore.getState().load(projectId)} />
      )}
      {failure !== undefined && <ErrorNotice error={failure} />}
      {noRank && chosen.length < 2 && <Notice tone="info">{noRank}</Notice>}
      <div className={styles.listColumns}>
        {(status !== 'failed' || runs.length > 0) && (
          <Card label="Runs" padded={false} className={styles.listCard}>
            <DataTable
              label="Runs of this project"
              rows={runs}
              columns={columns}
              rowKey={(run) => run.id}
              selected={ticked}
              onOpen={(run) => goTo('run', run.id)}
              loading={status === 'loading' || status === 'idle'}
              counted
              footer={chosen.length > 0 ? `${chosen.length} ticked` : undefined}
              empty={
                status === 'ready' && (
                  <Empty icon={IconPlayerPlay} title="No run yet">
                    Each training appears here with its losses, time and memory. The sample project can be
                    trained at once.
                  </Empty>
                )
              }
            />
          </Card>
        )}
        {chosen.length > 0 && <CompareCard runs={chosen} />}
      </div>
    </div>
  );
}
