// A state or a count in a small coloured box: icon + word + colour, never colour alone. Chip: {tone?, icon?, hint?, children}.
import { Tooltip } from '@mantine/core';
import type { Icon } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import styles from './chip.module.css';

export type Tone = 'neutral' | 'accent' | 'success' | 'warning' | 'danger' | 'info';

export interface ChipProps {
  tone?: Tone;
  icon?: Icon;
  /** One sentence on hover and focus. */
  hint?: ReactNode;
  spinning?: boolean;
  children: ReactNode;
}

export function Chip({ tone = 'neutral', icon: Shape, hint, spinning, children }: ChipProps) {
  const chip = (
    <span
      className={[styles.chip, styles[tone]].join(' ')}
      tabIndex={hint ? 0 : undefined}
      role={hint ? 'note' : undefined}
    >
      {Shape && <Shape size={14} stroke={2} aria-hidden className={spinning ? styles.spin : undefined} />}
      {children}
    </span>
  );
  return hint ? <Tooltip label={hint}>{chip}</Tooltip> : chip;
}
