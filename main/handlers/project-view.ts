// A project as windows see it: counts, size on disk, and the state of each step of the journey. Reads the store only.
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import type { Evaluation } from '../contract/evaluations.ts';
import type { Project, StepState } from '../contract/projects.ts';
import { AppError } from '../errors.ts';
import type { ProjectStore } from '../store/index.ts';
import type { ListedProject } from '../store/projects.ts';
import { counted } from './lookup.ts';
import type { Services } from './services.ts';

type Step = z.infer<typeof StepState>;

const sizeLifeMs = 30_000;
const sizes = new Map<string, { bytes: number; at: number }>();

/** The project's current view; a folder that cannot be opened gives a view with its `problem`. */
export async function viewProject(services: Services, listed: ListedProject): Promise<Project> {
  let project: ProjectStore;
  try {
    project = services.store.project(listed.id);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return unreadable(listed, `${error.message} ${error.remedy}`);
  }
  const row = project.row.find()!;
  const counts = project.sources.counts();
  const versions = project.datasets.list();
  const runs = project.runs.list(false);
  const steps = describeSteps(services, project);
  return {
    id: listed.id,
    name: row.name,
    description: row.description,
    isSample: row.isSample,
    folder: listed.folder,
    createdAt: row.createdAt,
    changedAt: Math.max(
      row.changedAt,
      versions[0]?.createdAt ?? 0,
      runs[0]?.endedAt ?? runs[0]?.createdAt ?? 0,
    ),
    archivedAt: listed.archivedAt,
    deletedAt: listed.deletedAt,
    problem: project.notices.length > 0 ? project.notices.join(' ') : null,
    sizeBytes: await folderSize(listed.folder),
    documents: counts.all,
    datasets: versions.length,
    runs: runs.length,
    nextStep: (steps.find((step) => step.state !== 'done' && step.state !== 'running') ?? steps[5]).step,
    steps,
  };
}

function describeSteps(services: Services, project: ProjectStore): Step[] {
  const active = services.queue.active().filter((job) => job.projectId === project.id);
  const running = (kind: string) => active.some((job) => job.kind === kind && job.state !== 'waits');
  const counts = project.sources.counts();
  const [version] = project.datasets.list();
  const runs = project.runs.list(false);
  const [run] = runs;
  const chosenId = project.row.find()?.chosenModelId;
  const model = chosenId ? services.store.models.get(chosenId) : undefined;
  const [evaluation] = project.evaluations.list(null).filter((one) => one.state === 'finished');
  const exports = project.exports.list(null).filter((one) => one.state === 'finished');
  const state = (done: boolean, isRunning: boolean, attention = false): Step['state'] =>
    isRunning ? 'running' : attention ? 'attention' : done ? 'done' : 'open';
  return [
    {
      step: 'documents',
      state: state(counts.read > 0, running('import-documents'), counts.failed > 0 || counts.noRights > 0),
      fact: counts.all === 0 ? 'none yet' : `${counts.read} of ${counts.all} used`,
    },
    {
      step: 'dataset',
      state: state(version !== undefined, running('build-dataset')),
      fact: version
        ? `version ${version.number}, ${counted(sum(version.report.records), 'record')}`
        : 'none yet',
    },
    {
      step: 'model',
      state: state(model !== undefined, false, model !== undefined && model.problem !== null),
      fact: model?.name ?? 'none chosen',
    },
    {
      step: 'train',
      state: state(
        runs.some((one) => one.state === 'finished' || one.state === 'stopped'),
        running('train'),
        run?.state === 'failed' || run?.state === 'interrupted',
      ),
      fact: run ? `run ${run.number} ${run.state === 'compiling' ? 'running' : run.state}` : 'no runs yet',
    },
    {
      step: 'evaluate',
      state: state(evaluation !== undefined, running('evaluate')),
      fact: evaluation ? inShort(evaluation) : 'not measured yet',
    },
    {
      step: 'export',
      state: state(exports.length > 0, running('export')),
      fact: exports.length > 0 ? counted(exports.length, 'export') : 'none yet',
    },
  ];
}

/** The verdict in the few words that a navigation has room for. */
function inShort({ results, leaks }: Evaluation): string {
  if (leaks > 0) return `${counted(leaks, 'leak')}, no verdict`;
  const of = (verdict: Evaluation['results'][number]['verdict']) =>
    results.filter((result) => result.verdict === verdict).length;
  const [better, worse] = [of('better'), of('worse')];
  if (better === 0 && worse === 0) return 'no clear change';
  return better >= worse
    ? `better on ${better} of ${results.length}`
    : `worse on ${worse} of ${results.length}`;
}

function sum(records: Record<string, number>): number {
  return Object.values(records).reduce((total, count) => total + count, 0);
}

function unreadable(listed: ListedProject, problem: string): Project {
  const steps = ['documents', 'dataset', 'model', 'train', 'evaluate', 'export'] as const;
  return {
    id: listed.id,
    name: listed.name,
    description: '',
    isSample: listed.isSample,
    folder: listed.folder,
    createdAt: listed.addedAt,
    changedAt: listed.addedAt,
    archivedAt: listed.archivedAt,
    deletedAt: listed.deletedAt,
    problem,
    sizeBytes: 0,
    documents: 0,
    datasets: 0,
    runs: 0,
    nextStep: 'documents',
    steps: steps.map((step) => ({ step, state: 'open' as const, fact: '' })),
  };
}

/** Bytes of all files below `folder`; remembered for half a minute, because lists ask often. */
export async function folderSize(folder: string): Promise<number> {
  const known = sizes.get(folder);
  if (known && Date.now() - known.at < sizeLifeMs) return known.bytes;
  const bytes = await measure(folder);
  sizes.set(folder, { bytes, at: Date.now() });
  return bytes;
}

async function measure(folder: string): Promise<number> {
  let bytes = 0;
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) bytes += await measure(path);
    else if (entry.isFile()) bytes += (await stat(path).catch(() => ({ size: 0 }))).size;
  }
  return bytes;
}
