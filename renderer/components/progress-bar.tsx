// A bar with a name, a value and text. ProgressBar: {label, value (0 to 1), text?, tone?, thin?}.
// An unknown total has no bar: show a count instead.
import styles from './progress-bar.module.css';

export interface ProgressBarProps {
  label: string;
  value: number;
  /** Read instead of the percentage: "step 548 of 942". */
  text?: string;
  tone?: 'accent' | 'neutral' | 'success' | 'danger';
  thin?: boolean;
}

export function ProgressBar({ label, value, text, tone = 'accent', thin = false }: ProgressBarProps) {
  const percent = Math.max(0, Math.min(100, value * 100));
  return (
    <div
      className={[styles.track, thin ? styles.thin : ''].join(' ')}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(percent * 10) / 10}
      aria-valuetext={text}
    >
      <div className={[styles.bar, styles[tone]].join(' ')} style={{ width: `${percent}%` }} />
    </div>
  );
}
