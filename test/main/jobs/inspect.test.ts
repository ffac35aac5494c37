import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { AdaptableLayer, BaseModel, Fit } from '../../../main/contract/models.ts';
import { Plan, Preset } from '../../../main/contract/runs.ts';
import { inspect } from '../../../main/jobs/inspect.ts';
import type { InspectAsks } from '../../../main/jobs/job.ts';
import { sample } from '../../../resources/sample/sample.ts';
import {
  conversation,
  interactive,
  llamaFolder,
  record,
  recordsFile,
  temporaryFolder,
} from '../../helpers/tiny-model.ts';

type Ask = <Name extends keyof InspectAsks>(
  name: Name,
  request: InspectAsks[Name]['request'],
) => Promise<InspectAsks[Name]['reply']>;

async function openInspect(): Promise<Ask> {
  const opened = await interactive<'inspect'>((context) => inspect.run({}, context));
  onTestFinished(() => opened.stop());
  return opened.ask as Ask;
}

/** A copy of the tiny llama that a test may damage. */
function copyOf(path = 'model'): string {
  const folder = join(temporaryFolder(), path);
  mkdirSync(folder, { recursive: true });
  for (const name of ['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json']) {
    cpSync(join(llamaFolder, name), join(folder, name));
  }
  return folder;
}

function edit(folder: string, name: string, change: (json: Record<string, never>) => void): void {
  const json = JSON.parse(readFileSync(join(folder, name), 'utf8'));
  change(json);
  writeFileSync(join(folder, name), JSON.stringify(json));
}

const records = [
  ...Array.from({ length: 24 }, (_, i) =>
    record(`r${i}`, 'train', conversation(`Question ${i}?`, `Answer ${i}.`)),
  ),
  record('v', 'validation', conversation('Another?', 'Yes.')),
  record('t', 'test', conversation('A last one?', 'No.')),
];

test('a model folder is told in full', async () => {
  const ask = await openInspect();
  const folder = copyOf('models--owner--tiny/snapshots/0123abcd');
  writeFileSync(join(folder, 'README.md'), '---\nlanguage: en\nlicense: apache-2.0\n---\n# Tiny\n');
  const facts = await ask('model', { folder });
  BaseModel.parse({ ...facts, id: 'x', origin: 'folder', addedAt: 0 });
  expect(facts).toMatchObject({
    name: 'owner/tiny',
    architecture: 'llama',
    task: 'causal',
    dtype: 'float32',
    contextLength: 256,
    vocabularySize: 512,
    layers: 2,
    hiddenSize: 64,
    licence: 'apache-2.0',
    hasChatTemplate: true,
    problem: null,
    warnings: [],
  });
});

test('what LoRA can be put on is told with what it is', async () => {
  const ask = await openInspect();
  const layers = await ask('layers', { folder: llamaFolder });
  expect(layers.map((layer) => AdaptableLayer.parse(layer).name)).toEqual([
    ...['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'],
    ...['embed_tokens', 'lm_head'],
  ]);
  expect(layers.slice(-2).map(({ kind }) => kind)).toEqual(['embedding', 'output']);
});

test('the licence is found in its file too, and missing ones are null', async () => {
  const ask = await openInspect();
  const folder = copyOf();
  expect((await ask('model', { folder })).licence).toBeNull();
  writeFileSync(join(folder, 'LICENSE'), '\n  MIT License\n\nCopyright');
  expect((await ask('model', { folder })).licence).toBe('MIT License');
});

test('a token without a row of the embedding is refused by name and id; spare rows are fine', async () => {
  const ask = await openInspect();
  const folder = copyOf();
  edit(folder, 'tokenizer.json', (json: { added_tokens?: object[] }) => {
    const token = { id: 512, content: '<extra>', special: true };
    json.added_tokens?.push({
      ...token,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
    });
  });
  await expect(ask('model', { folder })).rejects.toThrow(
    'the token "<extra>" with id 512, but the embedding has only 512 rows',
  );
  const fewer = copyOf();
  edit(fewer, 'config.json', (json: { vocab_size?: number }) => {
    json.vocab_size = 600;
  });
  const facts = await ask('model', { folder: fewer });
  expect(facts.vocabularySize).toBe(512);
  expect(facts.warnings.join()).toContain('the rows count');
});

test.each([
  [
    'an unknown architecture',
    'architecture-unsupported',
    (f: string) =>
      edit(f, 'config.json', (j: { model_type?: string }) => {
        j.model_type = 'mamba2';
      }),
    'cannot train "mamba2" models yet',
  ],
  [
    'no tokenizer',
    'tokenizer-missing',
    (f: string) => rmSync(join(f, 'tokenizer.json')),
    'has no tokenizer.json',
  ],
  [
    'no weights',
    'weights-missing',
    (f: string) => rmSync(join(f, 'model.safetensors')),
    'has no model.safetensors',
  ],
  [
    'cut weights',
    'weights-damaged',
    (f: string) =>
      writeFileSync(
        join(f, 'model.safetensors'),
        readFileSync(join(f, 'model.safetensors')).subarray(0, 30_000),
      ),
    '% complete',
  ],
  [
    'a config that contradicts the tensors',
    'weights-shape',
    (f: string) =>
      edit(f, 'config.json', (j: { intermediate_size?: number }) => {
        j.intermediate_size = 128;
      }),
    'config.json says [128, 64]',
  ],
  ['no config', 'model-incomplete', (f: string) => rmSync(join(f, 'config.json')), 'is not a model folder'],
  [
    'a damaged tokenizer',
    'tokenizer-damaged',
    (f: string) => writeFileSync(join(f, 'tokenizer.json'), '{"model": {'),
    'tokenizer.json cannot be used',
  ],
])('%s is refused with the reason', async (_, code, damage, sentence) => {
  const ask = await openInspect();
  const folder = copyOf();
  damage(folder);
  await expect(ask('model', { folder })).rejects.toMatchObject({
    code,
    message: expect.stringContaining(sentence),
  });
});

