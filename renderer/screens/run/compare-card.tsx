// Ticked runs laid over each other: their loss curves in one chart, and a table of only what differs.
import { useEffect, useMemo } from 'react';
import { bestRun, notComparable, sharedMeasure, standingBy } from '../../../main/contract/ranking.ts';
import type { Run } from '../../../main/contract/runs.ts';
import { Card } from '../../components/card.tsx';
import { smoothingWindow, trailingMean } from '../../components/charts/series.ts';
import { StepChart, type StepSeries } from '../../components/charts/step-chart.tsx';
import { useThrottled } from '../../components/charts/use-throttled.ts';
import { DataTable } from '../../components/data-table.tsx';
import { score } from '../../components/format.ts';
import { Notice } from '../../components/notice.tsx';
import { loadMetrics, type RunMetrics, useMetricsStore } from '../../state/runs.ts';
import { useCapabilities } from '../../state/settings.ts';
import { FIELDS } from '../train/groups.ts';
import { type Difference, whatDiffers } from './compare.ts';
import { lineageLabel } from './lineage.ts';
import { sharedLossUnit } from './loss-words.ts';
import styles from './run.module.css';
import { measureWords } from './validation.ts';

const PALETTE = 8;
const colourOf = (at: number): string => `var(--chart${(at % PALETTE) + 1})`;

export function CompareCard({ runs }: { runs: readonly Run[] }) {
  const projectId = runs[0].projectId;
  const ids = runs.map((run) => run.id).join(' ');
  useEffect(() => {
    for (const runId of ids.split(' '))
      if (!useMetricsStore.getState().byRun[runId]) void loadMetrics(projectId, runId);
  }, [ids, projectId]);
  const metrics = useThrottled(useMetricsStore((state) => state.byRun));
  const series = useMemo(() => runs.flatMap((run, at) => lineOf(run, at, metrics[run.id])), [runs, metrics]);
  const steps = Math.max(1, ...series.map((line) => line.points.at(-1)?.x ?? 0));
  const why = runs.length > 1 ? notComparable(runs) : null;
  const best = bestRun(runs);
  const measure = sharedMeasure(runs);
  const summary = `Training loss, smoothed, of ${runs.map((run) => `run ${run.number}`).join(', ')}${
    best && runs.length > 1
      ? `; run ${best.number} is the best by ${measureWords(measure)}, ${score(standingBy(best, measure))}`
      : ''
  }.`;
  return (
    <Card
      title={runs.length === 1 ? `Run ${runs[0].number}` : `${runs.length} runs compared`}
      sub={`training loss, smoothed, ${sharedLossUnit(runs) ?? 'in the unit of each task'}`}
      divided
    >
      {why && <Notice tone="warning">{why}</Notice>}
      <div className={styles.compare}>
        <div>
          <StepChart
            series={series}
            steps={steps}
            now={steps}
            scale="linear"
            summary={summary}
            format={score}
          />
          <div className={styles.legend}>
            {runs.map((run, at) => (
              <span key={run.id} className={styles.legendItem}>
                <span className={styles.swatch} style={{ background: colourOf(at) }} />
                Run {run.number}: {run.name}
              </span>
            ))}
          </div>
        </div>
        <Differences runs={runs} />
        {best && runs.length > 1 && (
          <p className="muted">
            Run {best.number} is the best by {measureWords(measure)}: {score(standingBy(best, measure))}.
          </p>
        )}
      </div>
    </Card>
  );
}

function lineOf(run: Run, at: number, metrics: RunMetrics | undefined): StepSeries[] {
  if (!metrics || metrics.train.length === 0) return [];
  const raw = metrics.train.map((point) => ({
    x: point.step,
    y: Number.isFinite(point.loss) ? point.loss : null,
  }));
  const points = trailingMean(raw, smoothingWindow(run.steps));
  const end = points.at(-1);
  return [
    {
      id: run.id,
      label: `Run ${run.number}`,
      colour: colourOf(at),
      points,
      dashed: at >= 4,
      note: end && end.y !== null ? { x: end.x, y: end.y, text: `run ${run.number}`, dot: true } : undefined,
    },
  ];
}

function Differences({ runs }: { runs: readonly Run[] }) {
  const help = useCapabilities()?.settingHelp ?? {};
  const rows = useMemo(() => whatDiffers(runs), [runs]);
  const nameOf = (path: string): string => {
    if (path.startsWith('lineage.')) return lineageLabel(path.slice('lineage.'.length));
    const key = path.slice('settings.'.length);
    return help[key]?.label ?? FIELDS.find((one) => one.path === key)?.label ?? key;
  };
  if (runs.length === 1) return <p className="muted">Tick another run to see what differs.</p>;
  return (
    <DataTable<Difference>
      label="What differs between the ticked runs"
      rows={rows}
      rowKey={(row) => row.path}
      columns={[
        { id: 'what', label: 'What differs', cell: (row) => nameOf(row.path) },
        ...runs.map((run, at) => ({
          id: run.id,
          label: `Run ${run.number}`,
          cell: (row: Difference) => row.values[at],
        })),
      ]}
      empty={<p className="muted">Data, model, settings and versions are the same in these runs.</p>}
    />
  );
}
