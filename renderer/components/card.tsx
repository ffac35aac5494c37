// A bordered surface with a title. Props: {title?, sub?, aside?, footer?, padded?, grow?, tone?, children}.
// `padded={false}` lets a table reach the edges; `grow` fills the height that is left.
import { type ReactNode, useId } from 'react';
import styles from './card.module.css';

export interface CardProps {
  title?: ReactNode;
  /** After the title, in smaller type. */
  sub?: ReactNode;
  /** At the right of the title: buttons, a chip, a count. */
  aside?: ReactNode;
  footer?: ReactNode;
  padded?: boolean;
  grow?: boolean;
  /** A line under the title row, as above tables. */
  divided?: boolean;
  /** Name of the region where no title is shown. */
  label?: string;
  className?: string;
  children?: ReactNode;
}

export function Card({
  title,
  sub,
  aside,
  footer,
  padded = true,
  grow = false,
  divided = !padded,
  label,
  className,
  children,
}: CardProps) {
  const id = useId();
  const classes = [styles.card, grow ? styles.grow : '', className].join(' ');
  return (
    <section
      className={classes}
      aria-labelledby={title ? id : undefined}
      aria-label={title ? undefined : label}
    >
      {(title || aside) && (
        <div className={[styles.head, divided ? styles.divided : ''].join(' ')}>
          <div className={styles.titles}>
            {title && <h2 id={id}>{title}</h2>}
            {sub && <span className={styles.sub}>{sub}</span>}
          </div>
          {aside && <div className={styles.aside}>{aside}</div>}
        </div>
      )}
      {padded ? <div className={styles.body}>{children}</div> : children}
      {footer && <div className={styles.footer}>{footer}</div>}
    </section>
  );
}
