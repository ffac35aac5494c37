// A model of one's own through the real backend and engine: from documents to a model in the list that is trained, and the
// sentences when it cannot be made.
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCommandLine } from '../../../main/cli.ts';
import { CreatedModel, type ModelDesign } from '../../../main/contract/models.ts';
import type { Preset } from '../../../main/contract/runs.ts';
import { openTestBackend, temporaryFolder } from '../../helpers/home.ts';

const home = temporaryFolder('home with spaces');
const backend = openTestBackend(home.folder);
const { call } = backend;
let projectId = '';
let sourceIds: string[] = [];
let modelId = '';

const design: ModelDesign = {
  family: 'llama',
  layers: 2,
  width: 32,
  heads: 4,
  kvHeads: 2,
  context: 64,
  vocabulary: 'bpe',
  vocabularySize: 400,
  specialTokens: [],
};
const rights = { basis: 'own-work' as const, who: 'Ada', note: '' };
const create = (changes: Partial<ModelDesign> = {}, more: object = {}) =>
  call('models.create', { projectId, name: 'Our model', design: { ...design, ...changes }, ...more });
const jobEnd = async (jobId: string | null) => {
  await backend.services.queue.wait(jobId as string);
  return call('jobs.get', { jobId: jobId as string });
};

beforeAll(async () => {
  mkdirSync(home.folder, { recursive: true });
  ({ id: projectId } = await call('projects.create', { name: 'From nothing' }));
  const path = join(home.folder, 'letters.csv');
  const rows = Array.from({ length: 60 }, (_, i) => `when does mill ${i} close?,mill ${i} closes at noon`);
  writeFileSync(path, `question,answer\n${rows.join('\n')}\n`);
  const token = backend.services.files.issue({ path, name: basename(path), temporary: false });
  await jobEnd((await call('documents.import', { projectId, tokens: [token] })).jobId);
  sourceIds = (await call('documents.list', { projectId })).sources.map(({ id }) => id);
});
afterAll(async () => {
  await backend.close();
  home.remove();
});

test('text without a rights record is not used', async () => {
  await expect(create()).rejects.toMatchObject({
    code: 'no-rights',
    message: '1 of 1 documents have no rights record; the first is "letters.csv".',
  });
  await call('documents.setRights', { projectId, sourceIds, rights });
});

test('sizes that do not fit are refused all at once, before a job starts', async () => {
  const before = (await call('jobs.list', {})).length;
  await expect(create({ width: 33, kvHeads: 3, vocabulary: 'wordpiece' })).rejects.toMatchObject({
    code: 'model-design',
    message: expect.stringMatching(/^A width of 33 .* 3 key\/value heads .* WordPiece cannot/),
    remedy: expect.stringMatching(/^Choose 32 or 40\. Choose one of: 1, 2, 4\. Choose BPE or Unigram\.$/),
  });
  expect(await call('jobs.list', {})).toHaveLength(before);
});

test('the model is made, listed as one from scratch, and compared with the tokenizer in use', async () => {
  const job = await create();
  expect(job).toMatchObject({ kind: 'create-model', title: 'Make the model "Our model"', projectId });
  const ended = await jobEnd(job.id);
  expect(ended.error).toBeNull();
  const created = CreatedModel.parse(ended.result);
  modelId = created.modelId;
  expect(created.own).toMatchObject({ name: 'Our model' });
  expect(created.base).toMatchObject({ name: 'Starter' });
  const model = await call('models.get', { modelId });
  expect(model).toMatchObject({
    name: 'Our model',
    origin: 'scratch',
    architecture: 'llama',
    layers: 2,
    contextLength: 64,
    hasChatTemplate: true,
    problem: null,
    warnings: [],
  });
  expect(model.folder).toBe(join(home.folder, 'models', 'Our model'));
  expect(readdirSync(model.folder).sort()).toEqual([
    'config.json',
    'generation_config.json',
    'model.safetensors',
    'tokenizer.json',
    'tokenizer_config.json',
  ]);
});

test('a second one of the same name gets a folder of its own', async () => {
  const { result } = await jobEnd((await create({ layers: 1 }, { name: 'Our model' })).id);
  const model = await call('models.get', { modelId: CreatedModel.parse(result).modelId });
  expect(model.name).toBe('Our model 2');
});

