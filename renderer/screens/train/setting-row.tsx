// One setting in the panel: its control, a dot and a reset where it differs from the preset, and its fault.
import { Textarea } from '@mantine/core';
import { IconArrowBackUp } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import type { TrainSettings } from '../../../main/contract/runs.ts';
import { IconButton } from '../../components/button.tsx';
import { CheckField, SelectField, TextField } from '../../components/field.tsx';
import { type Field, fieldText, parseNumber, valueAt } from './fields.ts';
import styles from './train.module.css';

export interface SettingRowProps {
  field: Field;
  settings: TrainSettings;
  label: string;
  unit: string;
  help: string;
  changed: boolean;
  fault: string | undefined;
  /** Names of linear layers that LoRA can be put on. */
  layers: readonly string[];
  onChange(value: unknown): void;
  onReset(): void;
}

export function SettingRow(props: SettingRowProps) {
  const { field, settings, label, changed, fault, onChange, onReset } = props;
  const value = valueAt(settings, field.path);
  const frame = { label, beside: true, changed, onReset, error: fault };
  switch (field.kind.type) {
    case 'choice':
      return (
        <SelectField
          {...frame}
          data={field.kind.choices}
          value={String(value)}
          onChange={(next) => next !== null && onChange(next)}
        />
      );
    case 'switch':
      return (
        <div className={styles.switchSetting}>
          <CheckField label={label} checked={value === true} onChange={onChange} />
          {changed && <Mark label={label} onReset={onReset} />}
        </div>
      );
    case 'targets':
      return <Targets {...props} value={value as TrainSettings['lora']['targets']} />;
    case 'prompts':
      return <Prompts {...props} value={value as string[]} />;
    default:
      return <NumberRow {...props} value={value as number} />;
  }
}

function Mark({ label, onReset }: { label: string; onReset(): void }) {
  return (
    <>
      <span className={styles.dot} title="Changed" />
      <span className="visuallyHidden">changed</span>
      <IconButton size="small" icon={IconArrowBackUp} label={`Reset ${label}`} onClick={onReset} />
    </>
  );
}

/** Longer units stand in the help line, so that the number keeps its room. */
const LONGEST_UNIT = 8;

/** A number as text, so that `2e-4` can be typed; what is no number yet stays in the field with its fault. */
function NumberRow({
  field,
  value,
  unit,
  onChange,
  label,
  changed,
  fault,
  onReset,
}: SettingRowProps & { value: number }) {
  const shown = fieldText(field.kind, Number.isNaN(value) ? undefined : value);
  const [text, setText] = useState(shown);
  useEffect(() => {
    setText((before) => (parseNumber(before) === value || Number.isNaN(value) ? before : shown));
  }, [shown, value]);
  return (
    <TextField
      label={label}
      beside
      changed={changed}
      onReset={onReset}
      error={fault}
      unit={value === 0 && field.zero ? field.zero : unit.length <= LONGEST_UNIT ? unit : ''}
      inputMode={field.kind.type === 'integer' ? 'numeric' : 'decimal'}
      value={text}
      onChange={(event) => {
        setText(event.currentTarget.value);
        onChange(parseNumber(event.currentTarget.value) ?? Number.NaN);
      }}
      onBlur={() => !Number.isNaN(value) && setText(shown)}
    />
  );
}

type TargetsProps = SettingRowProps & { value: TrainSettings['lora']['targets'] };

function Targets({ value, layers, label, changed, fault, onChange, onReset }: TargetsProps) {
  const all = value === 'all-linear';
  const [text, setText] = useState(all ? '' : value.join(', '));
  const toggle = (layer: string, on: boolean) =>
    onChange(
      on ? [...(all ? [] : value), layer] : (all ? [...layers] : value).filter((name) => name !== layer),
    );
  return (
    <div>
      <SelectField
        label={label}
        beside
        changed={changed}
        onReset={onReset}
        data={[
          { value: 'all', label: 'All linear layers' },
          { value: 'chosen', label: 'Chosen layers' },
        ]}
        value={all ? 'all' : 'chosen'}
        onChange={(next) => onChange(next === 'all' ? 'all-linear' : [...layers])}
      />
      {!all && layers.length === 0 && (
        <TextField
          label="Layer names, separated by commas"
          value={text}
          onChange={(event) => {
            setText(event.currentTarget.value);
            onChange(
              event.currentTarget.value
                .split(',')
                .map((name) => name.trim())
                .filter(Boolean),
            );
          }}
        />
      )}
      {!all && layers.length > 0 && (
        <fieldset className={styles.targets}>
          <legend className="visuallyHidden">Layers that get an adapter</legend>
          {[...new Set([...layers, ...value])].map((layer) => (
            <CheckField
              key={layer}
              label={layer}
              checked={value.includes(layer)}
              onChange={(on) => toggle(layer, on)}
            />
          ))}
        </fieldset>
      )}
      {fault && <p className={styles.fault}>{fault}</p>}
    </div>
  );
}

function Prompts({ value, label, changed, fault, onChange, onReset }: SettingRowProps & { value: string[] }) {
  const [text, setText] = useState(value.join('\n'));
  const joined = value.join('\n');
  useEffect(() => {
    setText((before) => (linesOf(before).join('\n') === joined ? before : joined));
  }, [joined]);
  return (
    <div>
      <div className={styles.switchSetting}>
        <span>{label}, one a line, at most 8</span>
        {changed && <Mark label={label} onReset={onReset} />}
      </div>
      <Textarea
        aria-label={`${label}, one a line`}
        autosize
        minRows={3}
        maxRows={8}
        classNames={{ input: styles.prompts }}
        placeholder="Empty: records of the validation split are asked"
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
          onChange(linesOf(event.currentTarget.value));
        }}
      />
      {fault && <p className={styles.fault}>{fault}</p>}
    </div>
  );
}

function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}
