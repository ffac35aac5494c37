// Base and tuned value with their 95 % intervals on one line each, on the measure's own scale. Plain SVG in
// percent of the width, so that it needs no measuring. Knows nothing of measures or verdicts.

import type { z } from 'zod';
import type { Interval } from '../../../main/contract/evaluations.ts';
import styles from './charts.module.css';

type IntervalValue = z.infer<typeof Interval>;

export interface IntervalPlotProps {
  base: IntervalValue;
  tuned: IntervalValue;
  /** Read aloud instead of the picture. */
  label: string;
}

/** Limits that hold both intervals with 12 % of room; never below 0 for values that cannot be negative. */
export function intervalDomain(base: IntervalValue, tuned: IntervalValue): [number, number] {
  const low = Math.min(base.low, base.value, tuned.low, tuned.value);
  const high = Math.max(base.high, base.value, tuned.high, tuned.value);
  const room = high > low ? (high - low) * 0.12 : Math.max(Math.abs(high) * 0.2, 0.5);
  return [low >= 0 ? Math.max(0, low - room) : low - room, high + room];
}

export function IntervalPlot({ base, tuned, label }: IntervalPlotProps) {
  const [low, high] = intervalDomain(base, tuned);
  const percent = (value: number) => `${(((value - low) / (high - low)) * 98 + 1).toFixed(2)}%`;
  return (
    <svg className={styles.intervals} role="img" aria-label={label}>
      <line x1="0" x2="100%" y1="50%" y2="50%" stroke="var(--border)" />
      <Bar interval={base} y="32%" colour="var(--chart2)" percent={percent} shape="diamond" />
      <Bar interval={tuned} y="68%" colour="var(--chart1)" percent={percent} shape="disc" />
    </svg>
  );
}

interface BarProps {
  interval: IntervalValue;
  y: string;
  colour: string;
  percent: (value: number) => string;
  shape: 'diamond' | 'disc';
}

function Bar({ interval, y, colour, percent, shape }: BarProps) {
  const end = (x: string) => (
    <svg x={x} y={y} overflow="visible" aria-hidden="true">
      <line y1={-4} y2={4} stroke={colour} strokeWidth={1.5} />
    </svg>
  );
  return (
    <g>
      <line
        x1={percent(interval.low)}
        x2={percent(interval.high)}
        y1={y}
        y2={y}
        stroke={colour}
        strokeWidth={1.5}
      />
      {end(percent(interval.low))}
      {end(percent(interval.high))}
      <svg x={percent(interval.value)} y={y} overflow="visible" aria-hidden="true">
        <Mark shape={shape} colour={colour} />
      </svg>
    </g>
  );
}

/** The mark of a series: a hollow diamond for base and validation, a disc for tuned and training. */
export function Mark({ shape, colour }: { shape: 'diamond' | 'disc'; colour: string }) {
  if (shape === 'disc') return <circle r={4} fill={colour} />;
  return <path d="M0-5 5 0 0 5-5 0Z" fill="var(--surface1)" stroke={colour} strokeWidth={1.5} />;
}

/** Key of a series in a legend: a short line with the mark that the chart uses. */
export function LegendMark(props: { shape: 'diamond' | 'disc' | 'line'; colour: string; dashed?: boolean }) {
  return (
    <svg width={24} height={12} viewBox="-12 -6 24 12" aria-hidden="true">
      <line
        x1={-12}
        x2={12}
        stroke={props.colour}
        strokeWidth={2}
        strokeDasharray={props.dashed ? '5 3' : undefined}
      />
      {props.shape !== 'line' && <Mark shape={props.shape} colour={props.colour} />}
    </svg>
  );
}
