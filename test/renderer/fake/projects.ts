// Projects and jobs of the fake backend: one sample, one real project, and a running import.
import type { Job } from '../../../main/contract/jobs.ts';
import type { Project } from '../../../main/contract/projects.ts';
import type { FakeHandlers } from '../../../renderer/client/fake.ts';
import { records, report } from './datasets.ts';
import { now } from './settings.ts';
import type { FakeState } from './world.ts';

const base = {
  description: '',
  archivedAt: null,
  deletedAt: null,
  problem: null,
} as const;

export const sample: Project = {
  ...base,
  id: 'sample',
  name: 'Bicycle workshop',
  description: 'Customer messages of a bicycle workshop become one structured line each.',
  isSample: true,
  folder: '/home/mia/Tunesmith/Bicycle workshop',
  createdAt: now - 60_000,
  changedAt: now - 20_000,
  sizeBytes: 38e6,
  documents: 24,
  datasets: 2,
  runs: 0,
  nextStep: 'train',
  steps: [
    { step: 'documents', state: 'done', fact: '24 files, all read' },
    { step: 'dataset', state: 'done', fact: '612 records, version 1' },
    { step: 'model', state: 'done', fact: 'Starter, 15.2 M' },
    { step: 'train', state: 'open', fact: 'Ready to start' },
    { step: 'evaluate', state: 'open', fact: 'After a run' },
    { step: 'export', state: 'open', fact: 'After a run' },
  ],
};

export const desk: Project = {
  ...base,
  id: 'p1',
  name: 'Heat pump service desk',
  isSample: false,
  folder: '/home/mia/Tunesmith/Heat pump service desk',
  createdAt: now - 40 * 864e5,
  changedAt: now - 3 * 3600e3,
  sizeBytes: 1.24e9,
  documents: 148,
  datasets: 4,
  runs: 7,
  nextStep: 'evaluate',
  steps: [
    { step: 'documents', state: 'attention', fact: '146 of 148, 1 failed' },
    { step: 'dataset', state: 'done', fact: 'Version 4, 5,240 records' },
    { step: 'model', state: 'done', fact: 'SmolLM2-135M-Instruct' },
    { step: 'train', state: 'running', fact: 'Run 7, step 548 of 942' },
    { step: 'evaluate', state: 'open', fact: 'Queued after run 7' },
    { step: 'export', state: 'open', fact: 'After a run' },
  ],
};

const lost: Project = {
  ...desk,
  id: 'p2',
  name: 'Tenancy letters',
  problem: 'The folder /media/usb/Tenancy letters is not there.',
  changedAt: now - 9 * 864e5,
  runs: 2,
};

const jobBase = {
  subjectId: null,
  canPause: false,
  cancelLabel: 'Cancel',
  result: null,
  error: null,
  dismissed: false,
  createdAt: now - 90_000,
  startedAt: now - 80_000,
  endedAt: null,
} as const;

const jobs: Job[] = [
  {
    ...jobBase,
    id: 'j1',
    kind: 'train',
    projectId: 'p1',
    subjectId: 'r7',
    title: 'Run 7: balanced, rank 16',
    state: 'running',
    progress: 0.582,
    position: 'step 548 of 942',
    rate: '651 tokens/s',
    secondsLeft: 2412,
    canPause: true,
    cancelLabel: 'Stop and keep step 500',
  },
  {
    ...jobBase,
    id: 'j2',
    kind: 'evaluate',
    projectId: 'p1',
    title: 'Evaluate run 7 against the base',
    state: 'waits',
    progress: null,
    position: '262 test records',
    rate: '',
    secondsLeft: 540,
    startedAt: null,
  },
  {
    ...jobBase,
    id: 'j3',
    kind: 'import-documents',
    projectId: 'p1',
    title: 'Reading documents',
    state: 'finished',
    progress: 1,
    position: '148 of 148 files',
    rate: '31 pages/s',
    secondsLeft: null,
    endedAt: now - 30_000,
  },
  {
    ...jobBase,
    id: 'j4',
    kind: 'export',
    projectId: 'p1',
    title: 'Export run 6',
    state: 'failed',
    progress: 0.4,
    position: '',
    rate: '',
    secondsLeft: null,
    endedAt: now - 20_000,
    error: {
      code: 'disk-full',
      message: 'The export needs 269 MB and 41 MB of disk are free.',
      remedy: 'Free some space, then start it again.',
    },
  },
];

export function projectHandlers(state: FakeState): FakeHandlers {
  let list = state === 'empty' ? [] : [sample, desk, lost];
  const trash: Project[] =
    state === 'empty'
      ? []
      : [{ ...lost, id: 'p9', name: 'First try', problem: null, deletedAt: now - 864e5 }];
  const one = (projectId: string) => list.find((project) => project.id === projectId) ?? sample;
  const change = (projectId: string, changes: Partial<Project>) => {
    list = list.map((project) => (project.id === projectId ? { ...project, ...changes } : project));
    return one(projectId);
  };
  const add = (name: string): Project => {
    const project = {
      ...desk,
      id: `p${list.length + 10}`,
      name,
      documents: 0,
      runs: 0,
      changedAt: Date.now(),
      steps: sample.steps.map((step) => ({ ...step, state: 'open' as const, fact: 'Not yet' })),
      nextStep: 'documents' as const,
    };
    list = [...list, project];
    return project;
  };
  return {
    'projects.list': ({ trash: trashed }) => (trashed ? trash : list),
    'projects.get': ({ projectId }) => one(projectId),
    'projects.create': ({ name }) => add(name),
    'projects.createSample': () => sample,
    'projects.rename': ({ projectId, name }) => change(projectId, { name }),
    'projects.duplicate': ({ name }) => add(name),
    'projects.archive': ({ projectId, archived }) => change(projectId, { archivedAt: archived ? now : null }),
    'projects.delete': ({ projectId }) => {
      const gone = one(projectId);
      list = list.filter((project) => project.id !== projectId);
      return { ...gone, deletedAt: now };
    },
    'projects.restore': ({ projectId }) => change(projectId, { deletedAt: null }),
    'projects.purge': () => ({}),
    'projects.open': () => add('Opened project'),
    'projects.exportFile': () => ({ jobId: 'j3' }),
    'projects.importFile': () => ({ jobId: 'j3' }),
    'jobs.list': () => (state === 'empty' ? [] : jobs),
    'jobs.get': ({ jobId }) =>
      jobId === 'preview'
        ? {
            ...jobs[2],
            id: 'preview',
            kind: 'build-dataset',
            dismissed: true,
            result: { report, records: records.slice(0, 40) },
          }
        : (jobs.find((job) => job.id === jobId) ?? jobs[2]),
    'jobs.cancel': () => ({ ...jobs[0], state: 'cancelled' }),
    'jobs.pause': () => ({ ...jobs[0], state: 'paused' }),
    'jobs.resume': () => jobs[0],
    'jobs.dismiss': () => ({}),
  };
}
