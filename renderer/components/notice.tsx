// A problem, warning or advice, beside its cause and with its remedy as a button.
// Notice: {tone, title?, children?, actions?, live?, inline?}. ErrorNotice: {error, actions?, onRetry?} shows message, remedy and Details.
import { IconAlertCircle, IconAlertTriangle, IconCircleCheck, IconInfoCircle } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';
import { errorParts } from '../client/client.ts';
import { copyText } from '../state/ui.ts';
import { Button } from './button.tsx';
import styles from './notice.module.css';

export type NoticeTone = 'danger' | 'warning' | 'info' | 'success';

const icons = {
  danger: IconAlertCircle,
  warning: IconAlertTriangle,
  info: IconInfoCircle,
  success: IconCircleCheck,
};

export interface NoticeProps {
  tone: NoticeTone;
  title?: ReactNode;
  children?: ReactNode;
  actions?: ReactNode;
  /** Read aloud when it appears; failures at once, the rest politely. */
  live?: boolean;
  /** Puts the actions beside the text instead of below it, where there is room. */
  inline?: boolean;
}

export function Notice({ tone, title, children, actions, live = false, inline = false }: NoticeProps) {
  const Shape = icons[tone];
  const role = live ? (tone === 'danger' ? 'alert' : 'status') : undefined;
  return (
    <div className={[styles.notice, styles[tone]].join(' ')} role={role}>
      <Shape size={18} stroke={1.75} aria-hidden className={styles.icon} />
      <div className={[styles.words, inline ? styles.inline : ''].join(' ')}>
        <div className={styles.text}>
          {title && <strong>{title} </strong>}
          {children}
        </div>
        {actions && <div className={styles.actions}>{actions}</div>}
      </div>
    </div>
  );
}

export interface ErrorNoticeProps {
  /** A thrown value, or the three parts that a job or source carries. */
  error: unknown;
  actions?: ReactNode;
  onRetry?: () => void;
}

export function ErrorNotice({ error, actions, onRetry }: ErrorNoticeProps) {
  const [open, setOpen] = useState(false);
  const parts = isParts(error) ? error : errorParts(error);
  // A dialog that was closed without a choice is no fault.
  if (parts.code === 'cancelled') return null;
  const report = `Tunesmith error ${parts.code}\n${parts.message}\n${parts.remedy}\n${new Date().toISOString()}\n${navigator.userAgent}`;
  return (
    <Notice
      tone="danger"
      live
      title={parts.message}
      actions={
        <>
          {onRetry && (
            <Button size="small" onClick={onRetry}>
              Try again
            </Button>
          )}
          {actions}
          <Button size="small" kind="text" aria-expanded={open} onClick={() => setOpen(!open)}>
            Details
          </Button>
        </>
      }
    >
      {parts.remedy}
      {open && (
        <div className={styles.details}>
          <code>{parts.code}</code>
          <Button size="small" kind="text" onClick={() => void copyText(report, 'The report is copied.')}>
            Copy a report
          </Button>
        </div>
      )}
    </Notice>
  );
}

function isParts(value: unknown): value is { code: string; message: string; remedy: string } {
  return typeof value === 'object' && value !== null && 'code' in value && 'remedy' in value;
}
