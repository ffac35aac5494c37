// The parts that Tunesmith is built from, each with its licence; a row opens the whole text.
import { Modal } from '@mantine/core';
import { useEffect, useState } from 'react';
import type { LicencedPart } from '../../../main/contract/settings.ts';
import { call } from '../../client/client.ts';
import { Card } from '../../components/card.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { SearchField } from '../../components/field.tsx';
import { plural } from '../../components/format.ts';
import { ErrorNotice } from '../../components/notice.tsx';
import { ScrollRegion } from '../../components/scroll-region.tsx';
import styles from './settings.module.css';

const columns: Column<LicencedPart>[] = [
  { id: 'name', label: 'Part', sortBy: (part) => part.name, cell: (part) => part.name },
  { id: 'version', label: 'Version', width: '110px', cell: (part) => part.version },
  {
    id: 'licence',
    label: 'Licence',
    width: '36%',
    sortBy: (part) => part.licence,
    cell: (part) => part.licence,
  },
];

const keyOf = ({ name, version }: LicencedPart): string => `${name} ${version}`;

export function LicencesCard() {
  const [parts, setParts] = useState<LicencedPart[] | null>(null);
  const [find, setFind] = useState('');
  const [open, setOpen] = useState<LicencedPart | null>(null);
  const [fault, setFault] = useState<unknown>(null);
  useEffect(() => {
    call('settings.licences', {}).then(setParts, setFault);
  }, []);
  const words = find.trim().toLowerCase();
  const shown = (parts ?? []).filter(({ name, licence }) =>
    `${name} ${licence}`.toLowerCase().includes(words),
  );
  return (
    <Card
      title="Licences of the parts"
      sub={parts ? plural(parts.length, 'part') : undefined}
      padded={false}
      className={styles.narrow}
      aside={<SearchField label="Find a part or a licence" value={find} onChange={setFind} />}
    >
      {fault !== null ? (
        <div className={styles.above}>
          <ErrorNotice error={fault} />
        </div>
      ) : (
        <div className={styles.parts}>
          <DataTable
            label="Parts and their licences"
            rows={shown}
            columns={columns}
            rowKey={keyOf}
            loading={parts === null}
            onOpen={setOpen}
            empty="No part matches. Clear what you typed."
          />
        </div>
      )}
      <Modal opened={open !== null} onClose={() => setOpen(null)} title={open ? keyOf(open) : ''} size={760}>
        {open && (
          <div className="stack">
            <p className="muted">
              {open.licence}
              {open.source && <span className={styles.source}>, {open.source}</span>}
            </p>
            <ScrollRegion label={`Licence of ${open.name}`} className={styles.licence}>
              {open.text}
            </ScrollRegion>
          </div>
        )}
      </Modal>
    </Card>
  );
}
