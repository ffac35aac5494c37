// The head of every screen: the one h1, one sentence, and the actions, of which at most one is primary.
// Props: {title, sentence?, chip?, actions?}. The shell moves the focus to the h1 after a change of screen.
import type { ReactNode } from 'react';
import styles from './screen-header.module.css';

export interface ScreenHeaderProps {
  title: ReactNode;
  sentence?: ReactNode;
  /** State beside the title. */
  chip?: ReactNode;
  actions?: ReactNode;
}

export function ScreenHeader({ title, sentence, chip, actions }: ScreenHeaderProps) {
  return (
    <div className={styles.header}>
      <div className={styles.words}>
        <div className="row wrap">
          <h1 tabIndex={-1}>{title}</h1>
          {chip}
        </div>
        {sentence && <p className={styles.sentence}>{sentence}</p>}
      </div>
      {actions && <div className={styles.actions}>{actions}</div>}
    </div>
  );
}
