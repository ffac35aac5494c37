// All records with search and split filter, one of them shown as the model sees it. J and K step through them.
import { useDebouncedValue } from '@mantine/hooks';
import { useEffect, useState } from 'react';
import type { DatasetRecord } from '../../../main/contract/datasets.ts';
import type { BaseModel } from '../../../main/contract/models.ts';
import { Card } from '../../components/card.tsx';
import { Chip } from '../../components/chip.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Empty } from '../../components/empty.tsx';
import { SearchField, Segments } from '../../components/field.tsx';
import { integer } from '../../components/format.ts';
import { ErrorNotice } from '../../components/notice.tsx';
import { Pager } from '../../components/pager.tsx';
import { isTyping } from '../../shell/keys.ts';
import { firstText } from '../../shell/palette-entries.ts';
import { useSettings } from '../../state/settings.ts';
import styles from './dataset.module.css';
import { RecordCard, type RecordView } from './record-card.tsx';
import { pageSize, type SplitFilter, useRecords } from './use-records.ts';
import { recordPlace } from './words.ts';

interface RecordsPanelProps {
  projectId: string;
  versionId: string | null;
  previewed: DatasetRecord[] | undefined;
  model: BaseModel | null;
  find: string;
  counts: { train: number; validation: number; test: number } | null;
}

export function RecordsPanel({
  projectId,
  versionId,
  previewed,
  model,
  find: given,
  counts,
}: RecordsPanelProps) {
  const [find, setFind] = useState(given);
  const [split, setSplit] = useState<SplitFilter>('all');
  const [at, setAt] = useState(0);
  const [view, setView] = useState<RecordView>(versionId ? 'tokens' : 'parts');
  const [late] = useDebouncedValue(find, 250);
  useEffect(() => setFind(given), [given]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another filter starts at its first record
  useEffect(() => setAt(0), [late, split, versionId]);

  const page = Math.floor(at / pageSize);
  const { records, total, loading, error } = useRecords(
    { projectId, versionId, split, find: late, page },
    previewed,
  );
  const record = records[at - page * pageSize];
  useStepKeys(total, setAt, setView);

  const columns: Column<DatasetRecord>[] = [
    {
      id: 'number',
      label: 'No.',
      align: 'right',
      width: '64px',
      cell: (_, row) => <span className="muted">{integer(page * pageSize + row + 1)}</span>,
    },
    { id: 'text', label: 'Begins with', cut: true, cell: (row) => firstText(row).slice(0, 200) },
    { id: 'split', label: 'Split', width: '92px', cell: (row) => <Chip>{row.split}</Chip> },
    {
      id: 'place',
      label: 'From',
      width: '150px',
      priority: 3,
      cell: (row) => <span className="caption muted">{row.provenance[0]?.place || recordPlace(row)}</span>,
    },
  ];

  return (
    <div className={styles.twoColumns}>
      <Card grow padded={false} label="Records">
        <div className={styles.tools}>
          <SearchField label="Find in the records" value={find} onChange={setFind} className={styles.find} />
          <Segments
            label="Which split"
            value={split}
            onChange={(next) => setSplit(next)}
            options={[
              { value: 'all', label: 'All' },
              { value: 'train', label: `Train ${integer(counts?.train)}` },
              { value: 'validation', label: `Validation ${integer(counts?.validation)}` },
              { value: 'test', label: `Test ${integer(counts?.test)}` },
            ]}
          />
        </div>
        {error !== null && <ErrorNotice error={error} />}
        <div className={styles.tableArea}>
          <DataTable
            label="Records"
            rows={records}
            columns={columns}
            rowKey={(row) => row.id}
            loading={loading}
            selected={new Set(record ? [record.id] : [])}
            onSelect={(row) => setAt(page * pageSize + records.indexOf(row))}
            counted
            total={total}
            offset={page * pageSize}
            empty={<Empty title="No record matches">Change the filter, or clear what you typed.</Empty>}
            footer={
              total > pageSize && (
                <Pager
                  word="page"
                  at={page}
                  total={Math.ceil(total / pageSize)}
                  onChange={(next) => setAt(next * pageSize)}
                />
              )
            }
          />
        </div>
      </Card>
      <RecordCard
        projectId={projectId}
        versionId={versionId}
        model={model}
        record={record}
        at={at}
        total={total}
        onMove={setAt}
        view={view}
        onView={setView}
      />
    </div>
  );
}

const views: RecordView[] = ['text', 'parts', 'tokens'];

/** J and K step, T changes the view; only while single-letter keys are on. */
function useStepKeys(
  total: number,
  setAt: (change: (at: number) => number) => void,
  setView: (change: (view: RecordView) => RecordView) => void,
): void {
  const allowed = useSettings((state) => state.settings?.singleLetterKeys ?? true);
  useEffect(() => {
    if (!allowed) return;
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isTyping(event.target))
        return;
      if (document.querySelector('[role="dialog"]')) return;
      if (event.key === 'j') setAt((at) => Math.min(total - 1, at + 1));
      else if (event.key === 'k') setAt((at) => Math.max(0, at - 1));
      else if (event.key === 't') setView((view) => views[(views.indexOf(view) + 1) % views.length]);
    };
    window.addEventListener('keydown', onKeyDown);
    return () => window.removeEventListener('keydown', onKeyDown);
  }, [allowed, total, setAt, setView]);
}
