// The command line in this process: results, sentences and exit codes. Real backend and engine.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { commands } from '../../main/cli/index.ts';
import { commandLineIn } from '../helpers/command-line.ts';
import { root, temporaryFolder } from '../helpers/home.ts';

const home = temporaryFolder();
const { tunesmith, json } = commandLineIn(home.folder);
afterAll(() => home.remove());

describe('usage', () => {
  test('without arguments, and with --help, the commands are listed on stdout', async () => {
    for (const args of [[], ['--help']]) {
      const { code, out } = await tunesmith(...args);
      expect(code).toBe(0);
      for (const { name } of commands) expect(out).toContain(name);
    }
  });

  test('every command explains each of its options', async () => {
    for (const command of commands) {
      const { code, out } = await tunesmith(...command.name.split(' '), '--help');
      expect([command.name, code]).toEqual([command.name, 0]);
      for (const option of [...Object.keys(command.options), 'json'])
        expect(out).toMatch(new RegExp(`--${option} +\\S`));
    }
  });

  test('an unknown command, option or surplus argument ends with 2 and says what is wrong', async () => {
    expect(await tunesmith('project', 'fly')).toMatchObject({
      code: 2,
      err: expect.stringContaining('"project fly"'),
    });
    expect(await tunesmith('project', 'list', '--fast')).toMatchObject({
      code: 2,
      err: expect.stringContaining('--fast'),
    });
    expect(await tunesmith('project', 'create')).toMatchObject({
      code: 2,
      err: expect.stringContaining('<name>'),
    });
    expect(await tunesmith('project', 'list', 'more')).toMatchObject({
      code: 2,
      err: expect.stringContaining('"more"'),
    });
  });
});

describe('the chain', () => {
  const model = join(root, 'test', 'reference', 'llama');
  const file = (name: string, text: string): string => {
    mkdirSync(home.folder, { recursive: true });
    const path = join(home.folder, name);
    writeFileSync(path, text);
    return path;
  };

  test('from a CSV file to an exported adapter, each step with its result as JSON', async () => {
    const rows = Array.from(
      { length: 24 },
      (_, i) => `what is ${i}?,it is ${i},${i < 20 ? 'train' : 'test'}`,
    );
    const table = file('numbers.csv', `question,answer,part\n${rows.join('\n')}\n`);
    const recipe = file(
      'recipe.json',
      JSON.stringify({
        name: 'Numbers',
        steps: [],
        shape: { type: 'completion', prompt: '{question} ', completion: '{answer}' },
        split: { seed: 1, validation: 0, test: 0, column: 'part' },
      }),
    );
    const step = json;
    await step('project', 'create', 'Numbers');
    await step('documents', 'import', 'Numbers', table, '--rights', 'own-work', '--who', 'Ada');
    const version = await step('dataset', 'build', 'Numbers', '--recipe', recipe);
    expect(version).toMatchObject({ number: 1, report: { records: { train: 20, test: 4 } } });
    expect((await step('dataset', 'show', 'Numbers', '1', '--records', '2')).records).toHaveLength(2);
    expect(await step('model', 'inspect', model)).toMatchObject({ architecture: 'llama' });
    const { id } = await step('model', 'add', model);
    const { run } = await step(
      'run',
      'start',
      'Numbers',
      '--model',
      id,
      '--set',
      'epochs=1',
      '--set',
      'batchSize=4',
      '--no-evaluate',
    );
    expect(run).toMatchObject({ number: 1, state: 'finished', step: 5 });
    expect((await step('run', 'show', 'Numbers', '1')).curves.train).toHaveLength(5);
    expect(await step('evaluate', 'Numbers', '1', '--limit', '2', '--max-tokens', '8')).toMatchObject({
      state: 'finished',
      records: 2,
      worst: [{ reference: expect.stringContaining('it is 2') }, {}],
    });
    expect(await step('generate', 'Numbers', 'what is 3?', '--run', '1', '--max-tokens', '5')).toMatchObject({
      newTokens: expect.any(Number),
    });
    const target = join(home.folder, 'the adapter');
    const made = await step('export', 'Numbers', '1', '--to', target);
    expect(made.parity.same).toBe(true);
    expect(readdirSync(target).sort()).toEqual(made.files.map((one: { name: string }) => one.name).sort());
  }, 240_000);

  test('wrong settings are refused all at once, before anything is trained', async () => {
    const { code, err } = await tunesmith(
      'run',
      'start',
      'Numbers',
      '--set',
      'epochs=0',
      '--set',
      'batchSize=0',
    );
    expect(code).toBe(1);
    expect(err).toContain('epochs');
    expect(err).toContain('batchSize');
    expect(await tunesmith('run', 'start', 'Numbers', '--set', 'speed=9')).toMatchObject({
      code: 2,
      err: expect.stringContaining('"speed"'),
    });
  }, 60_000);

  test('another optimizer, nested settings and the weights of a run are given on the command line', async () => {
    const dry = async (...args: string[]) => {
      const { code, err, json } = await tunesmith(...args, '--dry-run', '--json');
      expect(err).not.toContain('Error');
      expect(code).toBe(0);
      return json();
    };
    const settings = ['optimizer.kind=lion', 'optimizer.beta1=0.8', 'lora.dora=true', 'lora.layers=[1]'];
    const schedule = ['schedule=cosine_with_min_lr', 'scheduleDetails.minimum=0.2', 'warmupSteps=0'];
    const set = [...settings, ...schedule].flatMap((one) => ['--set', one]);
    const { recipe } = await dry('run', 'start', 'Numbers', ...set);
    expect(recipe.settings).toMatchObject({
      optimizer: { kind: 'lion', beta1: 0.8, beta2: 0.99 },
      lora: { dora: true, layers: [1] },
      schedule: 'cosine_with_min_lr',
      scheduleDetails: { minimum: 0.2, cycles: null },
    });
    const longer = ['--set', 'learningRate=1e-4', '--set', 'warmupSteps=0'];
    const { recipe: extended, plan } = await dry('run', 'extend', 'Numbers', '1', ...longer);
    expect(extended.settings.startFrom).toMatchObject({ checkpoint: 'last' });
    expect(plan.checks[0].sentence).toMatch(/^The run starts from step \d+ of run 1 .* rate is 1\.0e-4\.$/);
    const from = await dry('run', 'start', 'Numbers', '--from', '1');
    expect(from.recipe.settings.startFrom).toMatchObject({ checkpoint: 'best' });
    expect(await tunesmith('run', 'start', 'Numbers', '--set', 'optimizer.kind=magic')).toMatchObject({
      code: 2,
      err: expect.stringContaining('no optimizer "magic"'),
    });
    expect(await tunesmith('run', 'start', 'Numbers', '--set', 'lora.layers=[77]')).toMatchObject({
      code: 1,
      err: expect.stringContaining('There is no layer 77'),
    });
  }, 60_000);
});

