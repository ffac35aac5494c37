// The whole chain by the calls that windows make, on a tiny model: documents, dataset, training, evaluation, chat and
// export; a second window's start; stopping and resuming; a backend that was killed in the middle of a run.
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Backend } from '../../main/backend.ts';
import type { DatasetRecipe } from '../../main/contract/datasets.ts';
import type { Recipe, Run } from '../../main/contract/runs.ts';
import { openTestBackend, root, temporaryFolder } from '../helpers/home.ts';
import { testSettings } from '../helpers/run.ts';
import { connectTo, startServer } from '../helpers/server.ts';

const home = temporaryFolder('home ø 漢字 %20');
const modelFolder = join(root, 'test', 'reference', 'llama');
let backend: Backend;
let call: Backend['call'];
let projectId: string;
let modelId: string;
let versionId: string;
const heard: [event: string, payload: unknown][] = [];

/** 60 rows whose answer repeats the word of the question. */
const rows = Array.from(
  { length: 60 },
  (_, i) => `what is ${i}?,it is ${i},${i < 44 ? 'train' : i < 50 ? 'validation' : 'test'}`,
);

beforeAll(() => {
  backend = openTestBackend(home.folder);
  call = backend.call;
  backend.listen((event, payload) => heard.push([event, payload]));
});
afterAll(async () => {
  await backend.close();
  home.remove();
});

const finished = async (jobId: string | null) => {
  await backend.services.queue.wait(jobId!);
  const job = await call('jobs.get', { jobId: jobId! });
  expect(job.error).toBeNull();
  return job;
};
const token = (path: string) =>
  backend.services.files.issue({ path, name: basename(path), temporary: false });
const recipeOf = (change: Partial<Recipe['settings']> = {}, thenEvaluate = false): Recipe => ({
  projectId,
  name: 'Tiny',
  versionId,
  modelId,
  settings: { ...testSettings, epochs: 3, checkpointEvery: 5, evalEvery: 5, ...change },
  thenEvaluate,
});
const endOf = async (run: Run): Promise<Run> => {
  await backend.services.queue.wait(run.jobId!);
  return call('runs.get', { projectId, runId: run.id });
};
const until = async (condition: () => Promise<boolean> | boolean) => {
  while (!(await condition())) await new Promise((turn) => setTimeout(turn, 20));
};

describe('from documents to a dataset', () => {
  test('a CSV file is read, and without a rights record it cannot enter a dataset', async () => {
    projectId = (await call('projects.create', { name: 'Tiny chain' })).id;
    const file = join(home.folder, 'questions.csv');
    writeFileSync(file, `question,answer,part\n${rows.join('\n')}\n`);
    await finished((await call('documents.import', { projectId, tokens: [token(file)] })).jobId);
    const { sources } = await call('documents.list', { projectId });
    expect(sources).toMatchObject([{ state: 'read', rows: 60, columns: ['question', 'answer', 'part'] }]);
    const recipe: DatasetRecipe = {
      name: 'Questions',
      sourceIds: [sources[0].id],
      steps: [],
      shape: { type: 'completion', prompt: '{question} ', completion: '{answer}' },
      split: { seed: 1, validation: 0, test: 0, column: 'part', groupBy: null },
    };
    await expect(call('datasets.build', { projectId, recipe })).rejects.toMatchObject({ code: 'no-rights' });
    const rights = { basis: 'own-work' as const, who: 'Ada', note: '' };
    await call('documents.setRights', { projectId, sourceIds: [sources[0].id], rights });

    const preview = await finished((await call('datasets.preview', { projectId, recipe })).jobId);
    expect(preview.result).toMatchObject({ report: { records: { train: 44, validation: 6, test: 10 } } });
    expect(await call('datasets.list', { projectId })).toEqual([]);
    const built = await finished((await call('datasets.build', { projectId, recipe })).jobId);
    versionId = (built.result as { versionId: string }).versionId;
    expect(await call('datasets.list', { projectId })).toMatchObject([
      { number: 1, recordType: 'completion' },
    ]);
    const again = await finished((await call('datasets.build', { projectId, recipe })).jobId);
    expect(again.result).toMatchObject({ versionId, existing: true });
  });

  test('pages of records are read by their place, and searched by their text', async () => {
    const page = await call('datasets.records', { projectId, versionId, split: 'test', offset: 8, limit: 5 });
    expect(page.total).toBe(10);
    expect(page.records.map((one) => one.content)).toEqual(
      [58, 59].map((i) => ({ type: 'completion', prompt: `what is ${i}? `, completion: `it is ${i}` })),
    );
    expect(await call('datasets.records', { projectId, versionId, find: 'IS 59?' })).toMatchObject({
      total: 1,
    });
  });
});

