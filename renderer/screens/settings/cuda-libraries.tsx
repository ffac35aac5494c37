// The libraries that CUDA needs beside its driver: which are here, what is missing, getting it (size, source and licence
// are shown first) and removing what was fetched. Shows nothing where CUDA is out of the question.
import { IconDownload, IconPlayerPlay, IconTrash } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import type { CudaLibraries, CudaLibrary } from '../../../main/contract/devices.ts';
import type { Job } from '../../../main/contract/jobs.ts';
import { call } from '../../client/client.ts';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { Chip, type Tone } from '../../components/chip.tsx';
import { confirm } from '../../components/confirm-dialog.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { about, bytes, missing, percent } from '../../components/format.ts';
import { ErrorNotice, Notice } from '../../components/notice.tsx';
import { ProgressBar } from '../../components/progress-bar.tsx';
import { hasEnded, useJobs, useLatestJob } from '../../state/jobs.ts';
import { useSettings } from '../../state/settings.ts';
import styles from './settings.module.css';

const states: Record<CudaLibrary['state'], { word: string; tone: Tone }> = {
  found: { word: 'Found', tone: 'success' },
  missing: { word: 'Missing', tone: 'warning' },
  'other-version': { word: 'Other version', tone: 'warning' },
};

const columns: Column<CudaLibrary>[] = [
  { id: 'file', label: 'Library', width: '260px', cell: ({ file }) => <span className="mono">{file}</span> },
  { id: 'part', label: 'Part of', width: '24%', priority: 2, cell: ({ part }) => part.replace(/^the /, '') },
  {
    id: 'state',
    label: 'State',
    width: '130px',
    cell: ({ state, needed }) =>
      state === 'missing' && !needed ? (
        <Chip hint="Only some operations need it.">Not found</Chip>
      ) : (
        <Chip tone={states[state].tone}>{states[state].word}</Chip>
      ),
  },
  { id: 'version', label: 'Version', width: '92px', cell: ({ version }) => version ?? missing },
  {
    id: 'folder',
    label: 'Folder',
    cut: true,
    cell: ({ folder }) =>
      folder === null ? (
        missing
      ) : (
        <span className="muted" title={folder}>
          {folder}
        </span>
      ),
  },
];

export function CudaLibrariesCard() {
  const job = useLatestJob('download-cuda', null);
  const [found, setFound] = useState<CudaLibraries | null>(null);
  const [fault, setFault] = useState<unknown>(null);
  const runs = job !== undefined && !hasEnded(job);
  // biome-ignore lint/correctness/useExhaustiveDependencies: read again when a download begins or ends
  useEffect(() => {
    call('devices.cudaLibraries', {}).then(setFound, setFault);
    void useSettings.getState().loadLedger(); // a download is what leaves this computer
  }, [runs]);
  if (fault !== null && found === null) return <ErrorNotice error={fault} />;
  if (found === null || (found.state === 'unsupported' && found.fetchedBytes === 0)) return null;

  const start = async () => {
    setFault(null);
    try {
      useJobs.getState().put(await call('devices.getCudaLibraries', {}));
    } catch (thrown) {
      setFault(thrown);
    }
  };
  const get = async () => {
    if (await confirm({ ...questionOf(found), danger: false })) await start();
  };
  const remove = async () => {
    const size = bytes(found.fetchedBytes);
    const sure = await confirm({
      title: `Remove the CUDA libraries that Tunesmith fetched (${size})?`,
      children: <p>Nothing else uses them. CUDA cannot be used then, unless the system has its libraries.</p>,
      keep: 'Keep them',
      act: `Remove ${size}`,
    });
    if (!sure) return;
    setFault(null);
    try {
      setFound(await call('devices.removeCudaLibraries', {}));
      await useSettings.getState().loadMachine(); // the device above
    } catch (thrown) {
      setFault(thrown);
    }
  };
  const stopped = job !== undefined && hasEnded(job) && job.state !== 'finished' && !job.dismissed;
  return (
    <Card
      title="CUDA libraries"
      sub={found.driver === null ? undefined : `driver ${found.driver}`}
      divided
      padded={false}
      aside={
        <>
          {found.fetchedBytes > 0 && !runs && (
            <Button size="small" kind="text" icon={IconTrash} onClick={() => void remove()}>
              Remove {bytes(found.fetchedBytes)}
            </Button>
          )}
          {found.missing.length > 0 && !runs && !stopped && (
            <Button size="small" icon={IconDownload} onClick={() => void get()}>
              Get {found.state === 'complete' ? 'the rest' : 'them'} ({bytes(found.missingBytes)})
            </Button>
          )}
        </>
      }
    >
      <div className={styles.above}>
        {fault !== null && <ErrorNotice error={fault} />}
        <p className="muted">{sentenceOf(found)}</p>
        {runs && <Running job={job} onFault={setFault} />}
        {stopped && (
          <Notice
            tone="warning"
            inline
            title={job.error?.message ?? 'The download was stopped.'}
            actions={
              <>
                <Button size="small" icon={IconPlayerPlay} onClick={() => void start()}>
                  Go on
                </Button>
                <Button size="small" kind="text" onClick={() => dismiss(job)}>
                  Dismiss
                </Button>
              </>
            }
          >
            {job.error?.remedy ?? 'What arrived is kept.'}
          </Notice>
        )}
      </div>
      <DataTable
        label="CUDA libraries"
        rows={found.libraries}
        columns={columns}
        rowKey={(library) => library.file}
      />
    </Card>
  );
}

