// The memory of this computer as one bar: other programs, each part of the run, what is left, and the safe limit.

import { IconAlertTriangle, IconCheck, IconX } from '@tabler/icons-react';
import type { Plan } from '../../../main/contract/runs.ts';
import { Chip } from '../../components/chip.tsx';
import { bytes } from '../../components/format.ts';
import styles from './train.module.css';
import { memoryBar, type RunMemory, verdictWords } from './words.ts';

const tones = {
  fits: { tone: 'success', icon: IconCheck },
  tight: { tone: 'warning', icon: IconAlertTriangle },
  'too-large': { tone: 'danger', icon: IconX },
} as const;

/** Order of the chart palette for the parts of a run; neighbours differ also for colour-blind eyes. */
const palette = [
  '--chart1',
  '--chart5',
  '--chart4',
  '--chart3',
  '--chart7',
  '--chart6',
  '--chart2',
  '--chart8',
];

export function MemoryBar({ plan, machine }: { plan: Plan; machine: RunMemory }) {
  const bar = memoryBar(plan, machine);
  let runAt = 0;
  const drawn = bar.segments.map((segment) => ({
    ...segment,
    colour: segment.kind === 'run' ? `var(${palette[runAt++ % palette.length]})` : undefined,
  }));
  const runMiddle =
    drawn[0].share +
    drawn.filter(({ kind }) => kind === 'run').reduce((sum, { share }) => sum + share, 0) / 2;
  return (
    <div className={styles.memory}>
      <div className="row wrap">
        <span className="control">
          Memory of {machine.of}, {bytes(machine.memoryBytes)}
        </span>
        <Chip tone={tones[plan.verdict].tone} icon={tones[plan.verdict].icon}>
          {verdictWords(plan)}
        </Chip>
      </div>
      <div className={styles.barLabels} aria-hidden="true">
        <span className={styles.runLabel} style={{ left: `max(50px, ${Math.min(80, runMiddle * 100)}%)` }}>
          this run {bytes(plan.peakBytes)}
        </span>
        <span
          className={styles.limitLabel}
          data-side={bar.limitShare > 0.2 ? 'left' : 'right'}
          style={{ left: `${bar.limitShare * 100}%` }}
        >
          safe limit {bytes(bar.limitBytes)}
        </span>
      </div>
      <div className={styles.barFrame}>
        <div
          className={styles.bar}
          role="img"
          aria-label={`This run needs ${bytes(plan.peakBytes)}; other programs hold ${bytes(
            bar.segments[0].bytes,
          )}; the safe limit is ${bytes(bar.limitBytes)}. ${verdictWords(plan)}.`}
        >
          {drawn.map((segment) => (
            <span
              key={segment.name}
              className={styles[segment.kind]}
              style={{ width: `${segment.share * 100}%`, background: segment.colour }}
            />
          ))}
        </div>
        <span className={styles.limit} style={{ left: `${bar.limitShare * 100}%` }} />
      </div>
      <ul className={styles.legend}>
        {drawn.map((segment) => (
          <li key={segment.name} className={styles.legendItem}>
            <span
              className={`${styles.legendBox} ${styles[segment.kind]}`}
              style={{ background: segment.colour }}
            />
            {segment.name}
            <span className="muted tabular">{bytes(segment.bytes)}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
