// A run over a base in few bits on the command line: what it saves before the start, what it costs with the run and beside
// its evaluation, and which base an export holds. Real backend and engine.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { commandLineIn } from '../../helpers/command-line.ts';
import { root, temporaryFolder } from '../../helpers/home.ts';

const home = temporaryFolder();
const { tunesmith, json } = commandLineIn(home.folder);
const model = join(root, 'test', 'reference', 'llama');
const few = [
  '--model',
  'llama',
  '--set',
  'quantization=nf4',
  '--set',
  'epochs=0.2',
  '--set',
  'threads=1',
  '--no-evaluate',
];
const line =
  /Base in 4 bits \(NF4\): [\d.]+ MB instead of [\d.]+ MB; perplexity [\d.]+ instead of [\d.]+ on 4 validation records\./;

/** Text of a command that succeeds. */
async function said(...args: string[]): Promise<string> {
  const { code, out, err } = await tunesmith(...args);
  expect([code, err]).toEqual([0, expect.any(String)]);
  return out;
}

beforeAll(async () => {
  mkdirSync(home.folder, { recursive: true });
  const parts = ['train', 'train', 'train', 'validation', 'test'];
  const rows = Array.from({ length: 20 }, (_, i) => `what is ${i}?,it is ${i},${parts[i % parts.length]}`);
  const table = join(home.folder, 'numbers.csv');
  writeFileSync(table, `question,answer,part\n${rows.join('\n')}\n`);
  const recipe = join(home.folder, 'recipe.json');
  const shape = { type: 'completion', prompt: '{question} ', completion: '{answer}' };
  const split = { seed: 1, validation: 0, test: 0, column: 'part' };
  writeFileSync(recipe, JSON.stringify({ name: 'Numbers', steps: [], shape, split }));
  await json('project', 'create', 'Numbers');
  await json('documents', 'import', 'Numbers', table, '--rights', 'own-work', '--who', 'Ada');
  await json('dataset', 'build', 'Numbers', '--recipe', recipe);
  await json('model', 'add', model);
});
afterAll(() => home.remove());

test('the plan says what the base saves, and that its cost is measured at the start', async () => {
  expect(await said('run', 'start', 'Numbers', ...few, '--dry-run')).toMatch(
    /The base is read in 4 bits \(NF4\): [\d.]+ MB instead of [\d.]+ MB\. What that costs is measured at the start, on validation records\./,
  );
});

test('the run keeps what its base costs, and its evaluation and exports tell it', async () => {
  expect(await said('run', 'start', 'Numbers', ...few)).toMatch(line);
  expect(await said('run', 'show', 'Numbers')).toMatch(line);
  const { run } = await json('run', 'show', 'Numbers', '1');
  expect(run.quantizedBase).toMatchObject({
    kind: 'nf4',
    cost: { unit: 'nats per token', records: 4, of: 4 },
  });
  expect(await said('evaluate', 'Numbers', '1', '--limit', '1', '--max-tokens', '1')).toMatch(
    / on 4 validation records\. The base was measured with its original weights\./,
  );
  expect(await said('export', 'Numbers', '1', '--format', 'hugging-face')).toContain(
    'The adapter is merged into the original weights. It was trained, evaluated and asked in chat over the base in 4 bits (NF4)',
  );
  const options = ['--format', 'hugging-face', '--base', 'quantized'];
  const { parity } = await json('export', 'Numbers', '1', ...options);
  expect(parity).toMatchObject({ same: true, overBases: { holds: 'quantized', kind: 'nf4' } });
  expect(await tunesmith('export', 'Numbers', '1', '--base', 'best')).toMatchObject({
    code: 2,
    err: expect.stringContaining('--base takes original or quantized.'),
  });
});
