// Health of a run: learning rate, gradient norm, speed and memory as small lines, and one verdict.
import { IconAlertTriangle, IconCheck, IconCircleX, IconDeviceFloppy } from '@tabler/icons-react';
import { type ReactNode, useMemo } from 'react';
import type { Run } from '../../../main/contract/runs.ts';
import { Card } from '../../components/card.tsx';
import type { Point } from '../../components/charts/series.ts';
import { SparkChart } from '../../components/charts/spark-chart.tsx';
import { Chip } from '../../components/chip.tsx';
import { bytes, decimal, integer, learningRate, missing, percent } from '../../components/format.ts';
import { Term } from '../../components/term.tsx';
import type { RunMetrics } from '../../state/runs.ts';
import { clippedShare, healthOf, plannedRate } from './health.ts';
import styles from './run.module.css';

const looks = {
  good: { tone: 'success', icon: IconCheck },
  warning: { tone: 'warning', icon: IconAlertTriangle },
  bad: { tone: 'danger', icon: IconCircleX },
} as const;

export function HealthCard({ run, metrics }: { run: Run; metrics: RunMetrics }) {
  const { train, validation } = metrics;
  const { settings } = run.recipe;
  const last = train.at(-1);
  const health = healthOf(run, train, validation);
  const clipped = clippedShare(train, settings.maxGradNorm);
  const lines = useMemo(
    () => ({
      rate: train.map((point): Point => ({ x: point.step, y: point.learningRate })),
      norm: train.map((point): Point => ({ x: point.step, y: finite(point.gradNorm) })),
      speed: train.map((point): Point => ({ x: point.step, y: point.tokensPerSecond })),
      memory: train.map((point): Point => ({ x: point.step, y: point.residentBytes })),
    }),
    [train],
  );
  const ended = run.endedAt !== null;
  const lastX = ended && last ? last.step : run.steps;
  const planned = useMemo(
    () => (ended ? [] : plannedRate(settings, last?.step ?? 0, run.steps, run.plan?.learningRates)),
    [ended, settings, last?.step, run.steps, run.plan?.learningRates],
  );
  const peak = run.plan?.peakBytes;
  return (
    <Card
      className={styles.health}
      title="Health"
      padded={false}
      aside={
        train.length > 0 &&
        run.error === null && (
          <Chip {...looks[health.level]} hint={health.sentence}>
            {health.word}
          </Chip>
        )
      }
      footer={
        <span className="row">
          <IconDeviceFloppy size={16} stroke={1.75} aria-hidden />
          {run.checkpointStep === null
            ? 'No checkpoint is saved yet'
            : `Checkpoint saved at step ${integer(run.checkpointStep)}`}
        </span>
      }
    >
      <Part
        name="Learning rate"
        help="How far one step moves the weights. It rises over the warm-up and falls by the schedule."
        value={last ? learningRate(last.learningRate) : missing}
        caption={planned.length > 1 ? 'planned: dashed' : `at most ${learningRate(settings.learningRate)}`}
      >
        <SparkChart points={lines.rate} planned={planned} lastX={lastX} label="Learning rate by step" />
      </Part>
      <Part
        name="Gradient norm"
        help="Length of all gradients together, before clipping. A sudden rise is a warning."
        value={last ? decimal(last.gradNorm, 2) : missing}
        caption={
          clipped === null
            ? 'not clipped'
            : `clipped at ${settings.maxGradNorm} in ${percent(clipped)} of the steps`
        }
      >
        <SparkChart
          points={lines.norm}
          limit={settings.maxGradNorm > 0 ? settings.maxGradNorm : undefined}
          lastX={lastX}
          label="Gradient norm by step"
        />
      </Part>
      <Part
        name="Speed"
        help="Tokens of your records per second, without padding."
        value={last ? integer(last.tokensPerSecond) : missing}
        unit="tokens/s"
        caption={validation.length > 1 ? 'validation takes its time at the diamonds' : 'without padding'}
      >
        <SparkChart points={lines.speed} lastX={lastX} label="Tokens per second by step" />
      </Part>
      <Part
        name="Memory"
        help="What the training process holds now."
        value={last ? bytes(last.residentBytes) : missing}
        caption={peak ? `planned peak ${bytes(peak)}: dashed` : 'resident memory of the process'}
      >
        <SparkChart points={lines.memory} limit={peak} lastX={lastX} label="Memory by step" />
      </Part>
    </Card>
  );
}

interface PartProps {
  name: string;
  help: string;
  value: string;
  unit?: string;
  caption: string;
  children: ReactNode;
}

function Part({ name, help, value, unit, caption, children }: PartProps) {
  return (
    <div className={styles.part}>
      <div className="row between caption">
        <Term help={help}>{name}</Term>
        <span className="tabular">
          <strong className={styles.partValue}>{value}</strong>
          {unit && ` ${unit}`}
        </span>
      </div>
      {children}
      <p className="caption muted">{caption}</p>
    </div>
  );
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
