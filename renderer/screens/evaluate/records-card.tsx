// The records behind the numbers, worst first: filter by why, and open one to read prompt, answers and reference.
import { useMemo, useState } from 'react';
import type { Evaluation, Prediction } from '../../../main/contract/evaluations.ts';
import type { Run } from '../../../main/contract/runs.ts';
import { Card } from '../../components/card.tsx';
import { Chip } from '../../components/chip.tsx';
import { CompactSelect } from '../../components/compact-select.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Segments } from '../../components/field.tsx';
import { decimal, integer, sentence } from '../../components/format.ts';
import { ErrorNotice } from '../../components/notice.tsx';
import { type PredictionSort, usePredictions } from '../../state/evaluations.ts';
import { lossUnitOf, lossWordsOf } from '../run/loss-words.ts';
import styles from './evaluate.module.css';
import { groupOf, meanLoss, type PredictionGroup, valueText } from './measures.ts';
import { RecordDialog } from './record-dialog.tsx';

export const groupLooks = {
  wrong: { word: 'Not the reference', tone: 'warning' },
  cut: { word: 'Cut off', tone: 'warning' },
  right: { word: 'Same', tone: 'success' },
} as const;

export interface RecordsCardProps {
  evaluation: Evaluation;
  run: Run;
  /** The measure that is sorted by; null = loss. */
  metricId: string | null;
  onMetric(metricId: string | null): void;
}

export function RecordsCard({ evaluation, run, metricId, onMetric }: RecordsCardProps) {
  const [sort, setSort] = useState<PredictionSort>('worst');
  const [filter, setFilter] = useState<PredictionGroup | 'all'>('all');
  const [open, setOpen] = useState<number | null>(null);
  const { predictions, total, error } = usePredictions(evaluation, sort, metricId);
  const groups = useMemo(() => {
    const counts = { wrong: 0, cut: 0, right: 0 };
    for (const prediction of predictions ?? []) counts[groupOf(prediction)]++;
    return counts;
  }, [predictions]);
  const rows = useMemo(
    () => (predictions ?? []).filter((prediction) => filter === 'all' || groupOf(prediction) === filter),
    [predictions, filter],
  );
  const perRecord = evaluation.results.filter(
    (result) =>
      result.metricId !== 'loss' && predictions?.some((one) => one.scores[result.metricId] !== undefined),
  );
  const measure = perRecord.find((result) => result.metricId === metricId) ?? perRecord[0];

  const columns: Column<Prediction>[] = [
    ...(measure
      ? [
          {
            id: 'score',
            label: sentence(shortLabel(measure.label)),
            align: 'right' as const,
            width: '86px',
            help: `${measure.label}, tuned model. ${measure.description}`,
            cell: (one: Prediction) => {
              const value = one.scores[measure.metricId];
              return value === undefined ? '–' : valueText(value, measure.unit);
            },
          },
        ]
      : []),
    {
      id: 'loss',
      label: 'Loss',
      align: 'right',
      width: '64px',
      help: `Mean loss of the tuned model on the reference, ${lossUnitOf(run)}.`,
      cell: (one) => decimal(meanLoss(one.tuned), 2),
    },
    {
      id: 'group',
      label: 'Why',
      width: '142px',
      cell: (one) => {
        const { word, tone } = groupLooks[groupOf(one)];
        return <Chip tone={tone}>{word}</Chip>;
      },
    },
    { id: 'prompt', label: 'Prompt', width: '22%', cell: (one) => <Cut text={one.prompt} /> },
    { id: 'tuned', label: 'Tuned answer', width: '21%', cell: (one) => <Cut text={one.tuned.output} /> },
    {
      id: 'reference',
      label: 'Reference',
      priority: 2,
      width: '18%',
      cell: (one) => <Cut text={one.reference} soft />,
    },
    { id: 'place', label: 'Source', priority: 3, cell: (one) => <Cut text={one.place} soft /> },
  ];
  const filterOption = (value: PredictionGroup | 'all', word: string, count: number) => ({
    value,
    label: `${word} ${integer(count)}`,
  });
  const shown = open === null ? undefined : rows[open];
  return (
    <Card
      grow
      className={styles.records}
      title={
        sort === 'best'
          ? 'Best records'
          : sort === 'order'
            ? 'Records'
            : sort === 'worst'
              ? 'Worst records'
              : 'Most improved'
      }
      padded={false}
      sub={
        predictions && (
          <Segments<PredictionGroup | 'all'>
            label="Records to show"
            value={filter}
            onChange={setFilter}
            options={[
              filterOption('all', 'All', predictions.length),
              filterOption('wrong', 'Not the reference', groups.wrong),
              filterOption('cut', 'Cut off', groups.cut),
              filterOption('right', 'Same', groups.right),
            ]}
          />
        )
      }
      aside={
        <>
          <CompactSelect
            label="Measure to sort by"
            width={210}
            options={[
              { value: 'loss', label: 'By loss' },
              ...perRecord.map((result) => ({
                value: result.metricId,
                label: `By ${shortLabel(result.label)}`,
              })),
            ]}
            value={metricId ?? 'loss'}
            onChange={(next) => onMetric(next === 'loss' ? null : next)}
          />
          <CompactSelect
            label="Order of the records"
            width={150}
            options={[
              { value: 'worst', label: 'Worst first' },
              { value: 'best', label: 'Best first' },
              { value: 'most-improved', label: 'Most improved' },
              { value: 'order', label: 'As in the dataset' },
            ]}
            value={sort}
            onChange={(next) => setSort(next as PredictionSort)}
          />
        </>
      }
    >
      {error !== undefined ? (
        <div className={styles.inset}>
          <ErrorNotice error={error} />
        </div>
      ) : (
        <DataTable<Prediction>
          label="Records of the evaluation"
          rows={rows}
          columns={columns}
          rowKey={(one) => one.recordId}
          onOpen={(one) => setOpen(rows.indexOf(one))}
          loading={predictions === null}
          counted
          footer={
            predictions && predictions.length < total
              ? `The first ${integer(predictions.length)} of ${integer(total)} were read`
              : undefined
          }
          empty="No record of this kind."
        />
      )}
      <RecordDialog
        prediction={shown}
        results={evaluation.results}
        counted={lossWordsOf(run).counted}
        at={open ?? 0}
        total={rows.length}
        onMove={setOpen}
        onClose={() => setOpen(null)}
      />
    </Card>
  );
}

/** One line with the whole text on hover; the dialog shows it in full. */
function Cut({ text, soft = false }: { text: string; soft?: boolean }) {
  const line = text.replace(/\s+/g, ' ').trim();
  return (
    <span className={`${styles.cutCell} ${soft ? 'muted' : ''}`} title={line.slice(0, 600)}>
      {line === '' ? <em className="muted">empty</em> : line}
    </span>
  );
}

/** The part in brackets, such as "F1", where a label has one. */
function shortLabel(label: string): string {
  return /\(([^)]+)\)/.exec(label)?.[1] ?? label;
}
