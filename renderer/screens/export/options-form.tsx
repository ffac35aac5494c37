// The options of the chosen format, built from its schema, and which checkpoint is written.
import { CheckField, NumberField, Segments, SelectField, TextField } from '../../components/field.tsx';
import { integer } from '../../components/format.ts';
import styles from './export.module.css';
import { type FormField, optionFault, valueText } from './form.ts';

export interface OptionsFormProps {
  fields: readonly FormField[];
  options: Record<string, unknown>;
  onOptions(options: Record<string, unknown>): void;
  checkpoint: 'best' | 'last';
  onCheckpoint(checkpoint: 'best' | 'last'): void;
  bestStep: number | null;
  lastStep: number | null;
}

export function OptionsForm(props: OptionsFormProps) {
  const { fields, options, onOptions, bestStep, lastStep } = props;
  return (
    <div className={styles.form}>
      {bestStep !== null && bestStep !== lastStep && (
        <div className={styles.formRow}>
          <span className="control">Checkpoint</span>
          <Segments<'best' | 'last'>
            label="Checkpoint to export"
            value={props.checkpoint}
            onChange={props.onCheckpoint}
            options={[
              { value: 'best', label: `Best, step ${integer(bestStep)}` },
              { value: 'last', label: `Last, step ${integer(lastStep)}` },
            ]}
          />
        </div>
      )}
      {fields.map((field) => (
        <Option
          key={field.name}
          field={field}
          value={options[field.name]}
          onChange={(value) => onOptions({ ...options, [field.name]: value })}
        />
      ))}
      {fields.length === 0 && <p className="muted">This format has no options.</p>}
    </div>
  );
}

function Option({
  field,
  value,
  onChange,
}: {
  field: FormField;
  value: unknown;
  onChange(value: unknown): void;
}) {
  const { control, label } = field;
  const frame = {
    label,
    help: field.help || undefined,
    beside: true,
    error: optionFault(field, value) ?? undefined,
  };
  if (control.type === 'choice')
    return (
      <SelectField
        {...frame}
        data={control.values.map((one) => ({ value: String(one), label: valueText(one) }))}
        value={String(value)}
        onChange={(next) => onChange(control.values.find((one) => String(one) === next))}
      />
    );
  if (control.type === 'switch')
    return (
      <CheckField label={label} help={field.help || undefined} checked={value === true} onChange={onChange} />
    );
  if (control.type === 'number')
    return (
      <NumberField
        {...frame}
        allowDecimal={!control.whole}
        min={control.minimum ?? undefined}
        max={control.maximum ?? undefined}
        value={typeof value === 'number' && Number.isFinite(value) ? value : ''}
        onChange={(next) => onChange(next === '' ? Number.NaN : Number(next))}
      />
    );
  return (
    <TextField
      {...frame}
      value={String(value ?? '')}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}
