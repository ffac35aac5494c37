// A run whose memory runs out goes on with a leaner plan and says so: once in the trial of its longest batch, once when the
// system kills the engine in the middle (field case F07).
import { fork } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { DatasetRecipe } from '../../../main/contract/datasets.ts';
import type { ForkEngine } from '../../../main/jobs/launcher.ts';
import { openTestBackend, root, temporaryFolder } from '../../helpers/home.ts';
import { testSettings } from '../../helpers/run.ts';

const home = temporaryFolder();
mkdirSync(home.folder, { recursive: true });
const counter = join(home.folder, 'engines');
const preload = join(root, 'test', 'helpers', 'no-memory.mjs');
let scarce = false;

const forkScarce: ForkEngine = (file, nodeArgs, env) =>
  fork(file, [], {
    execPath: process.execPath,
    execArgv: scarce ? [...nodeArgs, '--import', preload] : nodeArgs,
    env: scarce ? { ...env, NO_MEMORY_COUNT: counter, NO_MEMORY_PASS: '9' } : env,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  }) as ReturnType<ForkEngine>;

const backend = openTestBackend(home.folder, { fork: forkScarce });
const { call } = backend;
afterAll(async () => {
  await backend.close();
  home.remove();
});

const token = (path: string) =>
  backend.services.files.issue({ path, name: basename(path), temporary: false });

async function prepare() {
  const { id: projectId } = await call('projects.create', { name: 'Scarce' });
  const file = join(home.folder, 'questions.csv');
  const rows = Array.from({ length: 40 }, (_, i) => `what is ${i}?,it is ${i}`);
  writeFileSync(file, `question,answer\n${rows.join('\n')}\n`);
  const wait = (jobId: string | null) => backend.services.queue.wait(jobId as string);
  await wait((await call('documents.import', { projectId, tokens: [token(file)] })).jobId);
  const { sources } = await call('documents.list', { projectId });
  const sourceIds = [sources[0].id];
  const rights = { basis: 'own-work' as const, who: 'Ada', note: '' };
  await call('documents.setRights', { projectId, sourceIds, rights });
  const recipe: DatasetRecipe = {
    name: 'Questions',
    sourceIds,
    steps: [],
    shape: { type: 'completion', prompt: '{question} ', completion: '{answer}' },
    split: { seed: 1, validation: 0, test: 0, column: null, groupBy: null },
  };
  await wait((await call('datasets.build', { projectId, recipe })).jobId);
  const [{ id: versionId }] = await call('datasets.list', { projectId });
  const model = await call('models.add', { token: token(join(root, 'test', 'reference', 'llama')) });
  const train = async (name: string) => {
    const settings = { ...testSettings, checkpointEvery: 5, seed: 3 };
    const run = await call('runs.start', {
      projectId,
      name,
      versionId,
      modelId: model.id,
      settings: { ...settings, lora: { ...settings.lora, dropout: 0.1 } },
      thenEvaluate: false,
    });
    await wait(run.jobId);
    const ended = await call('runs.get', { projectId, runId: run.id });
    const { train: points } = await call('runs.metrics', { projectId, runId: run.id });
    return { run: ended, losses: points.map(({ step, loss }) => [step, loss]) };
  };
  return { train };
}

test('it starts again, goes on from its checkpoint, and ends with the same losses', {
  timeout: 120_000,
}, async () => {
  const { train } = await prepare();
  const plain = await train('Plenty');
  expect(plain.run).toMatchObject({ state: 'finished', step: 10 });
  scarce = true;
  const { run, losses } = await train('Scarce');
  expect(run.error).toBeNull();
  expect(run).toMatchObject({ state: 'finished', step: 10 });
  expect(readFileSync(counter, 'utf8')).toBe('...');
  const sentences = run.messages.map(({ sentence }) => sentence);
  const find = (part: string) => sentences.filter((sentence) => sentence.includes(part));
  expect(find('Training stopped before the first step: Memory ran out')).toHaveLength(1);
  expect(find('It goes on from the start with a leaner plan.')).toHaveLength(1);
  expect(find('attention is computed twice')).toHaveLength(1);
  expect(find('It goes on from step 5 with a leaner plan.')).toHaveLength(1);
  expect(find('whole layers are computed twice')).toHaveLength(1);
  expect(find('Went on after step 5.')).toHaveLength(1);
  expect(find('The longest batch')).toHaveLength(2); // in the engines whose trial fitted
  expect(losses).toEqual(plain.losses);
});
