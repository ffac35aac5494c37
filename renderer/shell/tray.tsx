// The job tray: one row with the main job, or all rows. Jobs live in the backend; closing the tray changes nothing.
import { IconChevronDown, IconChevronUp, IconCircleCheck } from '@tabler/icons-react';
import { useEffect, useRef } from 'react';
import type { Job } from '../../main/contract/jobs.ts';
import { IconButton } from '../components/button.tsx';
import { clock, duration, plural } from '../components/format.ts';
import { hasEnded, useJobs } from '../state/jobs.ts';
import { announce, useUi } from '../state/ui.ts';
import { JobRow } from './job-row.tsx';
import { stateWord } from './job-words.ts';
import styles from './tray.module.css';
import { isShown, trayJobs } from './tray-jobs.ts';

export function Tray() {
  const byId = useJobs((state) => state.byId);
  const open = useUi((state) => state.trayOpen);
  const all = Object.values(byId);
  const jobs = trayJobs(all);
  const working = jobs.filter((job) => !hasEnded(job));
  const failed = jobs.filter((job) => job.state === 'failed' || job.state === 'interrupted');
  const main = working[0] ?? failed[0];
  const finishedToday = all.filter(
    (job) => isShown(job) && job.state === 'finished' && isToday(job.endedAt),
  ).length;
  useAnnouncements(all);

  const rows = open ? jobs : main ? [main] : [];
  const more = jobs.length - rows.length;
  const toggle = (
    <IconButton
      size="small"
      label={open ? 'Show less' : 'Show all jobs'}
      keys="Ctrl J"
      icon={open ? IconChevronDown : IconChevronUp}
      aria-expanded={open}
      onClick={() => useUi.setState({ trayOpen: !open })}
    />
  );
  return (
    <section className={styles.tray} aria-label="Jobs" data-region="jobs" tabIndex={-1}>
      {rows.length > 0 && (
        <ul className={styles.rows}>
          {rows.map((job) => (
            <JobRow key={job.id} job={job} />
          ))}
        </ul>
      )}
      {rows.length === 0 && <Idle jobs={all} count={finishedToday} />}
      <div className={styles.toggle}>
        {!open && more > 0 && rows.length > 0 && <span className={styles.more}>+ {more}</span>}
        {(jobs.length > 1 || (jobs.length === 1 && rows.length === 0) || open) && toggle}
      </div>
    </section>
  );
}

function Idle({ jobs, count }: { jobs: Job[]; count: number }) {
  const last = jobs
    .filter((job) => isShown(job) && hasEnded(job) && job.endedAt)
    .sort((a, b) => (b.endedAt ?? 0) - (a.endedAt ?? 0))[0];
  const took = last?.startedAt && last.endedAt ? (last.endedAt - last.startedAt) / 1000 : null;
  return (
    <div className={styles.idle}>
      <IconCircleCheck size={18} stroke={1.75} aria-hidden className={styles.calm} />
      <span className="cut muted">
        No work is running.
        {last &&
          ` Last: ${last.title}, ${took === null ? '' : `${duration(took)}, `}${stateWord(last)} ${clock(last.endedAt)}`}
      </span>
      <span className="grow" />
      {count > 0 && <span className={styles.more}>{plural(count, 'job')} finished today</span>}
    </div>
  );
}

function isToday(time: number | null): boolean {
  return time !== null && new Date(time).toDateString() === new Date().toDateString();
}

/** Says the start and end of work once, and progress at each tenth but at most every 5 s. */
function useAnnouncements(jobs: Job[]): void {
  const known = useRef(new Map<string, { state: string; tenth: number }>());
  const saidAt = useRef(0);
  const started = useRef(false);
  useEffect(() => {
    for (const job of jobs) {
      if (job.kind === 'chat') continue;
      const before = known.current.get(job.id);
      const tenth = Math.floor((job.progress ?? 0) * 10);
      known.current.set(job.id, { state: job.state, tenth });
      if (!started.current || !before) continue;
      if (before.state !== job.state) announce(`${job.title}: ${stateWord(job)}.`);
      else if (tenth > before.tenth && Date.now() - saidAt.current > 5000) {
        saidAt.current = Date.now();
        announce(`${job.title}: ${tenth * 10} percent.`);
      }
    }
    if (jobs.length > 0) started.current = true;
  }, [jobs]);
}
