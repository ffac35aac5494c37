// The formats that this build can write: what each is for, its size here, and whether its files were proven.
import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleDashed,
  IconCircleX,
  IconLoader2,
  IconPackage,
} from '@tabler/icons-react';
import type { Export } from '../../../main/contract/exports.ts';
import type { Capabilities } from '../../../main/contract/settings.ts';
import { Card } from '../../components/card.tsx';
import { DataTable } from '../../components/data-table.tsx';
import { bytes, missing } from '../../components/format.ts';
import styles from './export.module.css';
import { parityWords } from './parity.ts';

export type Format = Capabilities['exporters'][number];

export interface FormatListProps {
  formats: Format[];
  /** Newest export of the run by format. */
  newest: ReadonlyMap<string, Export>;
  chosen: string;
  onChoose(format: string): void;
  loading: boolean;
}

export function FormatList({ formats, newest, chosen, onChoose, loading }: FormatListProps) {
  return (
    <Card
      title="Formats"
      sub="Every file is loaded again and compared with the model here before it counts as done."
      padded={false}
    >
      <DataTable<Format>
        label="Export formats"
        rows={formats}
        rowKey={(format) => format.id}
        rowHeight={50}
        selected={new Set([chosen])}
        onSelect={(format) => onChoose(format.id)}
        loading={loading}
        columns={[
          {
            id: 'format',
            label: 'Format',
            cell: (format) => (
              <span className={styles.format}>
                <IconPackage size={20} stroke={1.75} aria-hidden />
                <span>
                  <span className="control">{format.label}</span>
                  <span className={styles.small}>{format.description}</span>
                </span>
              </span>
            ),
          },
          {
            id: 'size',
            label: 'Size',
            align: 'right',
            width: '90px',
            cell: (format) => {
              const found = newest.get(format.id);
              return found?.state === 'finished' ? bytes(found.bytes) : missing;
            },
          },
          {
            id: 'compared',
            label: 'Compared with the model in this app',
            width: '42%',
            cell: (format) => <Proof found={newest.get(format.id)} />,
          },
        ]}
        empty="This build has no exporter."
      />
    </Card>
  );
}

/** Icon, word and numbers of the newest export of a format. */
export function Proof({ found }: { found: Export | undefined }) {
  const { tone, title, detail } = parityWords(found);
  const Shape = {
    none: IconCircleDashed,
    busy: IconLoader2,
    good: IconCircleCheck,
    warning: IconAlertTriangle,
    bad: IconCircleX,
  }[tone];
  return (
    <span className={styles.proof}>
      <Shape size={16} stroke={1.75} aria-hidden className={styles[tone]} />
      <span>
        <span className={`control ${styles[tone]}`}>{title}</span>
        <span className={styles.small}>{detail}</span>
      </span>
    </span>
  );
}