describe('what the chain left', () => {
  test('a record is shown as the model sees it, tokens are counted, and the records are written as a file', async () => {
    const first = await tunesmith('dataset', 'render', 'Numbers', '1', '--record', '2', '--tokens');
    expect(first.code).toBe(0);
    expect(first.out).toMatch(/«[\s\S]*it is 1[\s\S]*»/);
    expect(first.out).toMatch(/learned$/m);
    const rendered = await json('dataset', 'render', 'Numbers', '--split', 'test');
    expect(rendered).toMatchObject({ record: { split: 'test' }, trainedTokens: expect.any(Number) });
    expect(rendered.text).toContain('what is 20?');
    const byId = await json('dataset', 'render', 'Numbers', '--record', rendered.record.id);
    expect(byId.tokens).toEqual(rendered.tokens);
    expect(await tunesmith('dataset', 'render', 'Numbers', '--record', '99')).toMatchObject({
      code: 1,
      err: expect.stringContaining('There is no record 99; the version has 24.'),
    });
    const stats = await json('dataset', 'tokens', 'Numbers');
    expect(stats.histogram.reduce((sum: number, one: { records: number }) => sum + one.records, 0)).toBe(24);
    const target = join(home.folder, 'records.jsonl');
    await json('dataset', 'export', 'Numbers', '1', '--to', target);
    const lines = readFileSync(target, 'utf8').trim().split('\n');
    expect(lines.map((line) => JSON.parse(line).content.completion)).toContain('it is 23');
    expect((await tunesmith('dataset', 'export', 'Numbers', '1', '--to', target)).code).toBe(1);
  }, 60_000);

  test('evaluations and exports are listed, and the worst records come first', async () => {
    const [made] = await json('evaluations', 'list', 'Numbers', '1');
    expect(made).toMatchObject({ state: 'finished', records: 2 });
    const shown = await json('evaluations', 'show', 'Numbers', '--records', '1');
    expect(shown).toMatchObject({ total: 2, evaluation: { id: made.id } });
    const all = await json('evaluations', 'show', 'Numbers', '1', '--evaluation', made.id);
    const losses = all.predictions.map(
      ({ tuned }: { tuned: { lossSum: number; lossTokens: number } }) => tuned.lossSum / tuned.lossTokens,
    );
    expect(losses).toEqual([...losses].sort((a, b) => b - a));
    expect(shown.predictions).toEqual(all.predictions.slice(0, 1));
    expect((await tunesmith('evaluations', 'show', 'Numbers')).out).toMatch(/^ {2}reference {2}it is 2\d$/m);
    expect(await tunesmith('evaluations', 'show', 'Numbers', '--metric', 'beauty')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/--metric takes one of .*exact-match/),
    });
    expect(await json('exports', 'list', 'Numbers', '1')).toMatchObject([{ state: 'finished' }]);
    expect(await json('exports', 'list', 'Numbers')).toHaveLength(1);
  }, 60_000);

  test('an answer ends at a stop text, and what sampling does not know is refused', async () => {
    const ask = ['generate', 'Numbers', 'what is 3?', '--run', '1', '--max-tokens', '12'];
    const sampled = [...ask, '--temperature', '1', '--seed', '7'];
    const { text } = await json(...sampled, '--top-k', '5', '--min-p', '0.01', '--repetition-penalty', '1.2');
    const end = [...text].at(-1)!;
    const cut = await json(
      ...[...sampled, '--top-k', '5', '--min-p', '0.01', '--repetition-penalty', '1.2', '--stop', end],
    );
    expect(cut).toMatchObject({ finish: 'stop', text: text.slice(0, text.indexOf(end)) });
    const greedy = await json(...ask);
    expect((await json(...sampled, '--top-k', '1')).text).toBe(greedy.text);
    expect((await tunesmith(...ask, '--min-p', '3')).code).toBe(1);
  }, 60_000);

  test('the plan is a table of memory and policies, with options to type where it does not fit', async () => {
    const dry = await tunesmith('run', 'start', 'Numbers', '--dry-run');
    expect(dry.out).toMatch(/^may be used here +[\d.]+ [MG]B: fits$/m);
    for (const policy of ['off', 'selective', 'layer'])
      expect(dry.out).toMatch(new RegExp(`^${policy} +[\\d.]+ MB`, 'm'));
    const [model] = (await json('model', 'list')).filter(
      (one: { origin: string }) => one.origin === 'folder',
    );
    const fit = ['model', 'fit', model.id, '--project', 'Numbers'];
    expect((await json(...fit)).map((one: { method: string }) => one.method)).toEqual(['lora', 'full']);
    expect((await tunesmith(...fit)).out).toMatch(/^lora +[\d.]+ MB .* fits +\d+ s$/m);
  }, 60_000);

  test('a finished run goes on with more epochs, in the same run', async () => {
    const first = async () =>
      (await json('run', 'list', 'Numbers')).find((run: { number: number }) => run.number === 1);
    const before = await first();
    const { epochs } = before.recipe.settings;
    expect(before).toMatchObject({ state: 'finished', step: before.steps });
    expect(await tunesmith('run', 'resume', 'Numbers', '1')).toMatchObject({
      code: 1,
      err: expect.stringContaining('Run 1 is finished.'),
    });
    expect(await tunesmith('run', 'resume', 'Numbers', '1', '--epochs', `${epochs / 2}`)).toMatchObject({
      code: 1,
      err: expect.stringContaining(`Run 1 has done ${before.step} steps`),
    });
    await json('run', 'resume', 'Numbers', '1', '--epochs', `${2 * epochs}`);
    const after = await first();
    expect(after).toMatchObject({ state: 'finished', step: 2 * before.step, steps: 2 * before.step });
    expect(after.recipe.settings.epochs).toBe(2 * epochs);
    const { train } = (await json('run', 'show', 'Numbers', '1', '--points', '500')).curves;
    expect(train.at(-1).step).toBe(2 * before.step);
  }, 120_000);

  test('a run that another command line has at work is paused, goes on, and is stopped', async () => {
    const before = (await json('run', 'list', 'Numbers')).length;
    const changes = ['epochs=1000', 'batchSize=1', 'checkpointEvery=50', 'evalEvery=1000000'];
    const set = changes.flatMap((one) => ['--set', one]);
    const other = tunesmith('run', 'start', 'Numbers', ...set, '--no-evaluate');
    const newest = async () => (await json('run', 'list', 'Numbers'))[0];
    await vi.waitFor(async () => expect((await newest()).number).toBe(before + 1), { timeout: 60_000 });
    const { number } = await newest();
    // at once, before there is an engine to pause: it is paused when it is there
    expect(await json('run', 'pause', 'Numbers', `${number}`)).toMatchObject({ state: 'paused' });
    const { step } = await newest();
    expect((await tunesmith('run', 'resume', 'Numbers', `${number}`)).out).toContain('goes on there');
    await vi.waitFor(async () => expect((await newest()).step).toBeGreaterThan(step), { timeout: 60_000 });
    const stopped = await json('run', 'stop', 'Numbers', `${number}`);
    expect(stopped).toMatchObject({ state: 'stopped', checkpointStep: expect.any(Number) });
    expect(await other).toMatchObject({ code: 1, err: expect.stringContaining('cancelled') });
    expect(await tunesmith('run', 'pause', 'Numbers', `${number}`)).toMatchObject({
      code: 1,
      err: expect.stringContaining('is not running.'),
    });
  }, 240_000);

  test('a run goes to the trash and comes back, and a model leaves the list', async () => {
    const numbers = async (): Promise<number[]> =>
      (await json('run', 'list', 'Numbers')).map((one: { number: number }) => one.number);
    const [last, ...others] = await numbers();
    await json('run', 'delete', 'Numbers', `${last}`);
    expect(await numbers()).toEqual(others);
    expect(await tunesmith('run', 'restore', 'Numbers', '1')).toMatchObject({
      code: 1,
      err: expect.stringContaining(`It holds ${last}.`),
    });
    await json('run', 'restore', 'Numbers', `${last}`);
    expect(await numbers()).toEqual([last, ...others]);
    const [model] = (await json('model', 'list')).filter(
      (one: { origin: string }) => one.origin === 'folder',
    );
    expect(await json('model', 'remove', model.id)).toMatchObject({
      removed: model.id,
      folder: model.folder,
    });
    expect(await tunesmith('model', 'fit', model.id)).toMatchObject({
      code: 1,
      err: expect.stringContaining('no model'),
    });
    expect((await tunesmith('model', 'remove', 'starter')).code).toBe(1);
  }, 60_000);
});

