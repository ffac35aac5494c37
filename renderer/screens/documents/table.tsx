// The list of files: what was read of each, its rights and its state; a failed file has its reason under it.
import {
  IconAlertCircle,
  IconAlertTriangle,
  IconCheck,
  IconCircleMinus,
  IconFileText,
  IconFileTypeCsv,
  IconFileTypeDocx,
  IconFileTypeHtml,
  IconFileTypePdf,
  IconFileTypeTxt,
  IconJson,
  IconLoader2,
  IconMarkdown,
} from '@tabler/icons-react';
import type { ReactNode } from 'react';
import type { Source } from '../../../main/contract/documents.ts';
import { Chip } from '../../components/chip.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { bytes, integer, missing } from '../../components/format.ts';
import styles from './documents.module.css';
import { FailedNotice } from './failed-notice.tsx';
import { basisWords } from './words.ts';

const formatIcons: Record<string, typeof IconFileText> = {
  pdf: IconFileTypePdf,
  docx: IconFileTypeDocx,
  html: IconFileTypeHtml,
  csv: IconFileTypeCsv,
  tsv: IconFileTypeCsv,
  text: IconFileTypeTxt,
  txt: IconFileTypeTxt,
  markdown: IconMarkdown,
  json: IconJson,
  jsonl: IconJson,
};

export function SourceState({ source }: { source: Source }): ReactNode {
  if (source.state === 'read') {
    return (
      <Chip tone="success" icon={IconCheck}>
        Read
      </Chip>
    );
  }
  if (source.state === 'failed') {
    return (
      <Chip tone="danger" icon={IconAlertCircle} hint={source.failure?.message}>
        Failed
      </Chip>
    );
  }
  if (source.state === 'left-out') return <Chip icon={IconCircleMinus}>Left out</Chip>;
  return (
    <Chip tone="info" icon={IconLoader2} spinning>
      Reading
    </Chip>
  );
}

/** Files of an imported folder keep their path inside it; the name stands first. */
const baseName = (name: string): string => name.slice(name.lastIndexOf('/') + 1);
const folderName = (name: string): string =>
  name.includes('/') ? `in ${name.slice(0, name.lastIndexOf('/'))}` : '';

const columns: Column<Source>[] = [
  {
    id: 'name',
    label: 'File',
    cut: true,
    sortBy: (source) => source.name,
    cell: (source) => {
      const Shape = formatIcons[source.format ?? ''] ?? IconFileText;
      return (
        <span className={styles.fileName}>
          <Shape
            size={18}
            stroke={1.5}
            aria-hidden
            className={source.state === 'failed' ? styles.failedIcon : styles.fileIcon}
          />
          <span
            className={['cut', source.state === 'left-out' ? styles.leftOut : ''].join(' ')}
            title={source.name}
          >
            {baseName(source.name)}
            <span className="caption muted"> {folderName(source.name)}</span>
          </span>
        </span>
      );
    },
  },
  {
    id: 'bytes',
    label: 'Size',
    align: 'right',
    width: '78px',
    priority: 2,
    sortBy: (source) => source.bytes,
    cell: (source) => bytes(source.bytes),
  },
  {
    id: 'pages',
    label: 'Pages',
    align: 'right',
    width: '60px',
    priority: 3,
    help: 'Pages of a PDF. Files without pages show a dash.',
    sortBy: (source) => source.coverage?.pages ?? -1,
    cell: (source) => (source.coverage?.pages == null ? missing : integer(source.coverage.pages)),
  },
  {
    id: 'characters',
    label: 'Characters',
    align: 'right',
    width: '96px',
    help: 'Characters of text that were read, after page headers and markup are taken off.',
    sortBy: (source) => source.characters,
    cell: (source) => integer(source.characters),
  },
  {
    id: 'rights',
    label: 'Rights',
    width: '102px',
    help: 'On what basis you may train on this file. Files without a record are not used.',
    sortBy: (source) => source.rights?.basis ?? '',
    cell: (source) =>
      source.rights ? (
        <span className="muted">{basisWords[source.rights.basis].short}</span>
      ) : source.state !== 'read' ? (
        missing
      ) : (
        <span className={styles.missingRights}>
          <IconAlertTriangle size={14} stroke={2} aria-hidden /> Missing
        </span>
      ),
  },
  {
    id: 'state',
    label: 'State',
    width: '98px',
    sortBy: (source) => source.state,
    cell: (source) => <SourceState source={source} />,
  },
];

/** Up to so many failures are explained at once; of more, the chosen one. */
const shownFailures = 3;

export interface SourceTableProps {
  projectId: string;
  sources: Source[];
  selected: ReadonlySet<string>;
  onSelect(source: Source, how: 'only' | 'add' | 'upTo'): void;
  loading: boolean;
  total: number;
  empty: ReactNode;
  footer: ReactNode;
  onError(error: unknown): void;
}

export function SourceTable(props: SourceTableProps) {
  const { projectId, sources, selected, onSelect, loading, total, empty, footer, onError } = props;
  const failures = sources.filter((source) => source.state === 'failed').length;
  return (
    <DataTable
      label="Files of this project"
      rows={sources}
      columns={columns}
      rowKey={(source) => source.id}
      selected={selected}
      onSelect={onSelect}
      loading={loading}
      total={total}
      empty={empty}
      counted
      footer={footer}
      detail={(source) =>
        source.failure &&
        source.state === 'failed' &&
        (failures <= shownFailures || selected.has(source.id)) ? (
          <FailedNotice projectId={projectId} source={source} onError={onError} />
        ) : null
      }
    />
  );
}
