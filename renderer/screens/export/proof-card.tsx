// One export: how equal its files are to the model here, its files with SHA-256, and how to get at them.
import { IconCopy, IconDownload, IconFolderOpen, IconTrash, IconX } from '@tabler/icons-react';
import { useState } from 'react';
import type { Export } from '../../../main/contract/exports.ts';
import { call } from '../../client/client.ts';
import { Button, IconButton } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { Chip } from '../../components/chip.tsx';
import { confirm } from '../../components/confirm-dialog.tsx';
import { DataTable } from '../../components/data-table.tsx';
import { about, bytes, dateTime, integer, percent } from '../../components/format.ts';
import { ErrorNotice, Notice } from '../../components/notice.tsx';
import { ProgressBar } from '../../components/progress-bar.tsx';
import { deleteExport, exportDownload, revealExport } from '../../state/exports.ts';
import { useJob } from '../../state/jobs.ts';
import { useCapabilities } from '../../state/settings.ts';
import { copyText } from '../../state/ui.ts';
import styles from './export.module.css';
import { formFields, valueText, wordsOf } from './form.ts';
import { basesFacts, differenceText, parityWords } from './parity.ts';

export function ProofCard({ found, label }: { found: Export; label: string }) {
  const canReveal = useCapabilities()?.canReveal ?? false;
  const [error, setError] = useState<unknown>();
  const attempt = async (work: () => Promise<void>) => {
    setError(undefined);
    try {
      await work();
    } catch (thrown) {
      setError(thrown);
    }
  };
  const reveal = () =>
    attempt(async () => {
      const { shown, folder } = await revealExport(found);
      if (!shown) void copyText(folder, 'The path of the folder is copied.');
    });
  const download = () =>
    attempt(async () => {
      const file = await exportDownload(found);
      if (!file) return reveal();
      const link = document.createElement('a');
      link.href = file.url;
      link.download = file.fileName;
      link.click();
    });
  const remove = async () => {
    const acts = await confirm({
      title: `Delete the export "${label}" (${bytes(found.bytes)})?`,
      children: 'Its files are removed from the disk. The run stays, so you can export again.',
      keep: 'Keep it',
      act: 'Delete the export',
    });
    if (acts) await attempt(() => deleteExport(found));
  };
  const { tone, title } = parityWords(found);
  const done = found.state === 'finished';
  return (
    <Card
      grow
      title={`Proof for ${label}`}
      sub={done && <Chip tone={tone === 'good' ? 'success' : 'warning'}>{title}</Chip>}
      padded={false}
      aside={
        done && (
          <>
            {canReveal ? (
              <Button size="small" icon={IconFolderOpen} onClick={() => void reveal()}>
                Show the files
              </Button>
            ) : (
              <Button size="small" icon={IconDownload} onClick={() => void download()}>
                Download as zip
              </Button>
            )}
            <IconButton
              size="small"
              icon={IconTrash}
              label="Delete this export"
              onClick={() => void remove()}
            />
          </>
        )
      }
      footer={
        done && (
          <>
            <span className="row grow">
              <code className="cut">{found.folder}</code>
              <IconButton
                size="small"
                icon={IconCopy}
                label="Copy the path"
                onClick={() => void copyText(found.folder, 'The path of the folder is copied.')}
              />
            </span>
            <span>{dateTime(found.createdAt)}</span>
          </>
        )
      }
    >
      {error !== undefined && (
        <div className={styles.inset}>
          <ErrorNotice error={error} />
        </div>
      )}
      {found.state === 'failed' && found.error && (
        <div className={styles.inset}>
          <ErrorNotice error={found.error} />
        </div>
      )}
      {(found.state === 'running' || found.state === 'queued') && (
        <Writing found={found} onError={setError} />
      )}
      {found.state === 'cancelled' && (
        <p className={`${styles.inset} muted`}>This export was cancelled; nothing of it was kept.</p>
      )}
      {done && (
        <>
          <Parity found={found} />
          <Files found={found} />
        </>
      )}
    </Card>
  );
}

function Parity({ found }: { found: Export }) {
  const { parity } = found;
  const exporter = useCapabilities()?.exporters.find((one) => one.id === found.format);
  const fields = formFields(exporter?.optionsSchema);
  const labelOf = (name: string) => fields.find((field) => field.name === name)?.label ?? wordsOf(name);
  if (!parity)
    return (
      <div className={styles.inset}>
        <Notice tone="warning">
          The files were written, but not loaded again. Export again to have them compared.
        </Notice>
      </div>
    );
  return (
    <div className={styles.inset}>
      <Notice tone={parity.same ? 'success' : 'warning'}>{parity.sentence}</Notice>
      {parity.overBases && <Notice tone="info">{parity.overBases.sentence}</Notice>}
      <dl className={styles.facts}>
        {!parity.overBases && (
          <>
            <Fact
              name="Next token agrees"
              value={`${percent(parity.topTokenAgreement)} of ${integer(parity.positions)} positions`}
            />
            <Fact name="Largest logit difference" value={differenceText(parity.maxLogitDifference)} />
          </>
        )}
        {basesFacts(parity).map((fact) => (
          <Fact key={fact.name} {...fact} />
        ))}
        {Object.entries(found.options).map(([name, value]) => (
          <Fact key={name} name={labelOf(name)} value={valueText(value)} />
        ))}
      </dl>
    </div>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div className={styles.fact}>
      <dt>{name}</dt>
      <dd className="tabular">{value}</dd>
    </div>
  );
}

function Files({ found }: { found: Export }) {
  return (
    <DataTable<Export['files'][number]>
      label="Files of the export"
      rows={found.files}
      rowKey={(file) => file.name}
      columns={[
        { id: 'name', label: 'File', cell: (file) => file.name },
        { id: 'size', label: 'Size', align: 'right', width: '90px', cell: (file) => bytes(file.bytes) },
        {
          id: 'sha',
          label: 'SHA-256',
          width: '46%',
          help: 'Checksum of the file: equal files have equal checksums.',
          cell: (file) => (
            <span className="row">
              <code className="cut" title={file.sha256}>
                {file.sha256.slice(0, 16)} … {file.sha256.slice(-4)}
              </code>
              <IconButton
                size="small"
                icon={IconCopy}
                label={`Copy the checksum of ${file.name}`}
                onClick={() => void copyText(file.sha256, 'The checksum is copied.')}
              />
            </span>
          ),
        },
      ]}
      empty="No file is listed."
    />
  );
}

function Writing({ found, onError }: { found: Export; onError(error: unknown): void }) {
  const job = useJob(found.jobId);
  return (
    <div className={styles.inset}>
      {found.state === 'queued' ? (
        <p className="muted">It starts when the work before it is done.</p>
      ) : (
        <>
          {job?.progress != null && (
            <ProgressBar label="Export" value={job.progress} text={job.position || undefined} />
          )}
          <p className="muted tabular" role="status">
            {[
              job?.position || 'Writing and comparing',
              job?.rate,
              job?.secondsLeft != null ? `${about(job.secondsLeft)} left` : null,
            ]
              .filter(Boolean)
              .join(' · ')}
          </p>
        </>
      )}
      {found.jobId && (
        <div className="row">
          <Button
            size="small"
            icon={IconX}
            onClick={() => void call('jobs.cancel', { jobId: found.jobId as string }).catch(onError)}
          >
            Cancel the export
          </Button>
        </div>
      )}
    </div>
  );
}
