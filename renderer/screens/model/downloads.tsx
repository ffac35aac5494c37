// Downloads under way, with their bar; those that stopped, with "Go on"; and those that arrived, with "Use". The jobs are
// the backend's; this looks at them.
import { IconCheck, IconPlayerPlay } from '@tabler/icons-react';
import type { Job } from '../../../main/contract/jobs.ts';
import { call } from '../../client/client.ts';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { about, percent } from '../../components/format.ts';
import { Notice } from '../../components/notice.tsx';
import { ProgressBar } from '../../components/progress-bar.tsx';
import { hasEnded, useJobs } from '../../state/jobs.ts';
import { arrivedDownloads, openDownloads } from './download-jobs.ts';
import styles from './model.module.css';

interface Name {
  repository: string;
  revision: string;
}

/** Starts a download, or goes on with one; the tray shows it at once. */
export async function startDownload(name: Name): Promise<void> {
  useJobs.getState().put(await call('models.download', name));
}

interface DownloadsProps {
  onGoOn(name: Name): void;
  /** Chooses a model that arrived for the project. */
  onUse(modelId: string): Promise<void>;
}

export function Downloads({ onGoOn, onUse }: DownloadsProps) {
  const byId = useJobs((state) => state.byId);
  const jobs = openDownloads(Object.values(byId));
  const arrived = arrivedDownloads(Object.values(byId), performance.timeOrigin);
  if (jobs.length === 0 && arrived.length === 0) return null;
  return (
    <Card title="Downloads" divided>
      {arrived.map(({ job, repository, modelId }) => (
        <Notice
          key={job.id}
          tone="success"
          inline
          live
          title={`${repository} is here.`}
          actions={
            <>
              <Button size="small" icon={IconCheck} onClick={() => void onUse(modelId)}>
                Use {repository}
              </Button>
              <Dismiss job={job} />
            </>
          }
        >
          Its checksums fit, and it is in the list “Ready to use”.
        </Notice>
      ))}
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
      <div className="row between">
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
      <div className="row between">
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
          <Dismiss job={job} />
        </>
      }
    >
      {job.error?.remedy ?? 'What arrived is kept.'}
    </Notice>
  );
}

function Dismiss({ job }: { job: Job }) {
  return (
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
  );
}
