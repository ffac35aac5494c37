// What the first button promises, measured: the sample's customer messages are trained with the suggested preset, and the
// held-out ones come out exactly right. No browser: the same backend, engine and evaluation. Slow by its nature.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Backend } from '../../main/backend.ts';
import { sample } from '../../resources/sample/sample.ts';
import { openTestBackend, temporaryFolder } from '../helpers/home.ts';
import { type SampleRun, trainSampleDataset, waitForSample } from '../helpers/sample.ts';

const home = temporaryFolder();
const [messages] = sample.datasets;
let backend: Backend;
let run: SampleRun;

beforeAll(async () => {
  backend = openTestBackend(home.folder, { makeSample: true });
  await waitForSample(backend);
  run = await trainSampleDataset(backend, { datasetId: messages.id, splits: ['test'] });
  console.info(`${run.steps} steps in ${run.seconds.toFixed(0)} s: ${JSON.stringify(run.exact)}`);
}, 1_800_000);
afterAll(async () => {
  await backend?.close();
  home.remove();
});

test('at least 95 % of the held-out messages are exactly right', () => {
  expect(run.exact.test?.records).toBe(messages.records.test);
  expect(run.exact.test?.tuned).toBeGreaterThanOrEqual(messages.target.test);
});

test('the base model gets under 5 % of them right, so it is the training that did it', () => {
  expect(run.exact.test?.base).toBeLessThan(0.05);
});