function sentenceOf({ state, message, remedy, install, missing: packages }: CudaLibraries): string {
  if (state === 'complete') return 'Everything that CUDA needs was found.';
  if (packages.length === 0) return `${message} ${remedy}`.trim();
  const instead = install === '' ? '' : `, or you install ${install} and look here again`;
  return `${message} Tunesmith can get what is missing${instead}.`;
}

/** What would be fetched, before anything is: each package with its size, source and licence. */
function questionOf(found: CudaLibraries) {
  return {
    title: `Get the CUDA libraries (${bytes(found.missingBytes)})?`,
    children: (
      <>
        <ul className={styles.packages}>
          {found.missing.map((one) => (
            <li key={one.name}>
              <span className="mono">
                {one.name} {one.version}
              </span>
              <span>
                {bytes(one.bytes)} from {one.host}
              </span>
              <span className="caption muted">
                {one.licence}, {one.licenceAddress.replace(/^https:\/\//, '')}
              </span>
            </li>
          ))}
        </ul>
        <p>
          They take about {bytes(found.unpackedBytes)} in {found.folder}; {bytes(found.freeDiskBytes)} are
          free. Each is checked against its published checksum. By getting them you accept their licences.
        </p>
      </>
    ),
    keep: 'Not now',
    act: `Get ${bytes(found.missingBytes)}`,
  };
}

function Running({ job, onFault }: { job: Job; onFault: (fault: unknown) => void }) {
  return (
    <div className={styles.running}>
      {job.progress !== null && (
        <ProgressBar label={job.title} value={job.progress} text={job.position} thin />
      )}
      <div className="row wrap between">
        <p className="caption muted grow tabular">
          {[
            percent(job.progress),
            job.state === 'paused' ? `paused at ${job.position}` : job.position,
            job.rate,
            job.secondsLeft !== null && `${about(job.secondsLeft)} left`,
          ]
            .filter(Boolean)
            .join(', ')}
        </p>
        <Button
          size="small"
          kind="text"
          onClick={() => void call('jobs.cancel', { jobId: job.id }).catch(onFault)}
        >
          {job.cancelLabel}
        </Button>
      </div>
    </div>
  );
}

function dismiss(job: Job): void {
  useJobs.getState().put({ ...job, dismissed: true });
  void call('jobs.dismiss', { jobId: job.id }).catch(() => undefined);
}
