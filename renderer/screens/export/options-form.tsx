// The options of the chosen format, built from its schema, and which checkpoint is written.
import type { ExportBase } from '../../../main/contract/exports.ts';
import type { TrainSettings } from '../../../main/contract/runs.ts';
import { CheckField, NumberField, Segments, SelectField, TextField } from '../../components/field.tsx';
import { integer } from '../../components/format.ts';
import { Term } from '../../components/term.tsx';
import { QUANTIZATION_LABELS } from '../train/groups.ts';
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
  /** Of the run, where its base is written; else `none`. */
  quantization: TrainSettings['quantization'];
  base: ExportBase;
  onBase(base: ExportBase): void;
}

const baseHelp =
  'The adapter was learned over the base in few bits: merged into that, the files answer as the model was trained. The ' +
  'original weights are finer, but answers then differ by the error of quantization. Both are plain numbers of the same size.';

export function OptionsForm(props: OptionsFormProps) {
  const { fields, options, onOptions, bestStep, lastStep, quantization } = props;
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
      {quantization !== 'none' && (
        <div className={styles.formRow}>
          <Term help={baseHelp}>
            <span className="control">Merged into</span>
          </Term>
          <Segments<ExportBase>
            label="Weights that the adapter is merged into"
            value={props.base}
            onChange={props.onBase}
            options={[
              { value: 'original', label: 'Original weights' },
              { value: 'quantized', label: `Base in ${QUANTIZATION_LABELS[quantization]}` },
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
      {fields.length === 0 && quantization === 'none' && <p className="muted">This format has no options.</p>}
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
