// How records are parted into training, validation and test, and what keeps related records together.
import type { DatasetRecipe, DatasetReport } from '../../../main/contract/datasets.ts';
import { Card } from '../../components/card.tsx';
import { NumberField, SelectField } from '../../components/field.tsx';
import { integer, percent } from '../../components/format.ts';
import { Notice } from '../../components/notice.tsx';
import { ProgressBar } from '../../components/progress-bar.tsx';
import styles from './dataset.module.css';
import { fewRecords, totalRecords } from './words.ts';

interface SplitsPanelProps {
  recipe: DatasetRecipe;
  report: DatasetReport | null;
  columns: string[];
  working: boolean;
  onChange?: (next: DatasetRecipe, label: string) => void;
}

export function SplitsPanel({ recipe, report, columns, working, onChange }: SplitsPanelProps) {
  const { split } = recipe;
  const set = (changes: Partial<DatasetRecipe['split']>, label: string) =>
    onChange?.({ ...recipe, split: { ...split, ...changes } }, label);
  const share = (key: 'validation' | 'test', label: string, help: string) => (
    <NumberField
      label={label}
      help={help}
      unit="% of records"
      min={0}
      max={90}
      decimalScale={1}
      disabled={!onChange || split.column !== null}
      value={Math.round(split[key] * 1000) / 10}
      onChange={(value) => {
        const other = key === 'validation' ? split.test : split.validation;
        if (typeof value === 'number' && value >= 0 && value / 100 + other <= 0.95)
          set({ [key]: value / 100 }, `share of ${key}`);
      }}
    />
  );
  const choice = (none: string) => [
    { value: '', label: none },
    ...columns.map((name) => ({ value: name, label: name })),
  ];
  const few = report && fewRecords(report);
  return (
    <div className={styles.twoColumns}>
      <Card title="How records are parted" divided>
        {share(
          'validation',
          'Validation',
          'Records that training measures itself on, to stop at the best step.',
        )}
        {share('test', 'Test', 'Records that no training sees. Evaluate compares base and tuned on them.')}
        <SelectField
          label="A column that already names the split"
          help="Its values train, validation and test are taken as they are."
          disabled={!onChange}
          data={choice('None: by the shares above')}
          value={split.column ?? ''}
          onChange={(value) => set({ column: value || null }, 'split column')}
        />
        <SelectField
          label="Keep together"
          help="Records with the same value never stand in two splits, so that the test stays honest."
          disabled={!onChange}
          data={choice('Rows alone, and passages of one document')}
          value={split.groupBy ?? ''}
          onChange={(value) => set({ groupBy: value || null }, 'what is kept together')}
        />
        <NumberField
          label="Seed"
          help="The same seed parts the same records the same way."
          min={0}
          allowDecimal={false}
          disabled={!onChange}
          value={split.seed}
          onChange={(value) => typeof value === 'number' && set({ seed: value }, 'seed of the split')}
        />
      </Card>
      <Card title="What that gives" divided className={working ? styles.stale : undefined}>
        {!report && <p className="muted">The counts appear when the steps have run.</p>}
        {report &&
          (['train', 'validation', 'test'] as const).map((name) => {
            const total = totalRecords(report);
            const part = total === 0 ? 0 : report.records[name] / total;
            return (
              <div key={name} className={styles.splitRow}>
                <div className="row between">
                  <span className="strong">{name}</span>
                  <span className={`${styles.number} tabular`}>
                    {integer(report.records[name])} records, {percent(part)}
                  </span>
                </div>
                <ProgressBar label={`Share of ${name}`} value={part} text={percent(part)} />
              </div>
            );
          })}
        {few && <Notice tone="warning">{few}</Notice>}
        {report && (
          <p className="caption muted">
            {report.leaks === 0
              ? 'No record of validation or test is the same as, or nearly the same as, one of training.'
              : `${integer(report.leaks)} records of validation or test are nearly the same as one of training.`}
          </p>
        )}
      </Card>
    </div>
  );
}
