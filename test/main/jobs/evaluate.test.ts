import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { DatasetRecord } from '../../../main/contract/datasets.ts';
import { Prediction } from '../../../main/contract/evaluations.ts';
import { answer, createSpeaker } from '../../../main/inference/answer.ts';
import { promptOf } from '../../../main/inference/prompt.ts';
import { evaluate, isStructured } from '../../../main/jobs/evaluate.ts';
import { openModel } from '../../../main/models/load.ts';
import { loadTokenizer } from '../../../main/tokens/tokenizer.ts';
import {
  adapterFolder,
  conversation,
  jobContext,
  llamaFolder,
  record,
  recordsFile,
  temporaryFolder,
} from '../../helpers/tiny-model.ts';

const tested = (i: number) => record(`t${i}`, 'test', conversation(`Question ${i}?`, `a${i} | b | c`));
const train = (i: number) => record(`r${i}`, 'train', conversation(`Train ${i}?`, `x${i} | y | z`));

function inputOf(records: DatasetRecord[], changes: Record<string, unknown> = {}) {
  const folder = temporaryFolder();
  return {
    modelFolder: llamaFolder,
    tuned: { kind: 'adapter', folder: adapterFolder } as const,
    recordsFile: recordsFile(folder, records),
    split: 'test' as const,
    limit: 0,
    metricIds: [] as string[],
    maxNewTokens: 8,
    threads: 1,
    predictionsFile: join(folder, 'predictions.jsonl'),
    ...changes,
  };
}

const predictionsOf = (file: string): Prediction[] =>
  readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => Prediction.parse(JSON.parse(line)));

test('both models answer every record, predictions are stored, and numbers have intervals', async () => {
  const input = inputOf([...Array.from({ length: 7 }, (_, i) => tested(i)), train(0)]);
  const { context, collected } = jobContext<'evaluate'>();
  const { results, verdict, leaks, records } = await evaluate.run(input, context);
  expect({ leaks, records }).toEqual({ leaks: 0, records: 7 });
  expect(results.map(({ metricId }) => metricId)).toEqual([
    'loss',
    'perplexity',
    'exact-line',
    'exact-match',
    'f1',
    'stops-by-itself',
  ]);
  for (const { base, tuned } of results) {
    expect(base.low).toBeLessThanOrEqual(base.value);
    expect(tuned.high).toBeGreaterThanOrEqual(tuned.value);
  }
  expect(verdict).toMatch(/tuned model|No clear change/);
  const predictions = predictionsOf(input.predictionsFile);
  expect(predictions.map(({ recordId }) => recordId)).toEqual(['t0', 't1', 't2', 't3', 't4', 't5', 't6']);
  expect(predictions[3]).toMatchObject({
    prompt: 'Question 3?',
    reference: 'a3 | b | c',
    place: 'list.csv, row t3',
  });
  expect(predictions[3].scores.f1).toBeTypeOf('number');
  expect(predictions[3].base.lossSum).not.toBe(predictions[3].tuned.lossSum);
  expect(collected.progress.at(-1)).toMatchObject({ progress: 1, position: '7 of 7 records' });
  expect(existsSync(`${input.predictionsFile}.tmp`)).toBe(false);
});

test('a stored answer is what chat would say', async () => {
  const input = inputOf([tested(1), tested(2)]);
  await evaluate.run(input, jobContext<'evaluate'>().context);
  const tokenizer = await loadTokenizer(llamaFolder);
  const speaker = await createSpeaker({ model: openModel(llamaFolder), tokenizer, threads: 1 });
  onTestFinished(() => speaker.release());
  const prompt = await promptOf(tokenizer, tested(1).content);
  const said = await answer(speaker, { promptIds: prompt!.ids, options: { maxNewTokens: 8 } });
  const [first] = predictionsOf(input.predictionsFile);
  expect(first.base.output).toBe(said.text);
  expect(first.base.stopped).toBe(said.finish === 'stop');
});

test('a test record that is also trained on withholds the verdict', async () => {
  const leaked = { ...train(5), id: 't9', split: 'test' as const };
  const { leaks, verdict } = await evaluate.run(
    inputOf([tested(0), leaked, train(5)]),
    jobContext<'evaluate'>().context,
  );
  expect(leaks).toBe(1);
  expect(verdict).toBe('1 of 2 records are in the training data too, so there is no verdict.');
});

test('a limit takes records from all over the split', async () => {
  const input = inputOf(
    Array.from({ length: 9 }, (_, i) => tested(i)),
    { limit: 3 },
  );
  await evaluate.run(input, jobContext<'evaluate'>().context);
  expect(predictionsOf(input.predictionsFile).map(({ recordId }) => recordId)).toEqual(['t0', 't3', 't6']);
});

test('records whose prompt fills the window are left out and said so; none left is an error', async () => {
  const long = record('t8', 'test', conversation('word 4711. '.repeat(200), 'a | b | c'));
  const { verdict, records } = await evaluate.run(
    inputOf([tested(0), long]),
    jobContext<'evaluate'>().context,
  );
  expect(records).toBe(1);
  expect(verdict).toContain('1 of 2 records left out: their prompts leave no room in the 256 tokens');
  await expect(evaluate.run(inputOf([long]), jobContext<'evaluate'>().context)).rejects.toMatchObject({
    code: 'nothing-to-measure',
  });
  await expect(evaluate.run(inputOf([train(0)]), jobContext<'evaluate'>().context)).rejects.toMatchObject({
    code: 'split-empty',
  });
});

test('texts are scored, not answered', async () => {
  const texts = Array.from({ length: 6 }, (_, i) =>
    record(`t${i}`, 'test', { type: 'text', text: `A short text, number ${i}.`, complete: true }),
  );
  const input = inputOf(texts);
  const { results } = await evaluate.run(input, jobContext<'evaluate'>().context);
  expect(results.map(({ metricId }) => metricId)).toEqual(['loss', 'perplexity', 'bits-per-byte']);
  expect(predictionsOf(input.predictionsFile)[0]).toMatchObject({
    prompt: '',
    reference: 'A short text, number 0.',
  });
});

test('a cancelled evaluation leaves no predictions', async () => {
  const input = inputOf([tested(0), tested(1)]);
  const { context } = jobContext<'evaluate'>(AbortSignal.abort());
  await expect(evaluate.run(input, context)).rejects.toMatchObject({ code: 'cancelled' });
  expect(existsSync(input.predictionsFile)).toBe(false);
  expect(existsSync(`${input.predictionsFile}.tmp`)).toBe(false);
});

test('answers of one line with equal separators, or of few labels, count as structured', () => {
  expect(isStructured(['a | b', 'c d | e'])).toBe(true);
  expect(isStructured(['a | b', 'c d'])).toBe(false);
  expect(isStructured(['Two lines\nhere | there', 'a | b'])).toBe(false);
  expect(isStructured(['It is blue.', 'It costs 7.'])).toBe(false);
  expect(isStructured(Array.from({ length: 40 }, (_, i) => ['billing', 'repair', 'other'][i % 3]))).toBe(
    true,
  );
});
