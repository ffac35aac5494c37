// One setting in the panel: its control, a dot and a reset where it differs from the preset, and its fault.
import { Textarea } from '@mantine/core';
import { IconArrowBackUp } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import type { AdaptableLayer } from '../../../main/contract/models.ts';
import type { Run, StartFrom, TrainSettings } from '../../../main/contract/runs.ts';
import { IconButton } from '../../components/button.tsx';
import { CheckField, SelectField, TextField } from '../../components/field.tsx';
import { useSettings } from '../../state/settings.ts';
import { fieldText, parseNumber, presentChoices, sameValue, valueAt } from './fields.ts';
import type { Field } from './groups.ts';
import { layerLabel, linearNames, splitTargets } from './targets.ts';
import { listText, parseList } from './texts.ts';
import styles from './train.module.css';

export interface SettingRowProps {
  field: Field;
  settings: TrainSettings;
  label: string;
  unit: string;
  help: string;
  changed: boolean;
  fault: string | undefined;
  /** What LoRA can be put on in the model. */
  layers: readonly AdaptableLayer[];
  /** Runs of the project that have a checkpoint to start from. */
  runs: readonly Pick<Run, 'id' | 'number' | 'name'>[];
  onChange(value: unknown): void;
  onReset(): void;
}

export function SettingRow(props: SettingRowProps) {
  const { field, settings, label, changed, fault, onChange, onReset } = props;
  const value = valueAt(settings, field.path);
  const machine = useSettings((state) => state.machine);
  const frame = { label, beside: true, changed, onReset, error: fault };
  switch (field.kind.type) {
    case 'choice':
      return (
        <SelectField
          {...frame}
          data={
            field.kind.devices
              ? presentChoices(field.kind.choices, machine, String(value))
              : field.kind.choices
          }
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
    case 'run':
      return <StartRow {...props} value={value as StartFrom | null} />;
    case 'names':
    case 'layers':
    case 'numbersByName':
      return <ListRow {...props} kind={field.kind} value={value} />;
    default:
      return <NumberRow {...props} value={value as number | null} />;
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
}: SettingRowProps & { value: number | null }) {
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
      unit={unitOf(field, value, unit)}
      inputMode={field.kind.type === 'integer' ? 'numeric' : 'decimal'}
      value={text}
      onChange={(event) => {
        setText(event.currentTarget.value);
        const typed = event.currentTarget.value;
        const empty = field.empty !== undefined && typed.trim() === '';
        onChange(empty ? null : (parseNumber(typed) ?? Number.NaN));
      }}
      onBlur={() => !Number.isNaN(value) && setText(shown)}
    />
  );
}

function unitOf({ zero, empty }: Field, value: number | null, unit: string): string {
  if (value === null) return empty ?? '';
  if (value === 0 && zero) return zero;
  return unit.length <= LONGEST_UNIT ? unit : '';
}

type ListKind = Extract<Field['kind'], { example: string }>;

/** Several names or numbers as one line of text. */
function ListRow(props: SettingRowProps & { kind: ListKind; value: unknown }) {
  const { kind, value, label, changed, fault, onChange, onReset } = props;
  const shown = listText(kind.type, value);
  const [text, setText] = useState(shown);
  useEffect(() => {
    setText((before) =>
      sameValue(parseList(kind.type, before), parseList(kind.type, shown)) ? before : shown,
    );
  }, [shown, kind.type]);
  return (
    <TextField
      label={label}
      beside
      changed={changed}
      onReset={onReset}
      error={fault}
      placeholder={kind.example}
      value={text}
      onChange={(event) => {
        setText(event.currentTarget.value);
        onChange(parseList(kind.type, event.currentTarget.value));
      }}
    />
  );
}

const BASE = 'base';

/** The base model, or a run whose weights are the first ones. */
function StartRow(props: SettingRowProps & { value: StartFrom | null }) {
  const { value, runs, label, changed, fault, onChange, onReset } = props;
  const known = runs.map((run) => ({ value: run.id, label: `Run ${run.number}: ${run.name}` }));
  const gone = value !== null && !runs.some((run) => run.id === value.runId);
  return (
    <SelectField
      label={label}
      beside
      changed={changed}
      onReset={onReset}
      error={gone ? 'This run has no weights here any more.' : fault}
      data={[
        { value: BASE, label: 'Base model' },
        ...known,
        ...(gone ? [{ value: value.runId, label: 'A run that is gone' }] : []),
      ]}
      value={value?.runId ?? BASE}
      onChange={(runId) =>
        runId !== null && onChange(runId === BASE ? null : { runId, checkpoint: value?.checkpoint ?? 'best' })
      }
    />
  );
}

type TargetsProps = SettingRowProps & { value: TrainSettings['lora']['targets'] };

/** All linear layers, or chosen ones: those of the model as boxes, others by name. */
function Targets({ value, layers, label, changed, fault, onChange, onReset }: TargetsProps) {
  const all = value === 'all-linear';
  const { listed, others } = splitTargets(all ? [] : value, layers);
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
        onChange={(next) => onChange(next === 'all' ? 'all-linear' : linearNames(layers))}
      />
      {!all && layers.length > 0 && (
        <fieldset className={styles.targets}>
          <legend className="visuallyHidden">Layers that get an adapter</legend>
          {layers.map((layer) => (
            <CheckField
              key={layer.name}
              label={layerLabel(layer)}
              checked={listed.includes(layer.name)}
              onChange={(on) =>
                onChange([
                  ...(on ? [...listed, layer.name] : listed.filter((name) => name !== layer.name)),
                  ...others,
                ])
              }
            />
          ))}
        </fieldset>
      )}
      {!all && <OtherTargets listed={listed} others={others} onChange={onChange} />}
      {fault && <p className={styles.fault}>{fault}</p>}
    </div>
  );
}

/** Names that no box stands for, such as those of single layers. */
function OtherTargets(props: { listed: string[]; others: string[]; onChange(value: unknown): void }) {
  const { listed, others, onChange } = props;
  const shown = listText('names', others);
  const [text, setText] = useState(shown);
  useEffect(() => {
    setText((before) => (sameValue(parseList('names', before), parseList('names', shown)) ? before : shown));
  }, [shown]);
  return (
    <TextField
      label="Other names"
      beside
      placeholder="none; or layers.0.mlp.up_proj"
      value={text}
      onChange={(event) => {
        setText(event.currentTarget.value);
        onChange([...listed, ...(parseList('names', event.currentTarget.value) as string[])]);
      }}
    />
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
