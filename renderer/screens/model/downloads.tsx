// Downloads under way, with their bar, and those that stopped, with "Go on". The jobs are the backend's; this looks at them.
import { IconPlayerPlay } from '@tabler/icons-react';
import type { Job } from '../../../main/contract/jobs.ts';
import { call } from '../../client/client.ts';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { about, percent } from '../../components/format.ts';
import { Notice } from '../../components/notice.tsx';
import { ProgressBar } from '../../components/progress-bar.tsx';
import { hasEnded, useJobs } from '../../state/jobs.ts';
import { openDownloads } from './download-jobs.ts';
import styles from './model.module.css';

interface Name {
  repository: string;
  revision: string;
}

/** Starts a download, or goes on with one; the tray shows it at once. */
export async function startDownload(name: Name): Promise<void> {
  useJobs.getState().put(await call('models.download', name));
}

export function Downloads({ onGoOn }: { onGoOn: (name: Name) => void }) {
  const byId = useJobs((state) => state.byId);
  const jobs = openDownloads(Object.values(byId));
  if (jobs.length === 0) return null;
  return (
    <Card title="Downloads" divided>
      {jobs.map((job) =>
        hasEnded(job) ? (
          <Stopped key={job.id} job={job} onGoOn={onGoOn} />
        ) : (
          <Running key={job.id} job={job} />
        ),
      )}
    </Card>
  );
}

function Running({ job }: { job: Job }) {
  return (
    <div className={styles.download}>
      <div className="between">
        <span className="strong cut">{job.title}</span>
        <span className="muted tabular">
          {[percent(job.progress), job.rate, job.secondsLeft !== null && `${about(job.secondsLeft)} left`]
            .filter(Boolean)
            .join(', ')}
        </span>
      </div>
      {job.progress !== null && (
        <ProgressBar label={job.title} value={job.progress} text={job.position} thin />
      )}
      <div className="between">
        <span className="caption muted">
          {job.state === 'paused' ? `Paused at ${job.position}` : job.position}
        </span>
        <Button size="small" kind="text" onClick={() => void call('jobs.cancel', { jobId: job.id })}>
          {job.cancelLabel}
        </Button>
      </div>
    </div>
  );
}

function Stopped({ job, onGoOn }: { job: Job; onGoOn: (name: Name) => void }) {
  const name = job.result as Name;
  return (
    <Notice
      tone="warning"
      inline
      title={job.error?.message ?? `The download of ${name.repository} was stopped.`}
      actions={
        <>
          <Button size="small" icon={IconPlayerPlay} onClick={() => onGoOn(name)}>
            Go on
          </Button>
          <Button
            size="small"
            kind="text"
            onClick={() => {
              useJobs.getState().put({ ...job, dismissed: true });
              void call('jobs.dismiss', { jobId: job.id });
            }}
          >
            Dismiss
          </Button>
        </>
      }
    >
      {job.error?.remedy ?? 'What arrived is kept.'}
    </Notice>
  );
}
