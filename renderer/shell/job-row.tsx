// One job in the tray: what, state, progress, rate, position, time left, and what can be done about it.
import {
  IconActivity,
  IconAlertCircle,
  IconCircleCheck,
  IconCircleX,
  IconClock,
  IconDatabase,
  IconDownload,
  IconFileText,
  IconPackageExport,
  IconPlayerPause,
  IconPlayerPlay,
  IconScale,
  IconSparkles,
  IconX,
} from '@tabler/icons-react';
import type { Job } from '../../main/contract/jobs.ts';
import { call } from '../client/client.ts';
import { Button, IconButton } from '../components/button.tsx';
import { about, clock, duration, percent } from '../components/format.ts';
import { ProgressBar } from '../components/progress-bar.tsx';
import { hasEnded, useJobs } from '../state/jobs.ts';
import { showProblem } from '../state/ui.ts';
import { jobHref, stateWord, timeLeft } from './job-words.ts';
import styles from './tray.module.css';

const kindIcons: Partial<Record<Job['kind'], typeof IconActivity>> = {
  'import-documents': IconFileText,
  'build-dataset': IconDatabase,
  evaluate: IconScale,
  export: IconPackageExport,
  'download-model': IconDownload,
  'download-cuda': IconDownload,
  'create-model': IconSparkles,
};

function JobIcon({ job }: { job: Job }) {
  const shape = { size: 18, stroke: 1.75, 'aria-hidden': true } as const;
  if (job.state === 'finished') return <IconCircleCheck {...shape} className={styles.calm} />;
  if (job.state === 'failed' || job.state === 'interrupted')
    return <IconAlertCircle {...shape} className={styles.alarm} />;
  if (job.state === 'cancelled') return <IconCircleX {...shape} className={styles.quiet} />;
  if (job.state === 'waits') return <IconClock {...shape} className={styles.quiet} />;
  const Kind = kindIcons[job.kind] ?? IconActivity;
  return <Kind {...shape} className={styles.busy} />;
}

async function act(name: 'jobs.pause' | 'jobs.resume' | 'jobs.cancel', job: Job): Promise<void> {
  try {
    useJobs.getState().put(await call(name, { jobId: job.id }));
  } catch (error) {
    showProblem(error);
  }
}

function dismiss(job: Job): void {
  useJobs.getState().put({ ...job, dismissed: true });
  void call('jobs.dismiss', { jobId: job.id }).catch(() => undefined);
}

export function JobRow({ job }: { job: Job }) {
  const href = jobHref(job);
  const name = <strong>{job.title}</strong>;
  return (
    <li className={styles.row}>
      <JobIcon job={job} />
      <span className={styles.name}>
        <span className="cut">
          {href ? (
            <a href={href} className={styles.link}>
              {name}
            </a>
          ) : (
            name
          )}
        </span>
        <span className={styles.state}>
          {stateWord(job)}
          {hasEnded(job) && job.endedAt ? ` ${clock(job.endedAt)}` : ''}
        </span>
      </span>
      <Middle job={job} />
      <span className={styles.facts}>{facts(job)}</span>
      <span className={styles.actions}>
        <Actions job={job} href={href} />
      </span>
    </li>
  );
}

function Middle({ job }: { job: Job }) {
  if (job.error && (job.state === 'failed' || job.state === 'interrupted')) {
    return (
      <span className={styles.middle} role="alert">
        <span className="cut" title={`${job.error.message} ${job.error.remedy}`}>
          {job.error.message} {job.error.remedy}
        </span>
      </span>
    );
  }
  if (hasEnded(job) || job.progress === null || job.state === 'waits') {
    return (
      <span className={styles.middle}>
        <span className="cut muted">{job.position}</span>
      </span>
    );
  }
  return (
    <span className={styles.middle}>
      <ProgressBar
        label={job.title}
        value={job.progress}
        text={`${percent(job.progress)}, ${job.position}`}
        tone={job.state === 'paused' ? 'neutral' : 'accent'}
      />
      <span className={styles.percent}>{percent(job.progress)}</span>
    </span>
  );
}

function facts(job: Job): string {
  if (hasEnded(job)) {
    const took = job.startedAt && job.endedAt ? (job.endedAt - job.startedAt) / 1000 : null;
    return took === null ? '' : `took ${duration(took)}`;
  }
  const left = timeLeft(job);
  const position = job.progress === null || job.state === 'waits' ? '' : job.position;
  const leftWords = left === null ? '' : job.state === 'waits' ? about(left) : `${about(left)} left`;
  return [job.rate, position, leftWords].filter(Boolean).join(' · ');
}

function Actions({ job, href }: { job: Job; href: string | null }) {
  if (hasEnded(job)) {
    const failed = job.state === 'failed' || job.state === 'interrupted';
    return (
      <>
        {href && (
          <Button size="small" href={href} aria-label={`Show ${job.title}`}>
            Show
          </Button>
        )}
        <IconButton
          size="small"
          label={failed ? `Dismiss ${job.title}` : `Take ${job.title} off the list`}
          icon={IconX}
          onClick={() => dismiss(job)}
        />
      </>
    );
  }
  if (job.state === 'finishing') return null;
  return (
    <>
      {job.canPause && job.state === 'running' && (
        <IconButton
          size="small"
          bordered
          label={`Pause ${job.title}`}
          icon={IconPlayerPause}
          onClick={() => void act('jobs.pause', job)}
        />
      )}
      {job.state === 'paused' && (
        <IconButton
          size="small"
          bordered
          label={`Go on with ${job.title}`}
          icon={IconPlayerPlay}
          onClick={() => void act('jobs.resume', job)}
        />
      )}
      <Button
        size="small"
        hint={job.state === 'waits' ? undefined : job.cancelLabel || undefined}
        aria-label={`${job.state === 'waits' ? 'Remove' : job.cancelLabel || 'Cancel'}: ${job.title}`}
        onClick={() => void act('jobs.cancel', job)}
      >
        {job.state === 'waits' ? 'Remove' : job.kind === 'train' ? 'Stop' : 'Cancel'}
      </Button>
    </>
  );
}