test('it is trained by the ordinary job with the suggested preset, and learns', async () => {
  const shaped = {
    name: 'Questions',
    sourceIds,
    steps: [],
    shape: { type: 'completion' as const, prompt: '{question} ', completion: '{answer}' },
    split: { seed: 1, validation: 0, test: 0, column: null, groupBy: null },
  };
  await jobEnd((await call('datasets.build', { projectId, recipe: shaped })).jobId);
  const [{ id: versionId }] = await call('datasets.list', { projectId });
  const presets = await call('runs.presets', { projectId, versionId, modelId });
  const { settings, description } = presets.find(({ suggested }) => suggested) as Preset;
  expect(settings).toMatchObject({ method: 'full', learningRate: 5e-3, quantization: 'none', lastLayers: 0 });
  expect(description).toContain('The weights of this model were drawn at random, so all of them are trained');
  const recipe = { projectId, name: 'First words', versionId, modelId, settings, thenEvaluate: false };
  const warnings = async (method: 'lora' | 'full') =>
    (await call('runs.plan', { ...recipe, settings: { ...settings, method } })).checks.flatMap((check) =>
      check.state === 'warning' ? check.sentence : [],
    );
  expect((await warnings('full')).join()).not.toContain('random');
  expect((await warnings('lora')).join()).toContain('Under an adapter they would stay as they are');
  const layers = await call('models.layers', { modelId });
  expect(layers.map(({ name }) => name)).toEqual(expect.arrayContaining(['q_proj', 'embed_tokens']));
  const run = await call('runs.start', recipe);
  await jobEnd(run.jobId);
  const ended = await call('runs.get', { projectId, runId: run.id });
  expect(ended).toMatchObject({ state: 'finished', error: null });
  const { train } = await call('runs.metrics', { projectId, runId: run.id });
  expect(train[0].loss).toBeGreaterThan(5);
  expect(train.at(-1)?.loss).toBeLessThan(3);
}, 120_000);

test('a cancelled job leaves no model and no folder', async () => {
  const job = await create({ vocabulary: 'unigram', vocabularySize: 900 }, { name: 'Half' });
  await call('jobs.cancel', { jobId: job.id });
  const ended = await jobEnd(job.id);
  expect(ended.state).toBe('cancelled');
  expect(existsSync(join(home.folder, 'models', 'Half'))).toBe(false);
  expect(existsSync(join(home.folder, 'models', 'Half.part'))).toBe(false);
  expect((await call('models.list', {})).map(({ name }) => name)).not.toContain('Half');
});

test('the command line makes one as well, says what it would be, and refuses what cannot be', async () => {
  const lines = { out: [] as string[], err: [] as string[] };
  const tunesmith = async (...args: string[]) => {
    lines.out = [];
    lines.err = [];
    const output = {
      out: (text: string) => lines.out.push(text),
      err: (text: string) => lines.err.push(text),
      isTerminal: false,
    };
    return runCommandLine(args, output as never, () => openTestBackend(home.folder));
  };
  const sizes = ['--layers', '1', '--width', '32', '--heads', '2', '--vocabulary-size', '400'];
  const make = ['model', 'create', 'From nothing', 'By hand', '--context', '64', ...sizes];
  expect(await tunesmith(...make, '--dry-run')).toBe(0);
  expect(lines.out.join('\n')).toMatch(
    /weights \(\d+ % of them for the vocabulary\)[\s\S]*s for 1,000 tokens/,
  );
  expect(existsSync(join(home.folder, 'models', 'By hand'))).toBe(false);
  expect(
    await tunesmith(...make, '--family', 'gpt2', '--special', '<|map|>', '--dataset', '1', '--json'),
  ).toBe(0);
  const { model, created } = JSON.parse(lines.out.join('\n'));
  expect(model).toMatchObject({ name: 'By hand', origin: 'scratch', architecture: 'gpt2' });
  expect(created.own.vocabularySize).toBeLessThanOrEqual(400);
  expect(await tunesmith(...make, '--heads', '3')).toBe(1);
  expect(lines.err.join('\n')).toContain('A width of 32 cannot be shared by 3 heads.');
  expect(await tunesmith(...make, '--family', 'magic')).toBe(2);
  expect(lines.err.join('\n')).toContain('--family takes llama, mistral');
}, 120_000);
