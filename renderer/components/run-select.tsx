// Chooses a run in the head of a screen: a select without a visible label. RunSelect: {label, runs, value, onChange}.
import type { Run } from '../../main/contract/runs.ts';
import { CompactSelect } from './compact-select.tsx';

export interface RunSelectProps {
  /** Name for screen readers, such as "Run to export". */
  label: string;
  runs: readonly Run[];
  value: string | null;
  onChange(runId: string): void;
  disabled?: boolean;
}

export function RunSelect({ label, runs, value, onChange, disabled }: RunSelectProps) {
  return (
    <CompactSelect
      label={label}
      width={260}
      options={runs.map((run) => ({ value: run.id, label: `Run ${run.number}: ${run.name}` }))}
      value={value}
      onChange={onChange}
      disabled={disabled}
    />
  );
}