test('a record is shown as the model sees it', async () => {
  const ask = await openInspect();
  const rendered = await ask('render', { modelFolder: llamaFolder, record: records[0] });
  expect(rendered.text).toBe('<|user|>\nQuestion 0?</s>\n<|assistant|>\nAnswer 0.</s>\n');
  expect(rendered.tokens.map(({ text }) => text).join('')).toBe(rendered.text);
  const learned = rendered.tokens
    .filter(({ trained }) => trained)
    .map(({ text }) => text)
    .join('');
  expect(learned).toContain('Answer 0.</s>');
  expect(learned).not.toContain('Question');
  expect(rendered.contextLength).toBe(256);
});

test('token counts follow the length that is asked for', async () => {
  const ask = await openInspect();
  const file = recordsFile(temporaryFolder(), records);
  const whole = await ask('tokenStats', { modelFolder: llamaFolder, recordsFile: file, maxLength: 0 });
  expect(whole.histogram.reduce((sum, bucket) => sum + bucket.records, 0)).toBe(records.length);
  expect(whole).toMatchObject({ overLimit: 0, withoutTrained: 0, problems: [] });
  expect(whole.trainedTokens).toBeLessThan(whole.tokens);
  const cut = await ask('tokenStats', { modelFolder: llamaFolder, recordsFile: file, maxLength: 8 });
  expect(cut).toMatchObject({ tokens: whole.tokens, overLimit: 26, withoutTrained: 26 });
  expect(cut.problems).toEqual(['26 of 26 records have no trained token at length 8.']);
});

test('presets, plan and fit are complete and fit together', async () => {
  const ask = await openInspect();
  const file = recordsFile(temporaryFolder(), records);
  const presets = await ask('presets', { modelFolder: llamaFolder, recordsFile: file, isSample: false });
  expect(presets.map((preset) => Preset.parse(preset).id)).toEqual([
    'quick',
    'balanced',
    'thorough',
    'least-memory',
  ]);
  const [balanced] = presets.filter(({ suggested }) => suggested);
  const settings = { ...balanced.settings, threads: 1 };
  const request = { modelFolder: llamaFolder, recordsFile: file, settings, memoryBytes: 4e9, diskBytes: 1e9 };
  const plan = Plan.parse(await ask('plan', request));
  expect(plan.verdict).toBe('fits');
  expect(plan.steps).toBe(Math.round(plan.stepsPerEpoch * settings.epochs));
  expect(plan.checks.filter(({ state }) => state === 'failed')).toEqual([]);
  expect(plan.seconds).toBeGreaterThan(0);
  const fits = await ask('fit', {
    modelFolder: llamaFolder,
    recordsFile: file,
    memoryBytes: 4e9,
    threads: 1,
  });
  expect(fits.map((fit) => Fit.parse(fit).method)).toEqual(['lora', 'full']);
  const [unknown] = await ask('fit', {
    modelFolder: llamaFolder,
    recordsFile: null,
    memoryBytes: 1e6,
    threads: 1,
  });
  expect(unknown).toMatchObject({ verdict: 'too-large', secondsPerEpoch: null });
});

test('the presets of a sample dataset are the ones that are known to train it', async () => {
  const ask = await openInspect();
  const stated = sample.datasets[0];
  const rows = (split: 'train' | 'validation' | 'test', count: number) =>
    Array.from({ length: count }, (_, i) =>
      record(`${split}${i}`, split, conversation(`Q ${split} ${i}`, 'A | B')),
    );
  const file = recordsFile(temporaryFolder(), [
    ...rows('train', stated.records.train),
    ...rows('validation', stated.records.validation),
    ...rows('test', stated.records.test),
  ]);
  const [, balanced] = await ask('presets', { modelFolder: llamaFolder, recordsFile: file, isSample: true });
  const { epochs, learningRate, batchSize, seed } = stated.training;
  expect(balanced.settings).toMatchObject({ epochs, learningRate, batchSize, seed, patience: 0 });
});

test('a suggestion reads the first parts of a source', async () => {
  const ask = await openInspect();
  const folder = temporaryFolder();
  const partsFile = join(folder, 'parts.jsonl');
  const rows = Array.from({ length: 400 }, (_, i) => ({
    text: '',
    place: `row ${i + 1}`,
    start: 0,
    end: 0,
    cells: { question: `What is ${i}?`, answer: `It is ${i}.` },
  }));
  writeFileSync(partsFile, rows.map((row) => JSON.stringify(row)).join('\n'));
  const columns = ['question', 'answer'];
  const { recipe } = await ask('suggest', {
    sources: [{ id: 's', name: 'faq.csv', format: 'csv', partsFile, columns }],
  });
  expect(recipe.sourceIds).toEqual(['s']);
  expect(JSON.stringify(recipe.shape)).toContain('{question}');
});

test('a folder that changed on disk is read again', async () => {
  const ask = await openInspect();
  const folder = copyOf();
  const show = () => ask('render', { modelFolder: folder, record: records[0] });
  expect((await show()).contextLength).toBe(256);
  edit(folder, 'config.json', (json: { max_position_embeddings?: number }) => {
    json.max_position_embeddings = 1024;
  });
  expect((await show()).contextLength).toBe(1024);
});
