// Buttons. `kind="primary"` is the one filled accent button that a screen may have; the rest is outlined or text.
// Button: {kind?, size?, icon?, iconAfter?, loading?, href?, hint?} + button attributes. IconButton: {label, icon, keys?}.
import { Tooltip } from '@mantine/core';
import { type Icon, IconLoader2 } from '@tabler/icons-react';
import type { ButtonHTMLAttributes, ReactNode, Ref } from 'react';
import styles from './button.module.css';

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  kind?: 'primary' | 'outline' | 'text' | 'danger';
  size?: 'normal' | 'small';
  icon?: Icon;
  iconAfter?: Icon;
  /** The action is under way: the button stays in place and cannot be pressed again. */
  loading?: boolean;
  /** One sentence shown on hover and focus. */
  hint?: ReactNode;
  /** Makes it a link that looks like a button. */
  href?: string;
  /** Fills the icon, as for play. */
  solidIcon?: boolean;
  ref?: Ref<HTMLButtonElement>;
}

export function Button({
  kind = 'outline',
  size = 'normal',
  icon: Before,
  iconAfter: After,
  loading = false,
  hint,
  href,
  solidIcon = false,
  className,
  children,
  disabled,
  onClick,
  ...rest
}: ButtonProps) {
  const iconProps = { size: 16, stroke: 1.75, 'aria-hidden': true } as const;
  const content = (
    <>
      {loading ? (
        <IconLoader2 {...iconProps} className={styles.spin} />
      ) : (
        Before && <Before {...iconProps} fill={solidIcon ? 'currentColor' : 'none'} />
      )}
      {children != null && <span className={styles.label}>{children}</span>}
      {After && <After {...iconProps} />}
    </>
  );
  const shared = {
    className: [styles.button, styles[kind], size === 'small' ? styles.small : '', className].join(' '),
  };
  const element = href ? (
    <a
      {...shared}
      data-primary={kind === 'primary' ? '' : undefined}
      href={href}
      aria-label={rest['aria-label']}
    >
      {content}
    </a>
  ) : (
    <button
      type="button"
      {...rest}
      {...shared}
      disabled={disabled && !hint}
      data-primary={kind === 'primary' ? '' : undefined}
      aria-disabled={disabled || loading || undefined}
      aria-busy={loading || undefined}
      onClick={disabled || loading ? undefined : onClick}
    >
      {content}
    </button>
  );
  return hint ? <Tooltip label={hint}>{element}</Tooltip> : element;
}

export interface IconButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  /** Name for everybody, and the tooltip. */
  label: string;
  icon: Icon;
  /** Shown after the name in the tooltip, such as "Ctrl K". */
  keys?: string;
  size?: 'normal' | 'small';
  bordered?: boolean;
  ref?: Ref<HTMLButtonElement>;
}

export function IconButton({
  label,
  icon: Shape,
  keys,
  size = 'normal',
  bordered = false,
  className,
  ...rest
}: IconButtonProps) {
  return (
    <Tooltip label={keys ? `${label} (${keys})` : label}>
      <button
        type="button"
        aria-label={label}
        {...rest}
        className={[
          styles.button,
          styles.iconOnly,
          bordered ? styles.outline : styles.bare,
          size === 'small' ? styles.small : '',
          className,
        ].join(' ')}
      >
        <Shape size={size === 'small' ? 16 : 18} stroke={1.75} aria-hidden />
      </button>
    </Tooltip>
  );
}
