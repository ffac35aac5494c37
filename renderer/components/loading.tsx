// What is shown while something comes: nothing for 150 ms, then grey lines in the place of the content.
// Loading: {label, lines?}; SkeletonRows: {columns, rows?} inside a tbody; useSlow(waiting, ms) says when it is worth showing.
import { useEffect, useState } from 'react';
import styles from './loading.module.css';

/** True once `waiting` has lasted `delayMs`. */
export function useSlow(waiting: boolean, delayMs = 150): boolean {
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    if (!waiting) {
      setSlow(false);
      return;
    }
    const timer = setTimeout(() => setSlow(true), delayMs);
    return () => clearTimeout(timer);
  }, [waiting, delayMs]);
  return slow;
}

/** Grey lines have no identity but their place. */
function keysOf(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, at) => `${name}-${at}`);
}

export interface LoadingProps {
  /** What comes, and how many where known: "Reading 148 files". Said aloud, and shown after 2 s. */
  label: string;
  lines?: number;
}

export function Loading({ label, lines = 4 }: LoadingProps) {
  const visible = useSlow(true);
  const late = useSlow(true, 2000);
  return (
    <div className={styles.loading} role="status">
      <span className={late ? 'muted' : 'visuallyHidden'}>{label}</span>
      {visible &&
        keysOf('line', lines).map((key, at) => (
          <span
            key={key}
            aria-hidden
            className={styles.line}
            style={{ width: `${94 - ((at * 23) % 46)}%` }}
          />
        ))}
    </div>
  );
}

export function SkeletonRows({ columns, rows = 6 }: { columns: number; rows?: number }) {
  const visible = useSlow(true);
  if (!visible) return null;
  return keysOf('row', rows).map((key, at) => (
    <tr key={key} aria-hidden style={{ height: 34 }}>
      {keysOf('cell', columns).map((cell, column) => (
        <td key={cell}>
          <span className={styles.line} style={{ width: `${80 - ((at * 7 + column * 31) % 40)}%` }} />
        </td>
      ))}
    </tr>
  ));
}
