// Everything that went over the network: when, to whom, how much, and why.
import { IconDownload, IconPlugConnectedX } from '@tabler/icons-react';
import { useEffect } from 'react';
import type { CallOutput } from '../../../main/contract/index.ts';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Empty } from '../../components/empty.tsx';
import { bytes, dateTime, plural } from '../../components/format.ts';
import { useSettings } from '../../state/settings.ts';

type Entry = CallOutput<'settings.ledger'>[number];

const columns: Column<Entry>[] = [
  {
    id: 'time',
    label: 'Time',
    width: '170px',
    sortBy: (entry) => entry.time,
    cell: (entry) => dateTime(entry.time),
  },
  { id: 'host', label: 'Host', width: '22%', sortBy: (entry) => entry.host, cell: (entry) => entry.host },
  { id: 'why', label: 'Why', cell: (entry) => entry.why },
  {
    id: 'out',
    label: 'Sent',
    align: 'right',
    width: '96px',
    sortBy: (entry) => entry.bytesOut,
    cell: (entry) => bytes(entry.bytesOut),
  },
  {
    id: 'in',
    label: 'Received',
    align: 'right',
    width: '104px',
    sortBy: (entry) => entry.bytesIn,
    cell: (entry) => bytes(entry.bytesIn),
  },
];

/** The ledger as one CSV file, made in this window. */
function save(entries: Entry[]): void {
  const quote = (text: string) => `"${text.replaceAll('"', '""')}"`;
  const lines = entries.map((one) =>
    [new Date(one.time).toISOString(), quote(one.host), quote(one.why), one.bytesOut, one.bytesIn].join(','),
  );
  const text = ['time,host,why,bytes_out,bytes_in', ...lines].join('\n');
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/csv' }));
  link.download = 'tunesmith-network-ledger.csv';
  link.click();
  URL.revokeObjectURL(link.href);
}

export function LedgerPart() {
  const ledger = useSettings((state) => state.ledger);
  useEffect(() => {
    void useSettings.getState().loadLedger();
  }, []);
  const sent = ledger?.reduce((sum, entry) => sum + entry.bytesOut, 0) ?? 0;
  return (
    <Card
      grow
      padded={false}
      title="Network ledger"
      sub={ledger && `${plural(ledger.length, 'request')}, ${bytes(sent)} sent since the first start`}
      aside={
        ledger !== null &&
        ledger.length > 0 && (
          <Button size="small" icon={IconDownload} onClick={() => save(ledger)}>
            Save as CSV
          </Button>
        )
      }
    >
      <DataTable
        label="Network requests"
        rows={ledger ?? []}
        columns={columns}
        rowKey={(entry) => `${entry.time}-${entry.host}-${entry.why}`}
        loading={ledger === null}
        empty={
          <Empty icon={IconPlugConnectedX} title="Nothing was sent">
            Tunesmith uses the network for one thing only: a model download that you start. Each one is listed
            here.
          </Empty>
        }
      />
    </Card>
  );
}
