// Earlier exports of all runs of the project; choosing one shows its proof and files.
import type { Export } from '../../../main/contract/exports.ts';
import type { Run } from '../../../main/contract/runs.ts';
import { Card } from '../../components/card.tsx';
import { DataTable } from '../../components/data-table.tsx';
import { ago, bytes, missing } from '../../components/format.ts';
import { Proof } from './format-list.tsx';

export interface HistoryProps {
  exports: Export[];
  runs: readonly Run[];
  labelOf(format: string): string;
  shown: string | undefined;
  onShow(exported: Export): void;
}

export function History({ exports, runs, labelOf, shown, onShow }: HistoryProps) {
  const runOf = (exported: Export): string => {
    const run = runs.find((one) => one.id === exported.runId);
    return run ? `Run ${run.number}` : 'a deleted run';
  };
  return (
    <Card title="All exports" padded={false} grow>
      <DataTable<Export>
        label="All exports of this project"
        rows={exports}
        rowKey={(one) => one.id}
        rowHeight={50}
        selected={new Set(shown === undefined ? [] : [shown])}
        onSelect={onShow}
        columns={[
          {
            id: 'what',
            label: 'Export',
            width: '140px',
            cell: (one) => (
              <>
                <span className="control">{labelOf(one.format)}</span>
                <br />
                <span className="caption muted">
                  {runOf(one)}, {ago(one.createdAt)}
                </span>
              </>
            ),
          },
          {
            id: 'size',
            label: 'Size',
            align: 'right',
            width: '84px',
            cell: (one) => (one.state === 'finished' ? bytes(one.bytes) : missing),
          },
          { id: 'proof', label: 'Compared', priority: 2, cell: (one) => <Proof found={one} /> },
        ]}
        counted
        empty={<p className="muted">Nothing was exported yet. Each export is listed here with its proof.</p>}
      />
    </Card>
  );
}
