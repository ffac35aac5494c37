// One number with its unit and a line of where it comes from. Figure: {label?, value, unit?, parts?, hint?, tone?, why?}.
// FigureStrip lays figures side by side in one card, with lines between them.
import { Tooltip } from '@mantine/core';
import { Fragment, type ReactNode } from 'react';
import styles from './figure.module.css';
import type { Parts } from './format.ts';

export interface FigureProps {
  label?: string;
  value?: ReactNode;
  unit?: ReactNode;
  /** Instead of value and unit, for "1 h 38 min". */
  parts?: Parts[];
  /** Base or source of the number. */
  hint?: ReactNode;
  tone?: 'plain' | 'success' | 'warning' | 'danger' | 'accent';
  /** One sentence on hover and focus: where the number came from. */
  why?: ReactNode;
}

export function Figure({ label, value, unit, parts, hint, tone = 'plain', why }: FigureProps) {
  const shown = parts ?? [{ value, unit }];
  const number = (
    <span
      className={`${styles.number} figure`}
      tabIndex={why ? 0 : undefined}
      role={why ? 'note' : undefined}
    >
      {shown.map((part, at) => (
        <Fragment key={String(part.unit)}>
          {at > 0 && ' '}
          <span className={[styles.value, styles[tone]].join(' ')}>{part.value}</span>
          {part.unit && <span className={styles.unit}>{part.unit}</span>}
        </Fragment>
      ))}
    </span>
  );
  return (
    <div className={styles.figure}>
      {label && <div className={styles.label}>{label}</div>}
      {why ? <Tooltip label={why}>{number}</Tooltip> : number}
      {hint && <div className={styles.hint}>{hint}</div>}
    </div>
  );
}

export function FigureStrip({ label, children }: { label: string; children: ReactNode }) {
  return (
    <section className={styles.strip} aria-label={label}>
      {children}
    </section>
  );
}