describe('projects and documents', () => {
  test('a project is made, found by name, and filled from a folder', async () => {
    const created = await tunesmith('project', 'create', 'Billing help', '--json');
    expect(created.json()).toMatchObject({ name: 'Billing help' });
    const folder = join(home.folder, 'my notes');
    mkdirSync(join(folder, 'deep'), { recursive: true });
    writeFileSync(join(folder, 'a.txt'), 'Invoices are due in 30 days.');
    writeFileSync(join(folder, 'deep', 'b.md'), '# Refunds\n\nRefunds take 5 days.');
    writeFileSync(join(folder, 'copy of a.txt'), 'Invoices are due in 30 days.');
    writeFileSync(join(folder, 'empty.txt'), '');
    const args = [
      'documents',
      'import',
      'Billing help',
      folder,
      '--rights',
      'own-work',
      '--who',
      'Ada',
      '--json',
    ];
    const imported = await tunesmith(...args);
    expect(imported.code).toBe(0);
    expect(imported.json()).toMatchObject({
      read: 2,
      failed: 1,
      skipped: [expect.stringContaining('same content')],
    });
    expect(imported.json().failures[0].failure.remedy).not.toBe('');
    const listed = (await tunesmith('documents', 'list', 'billing-help', '--json')).json();
    expect(listed.sources.map((one: { name: string }) => one.name).sort()).toEqual([
      'my notes/a.txt',
      'my notes/deep/b.md',
      'my notes/empty.txt',
    ]);
    expect(listed.counts.noRights).toBe(0);
  });

  test('errors are one sentence and a remedy on stderr, exit code 1, and JSON when asked', async () => {
    const plain = await tunesmith('documents', 'list', 'Nowhere');
    expect(plain).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringContaining('There is no project "Nowhere".'),
    });
    const json = await tunesmith('documents', 'list', 'Nowhere', '--json');
    expect(json.json()).toEqual({
      error: { code: 'project-unknown', message: expect.any(String), remedy: expect.any(String) },
    });
    const missing = await tunesmith('documents', 'import', 'Billing help', '/no/such/file.txt');
    expect(missing).toMatchObject({ code: 1, err: expect.stringContaining('/no/such/file.txt') });
  });
});
