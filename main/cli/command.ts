// What a command is, and what all of them need: finding a project, waiting for a job with progress on stderr, and
// printing tables. Knows no command.
import { existsSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type { Backend } from '../backend.ts';
import type { Job } from '../contract/jobs.ts';
import type { Project } from '../contract/projects.ts';
import { AppError } from '../errors.ts';

/** A wrong command line: exit code 2. */
export class UsageError extends Error {}

export interface Command {
  /** Its words, such as `project create`. */
  name: string;
  summary: string;
  /** Lines of its help, behind the options. */
  notes?: string[];
  /** Names of its arguments: `<needed>`, `[optional]`, a last one with `...` repeats. */
  arguments: string[];
  options: Record<string, { type: 'string' | 'boolean'; multiple?: boolean; default?: string | boolean }>;
  /** One phrase for each option. */
  optionHelp: Record<string, string>;
  run(context: Context): Promise<Result>;
}

export interface Result {
  /** Printed with `--json`. */
  json: unknown;
  text: string;
}

export type Context = ReturnType<typeof createContext>;

interface Progress {
  err(text: string): void;
  isTerminal: boolean;
}

const plainProgressMs = 2000;

export function createContext(
  backend: Backend,
  positionals: string[],
  values: Record<string, string | boolean | string[] | undefined>,
  output: Progress,
) {
  const call = backend.call;
  const base =
    process.env.npm_command === 'run-script' && process.env.INIT_CWD ? process.env.INIT_CWD : process.cwd();
  const path = (given: string): string => resolve(base, given);
  return {
    backend,
    call,
    positionals,
    /** The text of an option; undefined when it was not given. */
    option: (name: string): string | undefined =>
      typeof values[name] === 'string' ? values[name] : undefined,
    options: (name: string): string[] => (Array.isArray(values[name]) ? values[name] : []),
    flag: (name: string): boolean => values[name] === true,
    /** A whole number of an option. */
    number(name: string, otherwise: number): number {
      const text = values[name];
      if (typeof text !== 'string') return otherwise;
      const value = Number(text);
      if (text.trim() === '' || !Number.isFinite(value))
        throw new UsageError(`--${name} takes a number, not "${text}".`);
      return value;
    },
    say: (sentence: string): void => output.err(sentence),
    path,
    /** A token for a path that the user typed. */
    token(given: string): string {
      const full = path(given);
      return backend.services.files.issue({ path: full, name: basename(full), temporary: false });
    },
    async project(given: string): Promise<Project> {
      const all = await call('projects.list', {});
      const hits = [
        all.filter((one) => one.id === given || basename(one.folder) === given),
        all.filter((one) => one.name === given),
      ].find((some) => some.length > 0);
      if (hits?.length === 1) return hits[0];
      if (hits)
        throw new AppError(
          'project-ambiguous',
          `${hits.length} projects are named "${given}".`,
          'Name it by its folder, the last part of what "tunesmith project list" shows.',
        );
      throw new AppError(
        'project-unknown',
        `There is no project "${given}".`,
        'List them: tunesmith project list',
      );
    },
    /** Waits for a job, showing its progress; its failure is thrown. */
    async job(jobId: string): Promise<Job> {
      const show = progressLine(output);
      const stop = backend.listen((event, payload) => {
        if (event === 'job.changed' && (payload as Job).id === jobId) show(payload as Job);
      });
      await backend.services.queue.wait(jobId);
      stop();
      const job = await call('jobs.get', { jobId });
      show(job);
      if (job.error) throw new AppError(job.error.code, job.error.message, job.error.remedy);
      if (job.state !== 'finished')
        throw new AppError('job-not-finished', `"${job.title}" was ${job.state}.`, 'Start it again.');
      return job;
    },
  };
}

/** One line that is overwritten in a terminal; elsewhere a line every two seconds and at each change of state. */
function progressLine(output: Progress): (job: Job) => void {
  let shownAt = 0;
  let state = '';
  return (job) => {
    const now = Date.now();
    const changed = job.state !== state;
    if (!changed && now - shownAt < plainProgressMs) return;
    shownAt = now;
    state = job.state;
    const share = job.progress === null ? '' : `${Math.floor(job.progress * 100)} %`;
    const left = job.secondsLeft === null ? '' : `about ${Math.ceil(job.secondsLeft)} s left`;
    const parts = [job.state, share, job.position, job.rate, left].filter((part) => part !== '');
    output.err(`${job.title}: ${parts.join(', ')}`);
  };
}

/** Nothing that is there is written over. */
export function refuseExisting(target: string): void {
  if (existsSync(target))
    throw new AppError('target-exists', `"${target}" exists already.`, 'Name one that does not exist yet.');
}

/** "12.5 MB", "2.20 GB". */
export function megabytes(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(2)} GB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** Columns side by side; the first row is the header. */
export function tableOf(rows: (string | number | null)[][]): string {
  if (rows.length < 2) return '(none)';
  const cells = rows.map((row) =>
    row.map((cell) => stripVTControlCharacters(String(cell ?? '-')).replace(/\s+/g, ' ')),
  );
  const widths = cells[0].map((_, column) => Math.max(...cells.map((row) => [...row[column]].length)));
  return cells
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** "4.7 M", "135 M". */
export function short(count: number): string {
  if (count >= 1e9) return `${(count / 1e9).toPrecision(3)} G`;
  if (count >= 1e6) return `${(count / 1e6).toPrecision(3)} M`;
  return count.toLocaleString('en-US');
}
