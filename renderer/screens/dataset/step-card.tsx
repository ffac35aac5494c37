// The chosen cleaning step: its options, and a page through what it removed or changed beside what stayed.
import { IconArrowDown, IconArrowUp } from '@tabler/icons-react';
import { useState } from 'react';
import type { DatasetRecipe, DatasetReport } from '../../../main/contract/datasets.ts';
import type { Capabilities } from '../../../main/contract/settings.ts';
import { IconButton } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { Chip } from '../../components/chip.tsx';
import { CheckField, NumberField, SelectField, TextField } from '../../components/field.tsx';
import { integer } from '../../components/format.ts';
import { Notice } from '../../components/notice.tsx';
import { Pager } from '../../components/pager.tsx';
import { type FormField, formFields, optionFault } from '../export/form.ts';
import styles from './dataset.module.css';
import { type Piece, wordDiff } from './word-diff.ts';
import { largeRemoval } from './words.ts';

type Step = DatasetRecipe['steps'][number];
type StepResult = DatasetReport['steps'][number];

interface StepCardProps {
  step: Step;
  known: Capabilities['steps'][number] | undefined;
  result: StepResult | undefined;
  /** Absent for a frozen version. */
  onOptions?: (options: Record<string, unknown>) => void;
  onMove?: (by: number) => void;
}

export function StepCard({ step, known, result, onOptions, onMove }: StepCardProps) {
  const [at, setAt] = useState(0);
  const label = result?.label ?? known?.label ?? step.id;
  const samples = result?.samples ?? [];
  const sample = samples[Math.min(at, samples.length - 1)];
  const removes = (result?.removed ?? 0) > 0;
  const large = result && largeRemoval(result);
  const total = removes ? (result?.removed ?? 0) : (result?.changed ?? 0);
  return (
    <Card
      padded={false}
      title={total === 0 ? label : `${label}: what was ${removes ? 'removed' : 'changed'}`}
      sub={
        result &&
        total > 0 && (
          <Chip>
            {integer(total)} of {integer(result.before)}
          </Chip>
        )
      }
      aside={samples.length > 1 && <Pager word="sample" at={at} total={samples.length} onChange={setAt} />}
    >
      {large && (
        <div className={styles.stepNotice}>
          <Notice tone="warning" title={large}>
            Look through the samples before you freeze.
          </Notice>
        </div>
      )}
      {sample ? (
        <Sample sample={sample} removed={removes} />
      ) : (
        <p className={styles.noSample}>
          {!step.enabled
            ? 'This step is off.'
            : result
              ? 'It removed and changed nothing.'
              : 'Its result is not there yet.'}{' '}
          {known?.description}
        </p>
      )}
      <StepOptions step={step} known={known} onOptions={onOptions} onMove={onMove} label={label} />
    </Card>
  );
}

function Sample({ sample, removed }: { sample: StepResult['samples'][number]; removed: boolean }) {
  const other = removed ? sample.kept : sample.after;
  const diff = other === null ? null : wordDiff(sample.before, other);
  return (
    <div className={styles.sample}>
      {removed && other !== null && (
        <SampleText
          chip="Kept"
          tone="success"
          pieces={diff?.b ?? [{ text: other, differs: false }]}
          place=""
        />
      )}
      <SampleText
        chip={removed ? 'Removed' : 'Before'}
        tone={removed ? 'danger' : 'neutral'}
        pieces={diff?.a ?? [{ text: sample.before, differs: false }]}
        place={sample.place}
      />
      {!removed && other !== null && (
        <SampleText
          chip="After"
          tone="success"
          pieces={diff?.b ?? [{ text: other, differs: false }]}
          place=""
        />
      )}
    </div>
  );
}

interface SampleTextProps {
  chip: string;
  tone: 'success' | 'danger' | 'neutral';
  pieces: Piece[];
  place: string;
}

function SampleText({ chip, tone, pieces, place }: SampleTextProps) {
  return (
    <div className={styles.sampleText}>
      <div className="row">
        <Chip tone={tone}>{chip}</Chip>
        <span className="caption muted cut">{place}</span>
      </div>
      <p className={styles.sampleWords}>
        {pieces.map((piece, at) => {
          const Tag = piece.differs ? 'mark' : 'span';
          const mark = tone === 'success' ? styles.added : styles.gone;
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: a piece of text is known by its place only
            <Tag key={at} className={piece.differs ? mark : undefined}>
              {piece.text}
            </Tag>
          );
        })}
      </p>
    </div>
  );
}

interface StepOptionsProps {
  step: Step;
  known: Capabilities['steps'][number] | undefined;
  label: string;
  onOptions?: (options: Record<string, unknown>) => void;
  onMove?: (by: number) => void;
}

function StepOptions({ step, known, label, onOptions, onMove }: StepOptionsProps) {
  const fields = formFields(known?.options);
  if (fields.length === 0 && !onMove) return null;
  return (
    <div className={styles.stepOptions}>
      {fields.map((field) => (
        <Option
          key={field.name}
          field={field}
          value={step.options[field.name] ?? field.initial}
          disabled={!onOptions}
          onChange={(value) => onOptions?.({ ...step.options, [field.name]: value })}
        />
      ))}
      <span className="grow" />
      {onMove && (
        <>
          <IconButton
            size="small"
            bordered
            label={`Move ${label} up`}
            keys="Alt ↑"
            icon={IconArrowUp}
            onClick={() => onMove(-1)}
          />
          <IconButton
            size="small"
            bordered
            label={`Move ${label} down`}
            keys="Alt ↓"
            icon={IconArrowDown}
            onClick={() => onMove(1)}
          />
        </>
      )}
    </div>
  );
}

interface OptionProps {
  field: FormField;
  value: unknown;
  disabled: boolean;
  onChange(value: unknown): void;
}

/** One option; a number takes effect when it is complete and in range. */
function Option({ field, value, disabled, onChange }: OptionProps) {
  const [typed, setTyped] = useState<unknown>(value);
  const shared = { label: field.label, help: field.help || undefined, disabled };
  if (field.control.type === 'choice') {
    return (
      <SelectField
        {...shared}
        data={field.control.values.map(String)}
        value={String(value)}
        onChange={(next) => onChange(next)}
      />
    );
  }
  if (field.control.type === 'switch') {
    return <CheckField {...shared} checked={value === true} onChange={onChange} />;
  }
  const fault = optionFault(field, typed);
  const commit = () => {
    if (!fault && typed !== value) onChange(typed);
  };
  if (field.control.type === 'number') {
    return (
      <NumberField
        {...shared}
        value={typed as number}
        error={fault}
        w={120}
        allowDecimal={!field.control.whole}
        onChange={setTyped}
        onBlur={commit}
        onKeyDown={(event) => event.key === 'Enter' && commit()}
      />
    );
  }
  return (
    <TextField
      {...shared}
      value={String(typed)}
      error={fault}
      onChange={(event) => setTyped(event.currentTarget.value)}
      onBlur={commit}
    />
  );
}
