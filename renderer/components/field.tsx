// Form fields with one look: label left or above, unit inside, help on hover and focus, fault below.
// TextField, NumberField, SelectField {label, help?, unit?, error?, beside?, changed?, onReset?}; CheckField, SwitchField
// {label, checked, onChange, help?}; SearchField {label, value, onChange, placeholder?}; Segments {label, value, onChange, options}.
import {
  Checkbox,
  NumberInput,
  type NumberInputProps,
  SegmentedControl,
  Select,
  type SelectProps,
  Switch,
  TextInput,
  type TextInputProps,
  Tooltip,
} from '@mantine/core';
import { IconArrowBackUp, IconSearch, IconX } from '@tabler/icons-react';
import { type ReactNode, useId } from 'react';
import { IconButton } from './button.tsx';
import styles from './field.module.css';

export interface FieldFrame {
  label: string;
  /** One sentence that explains the term. */
  help?: ReactNode;
  unit?: string;
  error?: ReactNode;
  /** Label at the left, as in the list of all settings. */
  beside?: boolean;
  /** The value differs from the preset: a dot, and `onReset` puts it back. */
  changed?: boolean;
  onReset?: () => void;
}

function Frame({ id, frame, children }: { id: string; frame: FieldFrame; children: ReactNode }) {
  const label = (
    <label htmlFor={id} className={styles.label}>
      {frame.label}
    </label>
  );
  return (
    <div className={[styles.field, frame.beside ? styles.beside : ''].join(' ')}>
      <div className={styles.labelRow}>
        {frame.help ? <Tooltip label={frame.help}>{label}</Tooltip> : label}
        {frame.changed && (
          <>
            <span className={styles.dot} title="Changed" />
            <span className="visuallyHidden">changed</span>
          </>
        )}
        {frame.changed && frame.onReset && (
          <IconButton
            size="small"
            label={`Reset ${frame.label}`}
            icon={IconArrowBackUp}
            onClick={frame.onReset}
          />
        )}
      </div>
      <div className={styles.control}>
        {children}
        {frame.help && (
          <span id={`${id}-help`} className="visuallyHidden">
            {frame.help}
          </span>
        )}
        {frame.error && (
          <p id={`${id}-error`} className={styles.error}>
            {frame.error}
          </p>
        )}
      </div>
    </div>
  );
}

function describe(id: string, frame: FieldFrame) {
  const ids = [frame.help ? `${id}-help` : '', frame.error ? `${id}-error` : ''].filter(Boolean).join(' ');
  return { 'aria-describedby': ids || undefined, 'aria-invalid': frame.error ? true : undefined };
}

function split<Props extends FieldFrame>(props: Props) {
  const { label, help, unit, error, beside, changed, onReset, ...rest } = props;
  return { frame: { label, help, unit, error, beside, changed, onReset }, rest };
}

function unitProps(unit: string | undefined) {
  if (!unit) return {};
  return {
    rightSection: <span className={styles.unit}>{unit}</span>,
    rightSectionWidth: 18 + unit.length * 7,
    rightSectionPointerEvents: 'none' as const,
  };
}

const inputClass = { input: styles.input };

export function TextField(props: FieldFrame & Omit<TextInputProps, keyof FieldFrame>) {
  const id = useId();
  const { frame, rest } = split(props);
  return (
    <Frame id={id} frame={frame}>
      <TextInput
        id={id}
        classNames={inputClass}
        {...unitProps(frame.unit)}
        {...describe(id, frame)}
        {...rest}
      />
    </Frame>
  );
}

export function NumberField(props: FieldFrame & Omit<NumberInputProps, keyof FieldFrame>) {
  const id = useId();
  const { frame, rest } = split(props);
  return (
    <Frame id={id} frame={frame}>
      <NumberInput
        id={id}
        hideControls
        classNames={inputClass}
        {...unitProps(frame.unit)}
        {...describe(id, frame)}
        {...rest}
      />
    </Frame>
  );
}

export function SelectField(props: FieldFrame & Omit<SelectProps, keyof FieldFrame>) {
  const id = useId();
  const { frame, rest } = split(props);
  return (
    <Frame id={id} frame={frame}>
      <Select
        id={id}
        allowDeselect={false}
        classNames={inputClass}
        comboboxProps={{ shadow: 'md' }}
        {...describe(id, frame)}
        {...rest}
      />
    </Frame>
  );
}

export interface CheckProps {
  label: string;
  checked: boolean;
  onChange(checked: boolean): void;
  help?: ReactNode;
  disabled?: boolean;
}

export function CheckField({ label, checked, onChange, help, disabled }: CheckProps) {
  const box = (
    <Checkbox
      label={label}
      checked={checked}
      disabled={disabled}
      classNames={{ input: styles.box, label: styles.boxLabel, body: styles.boxBody }}
      onChange={(event) => onChange(event.currentTarget.checked)}
    />
  );
  return help ? <Tooltip label={help}>{box}</Tooltip> : box;
}

export function SwitchField({ label, checked, onChange, help, disabled }: CheckProps) {
  const id = useId();
  return (
    <div className={styles.switchRow}>
      <div className="grow">
        <label htmlFor={id} className={styles.label}>
          {label}
        </label>
        {help && (
          <p id={`${id}-help`} className="caption muted">
            {help}
          </p>
        )}
      </div>
      <Switch
        id={id}
        checked={checked}
        disabled={disabled}
        aria-describedby={help ? `${id}-help` : undefined}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
    </div>
  );
}

export interface SearchFieldProps {
  /** Name for screen readers; the placeholder is shown. */
  label: string;
  value: string;
  onChange(value: string): void;
  placeholder?: string;
  className?: string;
}

export function SearchField({ label, value, onChange, placeholder = label, className }: SearchFieldProps) {
  return (
    <TextInput
      aria-label={label}
      type="search"
      role="searchbox"
      data-find
      className={className}
      classNames={{ input: styles.input }}
      placeholder={placeholder}
      value={value}
      leftSection={<IconSearch size={16} stroke={1.75} aria-hidden />}
      rightSection={
        value ? (
          <IconButton size="small" label="Clear" icon={IconX} onClick={() => onChange('')} />
        ) : undefined
      }
      onChange={(event) => onChange(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key === 'Escape' && value) {
          event.stopPropagation();
          onChange('');
        }
      }}
    />
  );
}

export interface SegmentsProps<Value extends string> {
  label: string;
  value: Value;
  onChange(value: Value): void;
  options: { value: NoInfer<Value>; label: ReactNode }[];
}

export function Segments<Value extends string>({ label, value, onChange, options }: SegmentsProps<Value>) {
  return (
    <SegmentedControl
      aria-label={label}
      size="xs"
      value={value}
      transitionDuration={0}
      withItemsBorders
      classNames={{
        root: styles.segments,
        control: styles.segment,
        label: styles.segmentLabel,
        indicator: styles.segmentChosen,
      }}
      data={options}
      onChange={(next) => onChange(next as Value)}
    />
  );
}
