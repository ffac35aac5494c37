// What a base in few bits costs, measured at the start of a run through its job: in the measure of each task, on a few
// records of a model that is large, and kept with the run.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DatasetRecord } from '../../../main/contract/datasets.ts';
import { QuantizedBase } from '../../../main/contract/losses.ts';
import type { TrainSettings } from '../../../main/contract/runs.ts';
import { createScorer } from '../../../main/inference/score.ts';
import { costSentence, quantizationCost } from '../../../main/jobs/quantization-cost.ts';
import { train } from '../../../main/jobs/train.ts';
import { openModel } from '../../../main/models/load.ts';
import { openQuantized } from '../../../main/models/quantize.ts';
import { loadTokenizer } from '../../../main/tokens/tokenizer.ts';
import { taskTypeOf } from '../../../main/training/tasks/index.ts';
import { crashSettings, prepareScenario } from '../../crash/scenario.ts';
import { completion, jobContext, llamaFolder, record } from '../../helpers/tiny-model.ts';
import { bertFolder, message, messageRecords, taskInput, topics } from '../../helpers/tiny-tasks.ts';

let parent = '';
beforeAll(() => {
  parent = mkdtempSync(join(tmpdir(), 'tunesmith-cost-'));
});
afterAll(() => rmSync(parent, { recursive: true, force: true }));

/** One update of a run, and what it says of its base. */
async function started(
  modelFolder: string,
  records: readonly DatasetRecord[],
  settings: Partial<TrainSettings> & { name: string },
): Promise<{ base: QuantizedBase; folder: string }> {
  const given = { epochs: 0.01, quantization: 'nf4', ...settings } as const;
  const input = taskInput(parent, modelFolder, records, given);
  const { context, collected } = jobContext<'train'>();
  await train.run(input, context);
  const payload = collected.events.find(({ name }) => name === 'quantized')?.payload;
  return { base: QuantizedBase.parse(payload), folder: input.runFolder };
}

const numberRecords = () =>
  messageRecords().map((one, i) => {
    const number = Object.keys(topics).indexOf(message(i).topic) + 0.5;
    return record(one.id, one.split, completion(message(i).text, String(number)));
  });

/** Conversations of the reference scenario as records. */
function writtenRecords(): { modelFolder: string; records: DatasetRecord[] } {
  const { modelFolder, recordsFile } = prepareScenario(join(parent, 'scenario'));
  const lines = readFileSync(recordsFile, 'utf8').trim().split('\n');
  return { modelFolder, records: lines.map((line) => JSON.parse(line) as DatasetRecord) };
}

test('a model that writes text: perplexity over both sets of weights, on the validation records', async () => {
  const { modelFolder, records } = writtenRecords();
  const { base, folder } = await started(modelFolder, records, { name: 'text' });
  const { cost, kind, bytes, originalBytes, sentence } = base;
  expect(kind).toBe('nf4');
  expect(bytes).toBeLessThan(originalBytes);
  expect(cost).toMatchObject({ unit: 'nats per token', records: 8, of: 8 });
  expect(sentence).toMatch(
    /^Base in 4 bits \(NF4\): [\d.]+ MB instead of [\d.]+ MB; perplexity [\d.]+ instead of [\d.]+ on 8 validation records\.$/,
  );
  expect(sentence).toContain(`perplexity ${Math.exp(cost!.quantized).toFixed(2)} instead of`);
  expect(JSON.parse(readFileSync(join(folder, 'quantized-base.json'), 'utf8'))).toEqual(base);

  // the same as a scorer finds that knows nothing of parts
  const model = openModel(modelFolder);
  const tokenizer = await loadTokenizer(modelFolder);
  const validation = records.filter(({ split }) => split === 'validation');
  const call = { tokenizer, model, records: validation, maxLength: 64 };
  const { records: encoded } = await taskTypeOf(model).encode(call);
  for (const [side, scored] of [
    ['original', model],
    ['quantized', await openQuantized(model, 'nf4', join(parent, 'cache'))],
  ] as const) {
    const scorer = await createScorer({ model: scored, weights: undefined, lora: undefined }, 1, 0);
    const losses = await scorer.losses(encoded);
    await scorer.release();
    const tokens = losses.reduce((sum, loss) => sum + loss.tokens, 0);
    expect(cost?.labels).toBe(tokens);
    expect(cost?.[side]).toBeCloseTo(losses.reduce((sum, loss) => sum + loss.sum, 0) / tokens, 5);
  }
});

test('a classifier: the loss of labels, and that its output layer is new', async () => {
  const { base } = await started(bertFolder(parent), messageRecords(), { name: 'labels' });
  expect(base.cost).toMatchObject({ unit: 'nats per record', labels: 12, records: 12, of: 12 });
  expect(base.cost!.original).toBeGreaterThan(0.8); // three labels, guessed
  expect(base.cost!.original).not.toBe(base.cost!.quantized);
  expect(base.sentence).toMatch(
    /; label loss [\d.]+ instead of [\d.]+ on 12 validation records, with an output layer that has learned nothing yet\.$/,
  );
  expect(base.sentence).not.toContain('perplexity');
});

test('a regression: the squared error', async () => {
  const { base } = await started(bertFolder(parent), numberRecords(), { name: 'numbers', task: 'number' });
  expect(base.cost).toMatchObject({ unit: 'squared error', labels: 12 });
  expect(base.sentence).toMatch(/; squared error [\d.]+ instead of [\d.]+ on 12 validation records/);
  expect(base.sentence).not.toContain('perplexity');
});

test('without validation records it is said that nothing was measured', async () => {
  const { modelFolder, records } = writtenRecords();
  const trained = records.filter(({ split }) => split === 'train');
  const { base } = await started(modelFolder, trained, { name: 'none' });
  expect(base.cost).toBeNull();
  expect(base.sentence).toMatch(/; what that costs was not measured, for lack of validation records\.$/);
});

test('of a large model few records are measured, spread over all, and their number is told', async () => {
  const model = openModel(llamaFolder);
  const tokenizer = await loadTokenizer(llamaFolder);
  const all = Array.from({ length: 50 }, (_, i) =>
    record(`r${i}`, 'validation', completion(`${i}:`, ' a b c')),
  );
  const { records } = await taskTypeOf(model).encode({ tokenizer, model, records: all, maxLength: 64 });
  const tokens = records.reduce((sum, { ids }) => sum + ids.length, 0) / records.length;
  const large = { ...model, parameters: 1e12 / (10.4 * tokens) };
  const quantized = await openQuantized(model, 'int8', join(parent, 'cache'));
  const settings = { ...crashSettings, threads: 1 };
  const input = { original: large, quantized, settings, records, padId: 0 };
  const cost = await quantizationCost(input);
  expect(cost).toMatchObject({ records: 10, of: 50 });
  const base = { kind: 'int8' as const, originalBytes: 2.2e9, bytes: 0.81e9, cost };
  expect(costSentence(base)).toMatch(
    /^Base in 8 bits \(INT8\): 0.81 GB instead of 2.2 GB; perplexity .+ on 10 of 50 validation records\.$/,
  );
  expect(await quantizationCost({ ...input, signal: AbortSignal.abort() })).toBeNull();
});
