// A large button with an icon, a name and a line: one way to start.
import type { Icon } from '@tabler/icons-react';
import styles from './projects.module.css';

export interface StartCardProps {
  icon: Icon;
  title: string;
  sub: string;
  onClick(): void;
}

export function StartCard({ icon: Shape, title, sub, onClick }: StartCardProps) {
  return (
    <button type="button" className={styles.start} onClick={onClick}>
      <span className={styles.startIcon}>
        <Shape size={20} stroke={1.75} aria-hidden />
      </span>
      <span className={styles.startWords}>
        <span className="strong">{title}</span>
        <span className="caption muted">{sub}</span>
      </span>
    </button>
  );
}
