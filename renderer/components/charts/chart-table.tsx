// The same numbers as a chart, as a table and as a CSV file. A button that opens a dialog; knows no chart.
import { Modal } from '@mantine/core';
import { IconDownload, IconTable } from '@tabler/icons-react';
import { useState } from 'react';
import { Button } from '../button.tsx';
import { DataTable } from '../data-table.tsx';
import { missing } from '../format.ts';
import styles from './charts.module.css';
import { toCsv } from './series.ts';

export interface TableColumn {
  /** Head with unit, such as "Training loss (nats/token)". */
  head: string;
  /** How a number is shown; the CSV file keeps all digits. */
  format: (value: number) => string;
}

export interface ChartTableProps {
  /** What the numbers are, such as "Loss of run 7". */
  title: string;
  columns: readonly TableColumn[];
  /** Made only when the dialog opens. */
  rows: () => (number | null)[][];
  fileName: string;
}

export function ChartTable({ title, columns, rows, fileName }: ChartTableProps) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button size="small" icon={IconTable} onClick={() => setOpen(true)}>
        Table
      </Button>
      <Modal opened={open} onClose={() => setOpen(false)} title={title} size={760}>
        {open && <Body title={title} columns={columns} rows={rows()} fileName={fileName} />}
      </Modal>
    </>
  );
}

function Body({
  title,
  columns,
  rows,
  fileName,
}: Omit<ChartTableProps, 'rows'> & { rows: (number | null)[][] }) {
  const save = () => {
    const csv = toCsv(
      columns.map((column) => column.head),
      rows,
    );
    const url = URL.createObjectURL(new Blob([csv], { type: 'text/csv' }));
    const link = document.createElement('a');
    link.href = url;
    link.download = fileName;
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  };
  return (
    <div className={styles.tableBox}>
      <DataTable<(number | null)[]>
        label={title}
        rows={rows}
        rowKey={(row) => String(row[0])}
        columns={columns.map((column, at) => ({
          id: column.head,
          label: column.head,
          align: 'right',
          cell: (row) => {
            const value = row[at];
            return value === null || !Number.isFinite(value) ? missing : column.format(value);
          },
        }))}
        counted
        footer={
          <Button size="small" icon={IconDownload} onClick={save}>
            Save as CSV
          </Button>
        }
        empty="There are no numbers yet."
      />
    </div>
  );
}
