// The loss of one run: smoothed and raw training loss, validation with its best point, and the part still to come.
import { useMemo, useState } from 'react';
import type { Run } from '../../../main/contract/runs.ts';
import { Card } from '../../components/card.tsx';
import { ChartTable } from '../../components/charts/chart-table.tsx';
import { LegendMark } from '../../components/charts/interval-plot.tsx';
import { smoothingWindow, trailingMean } from '../../components/charts/series.ts';
import { StepChart, type StepSeries } from '../../components/charts/step-chart.tsx';
import { Empty } from '../../components/empty.tsx';
import { Segments } from '../../components/field.tsx';
import { about, bytes, decimal, integer, learningRate, score } from '../../components/format.ts';
import { Loading } from '../../components/loading.tsx';
import type { RunMetrics } from '../../state/runs.ts';
import { isActive } from './compare.ts';
import { lossUnitOf } from './loss-words.ts';
import styles from './run.module.css';
import { bestNote, bestPoint } from './validation.ts';

export interface LossCardProps {
  run: Run;
  metrics: RunMetrics;
  loaded: boolean;
}

export function LossCard({ run, metrics, loaded }: LossCardProps) {
  const [scale, setScale] = useState<'linear' | 'log'>('linear');
  const chart = useMemo(() => chartOf(run, metrics), [run, metrics]);
  const empty = metrics.train.length === 0 && metrics.validation.length === 0;
  return (
    <Card
      title="Loss"
      sub={
        <span className={styles.legend}>
          <span className={styles.legendItem}>
            <LegendMark shape="line" colour="var(--chart1)" />
            Training, smoothed
          </span>
          {(metrics.validation.length > 0 || isActive(run.state)) && (
            <span className={styles.legendItem}>
              <LegendMark shape="diamond" colour="var(--chart2)" dashed />
              Validation
            </span>
          )}
          <span>{lossUnitOf(run)}, lower is better</span>
        </span>
      }
      aside={
        <>
          <Segments<'linear' | 'log'>
            label="Scale of the loss axis"
            value={scale}
            onChange={setScale}
            options={[
              { value: 'linear', label: 'Linear' },
              { value: 'log', label: 'Log' },
            ]}
          />
          <ChartTable
            title={`Run ${run.number}, step by step`}
            fileName={`run-${run.number}-metrics.csv`}
            columns={tableColumns}
            rows={() => tableRows(metrics)}
          />
        </>
      }
    >
      {empty ? (
        <div className={styles.chartPlace}>
          {loaded ? (
            <Empty title="No step is done yet">
              {run.state === 'queued'
                ? 'The run waits for the work before it.'
                : 'The first step comes when the model is loaded and compiled.'}
            </Empty>
          ) : (
            <Loading label="Reading the metrics of this run" lines={6} />
          )}
        </div>
      ) : (
        <StepChart {...chart} scale={scale} format={score} />
      )}
    </Card>
  );
}

function chartOf(run: Run, { train, validation }: RunMetrics) {
  const last = train.at(-1)?.step ?? 0;
  const over = run.endedAt !== null || run.state === 'finished';
  const steps = over ? Math.max(last, 1) : Math.max(run.steps, last, 1);
  const raw = train.map((point) => ({ x: point.step, y: Number.isFinite(point.loss) ? point.loss : null }));
  const smoothed = trailingMean(raw, smoothingWindow(steps));
  const checks = validation.map((point) => ({ x: point.step, y: point.loss }));
  const best = bestPoint(run, validation);
  const end = smoothed.at(-1);
  const before = validation.find((point) => point.step === 0);
  const perEpoch = run.plan?.stepsPerEpoch ?? 0;
  const epochs = perEpoch > 0 ? Math.ceil(steps / perEpoch) - 1 : 0;
  const secondsLeft = train.at(-1)?.secondsLeft ?? null;
  const toGo = steps - last;
  const series: StepSeries[] = [
    {
      id: 'train',
      label: 'Training',
      colour: 'var(--chart1)',
      points: smoothed,
      raw,
      note:
        end && end.y !== null
          ? { x: end.x, y: end.y, text: `training ${score(end.y)}`, dot: true }
          : undefined,
    },
    {
      id: 'validation',
      label: 'Validation',
      colour: 'var(--chart2)',
      points: checks,
      dashed: true,
      diamonds: true,
      note:
        best && best.step > steps * 0.08
          ? { x: best.step, y: best.loss, text: bestNote(run, best), above: true }
          : undefined,
    },
  ];
  return {
    series,
    steps,
    now: last,
    marks:
      epochs > 0 && epochs <= 8
        ? Array.from({ length: epochs }, (_, i) => ({ x: (i + 1) * perEpoch, text: `epoch ${i + 2}` }))
        : [],
    levels: before ? [{ y: before.loss, text: `validation before training ${score(before.loss)}` }] : [],
    future:
      toGo > 0
        ? `${integer(toGo)} steps to go${secondsLeft === null ? '' : `, ${about(secondsLeft)}`}`
        : undefined,
    summary: `Loss over ${integer(last)} of ${integer(steps)} steps: training ${score(end?.y)}${
      best ? `, best validation ${score(best.loss)} at step ${integer(best.step)}` : ''
    }, ${lossUnitOf(run)}. Arrow keys read each step.`,
  };
}

const tableColumns = [
  { head: 'Step', format: integer },
  { head: 'Training loss', format: score },
  { head: 'Validation loss', format: score },
  { head: 'Learning rate', format: learningRate },
  { head: 'Gradient norm', format: (value: number) => decimal(value, 2) },
  { head: 'Tokens/s', format: integer },
  { head: 'Memory', format: bytes },
];

function tableRows({ train, validation }: RunMetrics): (number | null)[][] {
  const checks = new Map(validation.map((point) => [point.step, point.loss]));
  const rows = train.map((point) => {
    const check = checks.get(point.step) ?? null;
    checks.delete(point.step);
    const { step, loss, gradNorm, tokensPerSecond, residentBytes } = point;
    return [step, loss, check, point.learningRate, gradNorm, tokensPerSecond, residentBytes];
  });
  const alone = [...checks].map(([step, loss]) => [step, null, loss, null, null, null, null]);
  return [...alone, ...rows].sort((a, b) => (a[0] as number) - (b[0] as number));
}
