// The empty state: one sentence of what will be here, and the next step. Empty: {icon?, title, children?, actions?}.
import type { Icon } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import styles from './empty.module.css';

export interface EmptyProps {
  icon?: Icon;
  title: ReactNode;
  children?: ReactNode;
  actions?: ReactNode;
}

export function Empty({ icon: Shape, title, children, actions }: EmptyProps) {
  return (
    <div className={styles.empty}>
      {Shape && <Shape size={28} stroke={1.5} aria-hidden className={styles.icon} />}
      <p className="strong">{title}</p>
      {children && <p className={styles.words}>{children}</p>}
      {actions && <div className={styles.actions}>{actions}</div>}
    </div>
  );
}
