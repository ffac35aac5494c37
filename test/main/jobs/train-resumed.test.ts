// A run of 100 updates that is killed at 60 and goes on, against one that was never interrupted; in real engine processes.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TrainInput } from '../../../main/jobs/job.ts';
import { crashSettings, fingerprint, prepareScenario, runToEnd, startEngine } from '../../crash/scenario.ts';

let folder = '';
let scenario: ReturnType<typeof prepareScenario>;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tunesmith-resumed-'));
  scenario = prepareScenario(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Cosine, peak 1e-3, warm-up 10, 100 updates: 10 epochs of 80 records in batches of 8. */
const inputOf = (name: string, resume = false): TrainInput => ({
  runFolder: join(folder, name),
  ...scenario,
  settings: {
    ...crashSettings,
    learningRate: 1e-3,
    warmupSteps: 10,
    epochs: 10,
    evalEvery: 0,
    checkpointEvery: 60,
  },
  lineage: {},
  memoryBytes: 4e9,
  resume,
});

/** Each update as it is kept, without what a clock or the memory of the machine says. */
const updatesOf = (name: string): { step: number; loss: number; learningRate: number; gradNorm: number }[] =>
  readFileSync(join(folder, name, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .filter((point) => 'gradNorm' in point)
    .map(({ step, loss, learningRate, gradNorm }) => ({ step, loss, learningRate, gradNorm }));

test('after a resume at update 60 of 100, the metrics are equal from update 61 on, bit for bit (C05)', async () => {
  const engine = startEngine(inputOf('killed'));
  await new Promise<void>((resolve) => {
    engine.onFrame((frame) => {
      if (frame.type === 'event' && frame.name === 'checkpoint') resolve();
    });
  });
  engine.kill();
  await engine.ended;
  const { result } = await runToEnd(inputOf('killed', true));
  expect(result).toMatchObject({ step: 100, stopped: false });
  await runToEnd(inputOf('whole'));

  const [resumed, whole] = [updatesOf('killed'), updatesOf('whole')];
  expect(whole.map(({ step }) => step)).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
  expect(resumed.slice(60)).toEqual(whole.slice(60));
  expect(resumed).toEqual(whole);
  expect(fingerprint(join(folder, 'killed'))).toEqual(fingerprint(join(folder, 'whole')));
  // 0.5 (1 + cos(pi 50/90)) 1e-3 and its successor
  expect(resumed[60].learningRate).toBeCloseTo(4.1318e-4, 8);
  expect(resumed[61].learningRate).toBeCloseTo(3.9604e-4, 8);
});
