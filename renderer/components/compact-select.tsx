// A select without a visible label, for heads of screens and cards, where its value says what it chooses.
// CompactSelect: {label (for screen readers), options, value, onChange, width?, disabled?}.
import { Select } from '@mantine/core';
import styles from './field.module.css';

export interface CompactSelectProps {
  label: string;
  options: { value: string; label: string }[];
  value: string | null;
  onChange(value: string): void;
  width?: number;
  disabled?: boolean;
}

export function CompactSelect({
  label,
  options,
  value,
  onChange,
  width = 180,
  disabled,
}: CompactSelectProps) {
  return (
    <Select
      aria-label={label}
      w={width}
      data={options}
      value={value}
      disabled={disabled}
      allowDeselect={false}
      classNames={{ input: styles.input }}
      comboboxProps={{ shadow: 'md' }}
      onChange={(next) => next !== null && next !== value && onChange(next)}
    />
  );
}