describe('a run', () => {
  test('a model folder is added, chosen, and shows a record as it sees it', async () => {
    const model = await call('models.add', { token: token(modelFolder) });
    expect(model).toMatchObject({ architecture: 'llama', layers: 2, problem: null, origin: 'folder' });
    modelId = model.id;
    await call('models.choose', { projectId, modelId });
    const { records } = await call('datasets.records', { projectId, versionId, limit: 1 });
    const seen = await call('datasets.render', { projectId, versionId, recordId: records[0].id, modelId });
    expect(seen.trainedTokens).toBeGreaterThan(0);
    expect(seen.tokens.filter((one) => one.trained)).toHaveLength(seen.trainedTokens);
    const plan = await call('runs.plan', recipeOf());
    expect(plan.steps).toBe(33);
  });

  test('trains, keeps its curve and lineage, and is evaluated when the recipe asks for it', async () => {
    const run = await endOf(await call('runs.start', recipeOf({}, true)));
    expect(run).toMatchObject({ state: 'finished', number: 1, step: 33, steps: 33, error: null });
    const { train, validation } = await call('runs.metrics', { projectId, runId: run.id });
    expect(train.map((point) => point.step)).toEqual(Array.from({ length: 33 }, (_, i) => i + 1));
    expect(train.at(-1)!.loss).toBeLessThan(train[0].loss);
    expect(validation.length).toBeGreaterThan(5);
    const version = await call('datasets.get', { projectId, versionId });
    expect(run.lineage).toMatchObject({
      datasetHash: version.hash,
      app: '0.0.0-test',
      onnxruntime: '1.30.0',
    });
    const folder = backend.services.store.project(projectId).runs.folder(1);
    expect(JSON.parse(readFileSync(join(folder, 'recipe.json'), 'utf8'))).toMatchObject({ name: 'Tiny' });
    expect(readFileSync(join(folder, 'metrics.jsonl'), 'utf8').trim().split('\n').length).toBeGreaterThan(33);

    const [evaluation] = await call('evaluations.list', { projectId, runId: run.id });
    await finished(evaluation.jobId);
    const done = await call('evaluations.get', { projectId, evaluationId: evaluation.id });
    expect(done).toMatchObject({ state: 'finished', split: 'test', records: 10, done: 10 });
    expect(done.results.length).toBeGreaterThan(0);
    const { predictions, total } = await call('evaluations.predictions', {
      projectId,
      evaluationId: evaluation.id,
    });
    expect(total).toBe(10);
    expect(predictions[0].tuned.lossSum / predictions[0].tuned.lossTokens).toBeGreaterThanOrEqual(
      predictions[9].tuned.lossSum / predictions[9].tuned.lossTokens,
    );
  });

  test('two windows that start the same recipe at once get one run', async () => {
    const [one, two] = await Promise.all([call('runs.start', recipeOf()), call('runs.start', recipeOf())]);
    expect(two.id).toBe(one.id);
    await endOf(one);
    expect(await call('runs.list', { projectId })).toHaveLength(2);
  });

  test('stopped in the middle and resumed, it ends with the numbers of an undisturbed run', async () => {
    const [undisturbed] = (await call('runs.list', { projectId })).filter((one) => one.state === 'finished');
    const recipe = { ...recipeOf(), name: 'Stopped' };
    const started = await call('runs.start', recipe);
    await until(async () => (await call('runs.get', { projectId, runId: started.id })).step >= 7);
    await call('runs.stop', { projectId, runId: started.id });
    const stopped = await endOf(started);
    expect(stopped.state).toBe('stopped');
    expect(stopped.step).toBeLessThan(33);
    const resumed = await endOf(await call('runs.resume', { projectId, runId: started.id }));
    expect(resumed).toMatchObject({ state: 'finished', step: 33 });
    const losses = async (runId: string) =>
      (await call('runs.metrics', { projectId, runId })).train.map((point) => [point.step, point.loss]);
    expect(await losses(started.id)).toEqual(await losses(undisturbed.id));
    await expect(call('runs.resume', { projectId, runId: started.id })).rejects.toMatchObject({
      code: 'run-finished',
    });
  });

  test('base and tuned answer side by side from one process, and the text streams', async () => {
    const [run] = await call('runs.list', { projectId });
    const session = await call('chat.open', { projectId, modelId, runIds: [run.id] });
    expect((await call('chat.open', { projectId, modelId, runIds: [run.id] })).id).toBe(session.id);
    const conversation = [{ role: 'user' as const, content: 'what is 7?' }];
    const conversations = Object.fromEntries(session.columns.map(({ id }) => [id, conversation]));
    const answers = await call('chat.send', {
      sessionId: session.id,
      conversations,
      options: { maxNewTokens: 8 },
    });
    expect(answers.map((answer) => answer.columnId)).toEqual(session.columns.map(({ id }) => id));
    for (const { columnId, text } of answers) {
      const deltas = heard.filter(
        ([event, payload]) =>
          event === 'chat.delta' && (payload as { columnId: string }).columnId === columnId,
      );
      expect(deltas.map(([, payload]) => (payload as { text: string }).text).join('')).toBe(text);
    }
    await call('chat.close', { sessionId: session.id });
  });

  test('an export writes files that were read again and compared, and deleting it removes them', async () => {
    const [run] = await call('runs.list', { projectId });
    const { exporters } = await call('settings.capabilities', {});
    for (const { id: format } of exporters) {
      const started = await call('exports.start', { projectId, runId: run.id, format });
      await finished(started.jobId);
      const made = await call('exports.get', { projectId, exportId: started.id });
      expect(made).toMatchObject({ state: 'finished', parity: { same: true } });
      for (const file of made.files) expect(statSync(join(made.folder, file.name)).size).toBe(file.bytes);
      await call('exports.delete', { projectId, exportId: started.id });
      expect(statSync(made.folder, { throwIfNoEntry: false })).toBeUndefined();
    }
  });
});

test('a run whose backend is killed is offered for resumption, and ends as if nothing had happened', async () => {
  const [undisturbed] = (await call('runs.list', { projectId })).filter((one) => one.state === 'finished');
  await backend.close();
  let server = await startServer(home.folder);
  const page = await connectTo(server.url);
  const run = await page.call('runs.start', { ...recipeOf(), name: 'Killed' });
  const ref = { projectId, runId: run.id };
  await until(async () => (await page.call('runs.get', ref)).step >= 6);
  await server.kill();

  server = await startServer(home.folder);
  const after = await connectTo(server.url);
  await until(async () => (await after.call('runs.get', ref)).state === 'interrupted');
  const resumed = await after.call('runs.resume', ref);
  await after.job(resumed.jobId!);
  expect(await after.call('runs.get', ref)).toMatchObject({
    state: 'finished',
    step: 33,
    number: run.number,
  });
  const losses = async (runId: string) =>
    (await after.call('runs.metrics', { projectId, runId })).train.map((point) => [point.step, point.loss]);
  expect(await losses(run.id)).toEqual(await losses(undisturbed.id));
  after.close();
  await server.stop();
  backend = openTestBackend(home.folder);
  call = backend.call;
}, 120_000);
