// A word of the field with its one-sentence explanation on hover and focus. Term: {help, children}.
import { Tooltip } from '@mantine/core';
import type { ReactNode } from 'react';
import styles from './term.module.css';

export function Term({ help, children }: { help: ReactNode; children: ReactNode }) {
  return (
    <Tooltip label={help}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the explanation opens on focus too */}
      <span className={styles.term} tabIndex={0} role="note">
        {children}
      </span>
    </Tooltip>
  );
}
