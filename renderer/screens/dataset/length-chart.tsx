// How long the records of a version are, in tokens of the chosen model, against what the model takes at most.
import { IconAlertTriangle } from '@tabler/icons-react';
import type { CallOutput } from '../../../main/contract/index.ts';
import { integer, percent, plural } from '../../components/format.ts';
import styles from './length-chart.module.css';

type Stats = CallOutput<'datasets.tokenStats'>;

const width = 640;
const height = 84;

export function LengthChart({ stats, limit }: { stats: Stats; limit: number }) {
  const bars = stats.histogram;
  const most = Math.max(1, ...bars.map((bar) => bar.records));
  const end = bars.at(-1)?.upTo ?? 1;
  const total = bars.reduce((sum, bar) => sum + bar.records, 0);
  const x = (tokens: number) => (tokens / end) * width;
  const median = quantile(bars, total, 0.5);
  const long = quantile(bars, total, 0.95);
  const summary = `Length of ${plural(total, 'record')}: half have up to ${integer(median)} tokens, 95 % up to ${integer(long)}, the longest has ${integer(stats.longest)}. The limit is ${integer(limit)}.`;
  const ticks = [0, 0.25, 0.5, 0.75].map((share) => Math.round(end * share));
  return (
    <div className={styles.lengths}>
      <div className="row wrap between">
        <span className="row wrap">
          <h3>Length of all {integer(total)} records</h3>
          <span className="caption muted tabular">
            median {integer(median)}, 95 % below {integer(long)},{' '}
            {percent(stats.trainedTokens / Math.max(1, stats.tokens))} learned
          </span>
        </span>
        {stats.overLimit > 0 && (
          <span className={styles.tooLong}>
            <IconAlertTriangle size={16} stroke={1.75} aria-hidden />
            {plural(stats.overLimit, 'record is', 'records are')} longer than {integer(limit)} and will be cut
          </span>
        )}
      </div>
      <svg
        className={styles.chart}
        viewBox={`0 0 ${width} ${height + 18}`}
        role="img"
        aria-label={summary}
        preserveAspectRatio="none"
      >
        {bars.map((bar, at) => {
          const from = at === 0 ? 0 : bars[at - 1].upTo;
          const tall = (bar.records / most) * (height - 6);
          return (
            <rect
              key={bar.upTo}
              x={x(from) + 0.5}
              y={height - tall}
              width={Math.max(1, x(bar.upTo) - x(from) - 1)}
              height={tall}
              className={bar.upTo > limit ? styles.barOver : styles.bar}
            >
              <title>{`${integer(from + 1)} to ${integer(bar.upTo)} tokens: ${plural(bar.records, 'record')}`}</title>
            </rect>
          );
        })}
        <line x1={0} x2={width} y1={height} y2={height} className={styles.axis} />
        {limit <= end && <line x1={x(limit)} x2={x(limit)} y1={0} y2={height} className={styles.limit} />}
      </svg>
      <div className={styles.ticks} aria-hidden>
        {ticks.map((tick) => (
          <span key={tick} style={{ left: `${(100 * tick) / end}%` }}>
            {integer(tick)}
          </span>
        ))}
        <span className={styles.tickUnit}>{integer(end)} tokens</span>
      </div>
    </div>
  );
}

function quantile(bars: Stats['histogram'], total: number, share: number): number {
  let seen = 0;
  for (const bar of bars) {
    seen += bar.records;
    if (seen >= total * share) return bar.upTo;
  }
  return bars.at(-1)?.upTo ?? 0;
}
