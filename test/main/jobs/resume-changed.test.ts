// Runs that go on with more epochs or another learning rate, in a real engine process on a tiny model.
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TrainSettings } from '../../../main/contract/runs.ts';
import type { TrainInput } from '../../../main/jobs/job.ts';
import { crashSettings, fingerprint, prepareScenario, runToEnd } from '../../crash/scenario.ts';

let folder = '';
let scenario: ReturnType<typeof prepareScenario>;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tunesmith-resume-'));
  scenario = prepareScenario(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const constant = { schedule: 'constant', warmupSteps: 0, evalEvery: 0 } as const;
const inputOf = (name: string, settings: Partial<TrainSettings>, resume = false): TrainInput => ({
  runFolder: join(folder, name),
  ...scenario,
  settings: { ...crashSettings, ...settings },
  lineage: {},
  memoryBytes: 4e9,
  resume,
});
const curveOf = (name: string) =>
  readFileSync(join(folder, name, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map(
      (line) => JSON.parse(line) as { step: number; loss: number; learningRate?: number; gradNorm?: number },
    )
    .filter(({ gradNorm }) => gradNorm !== undefined);
const sentencesOf = (frames: Awaited<ReturnType<typeof runToEnd>>['frames']) =>
  frames.flatMap((frame) =>
    frame.type === 'event' && frame.name === 'message'
      ? [(frame.payload as { sentence: string }).sentence]
      : [],
  );

test('with more epochs, a finished run goes on as if it had had them from the start', async () => {
  const one = await runToEnd(inputOf('grown', { ...constant, epochs: 1 }));
  expect(one.result).toMatchObject({ step: 10 });
  const two = await runToEnd(inputOf('grown', { ...constant, epochs: 2 }, true));
  expect(two.result).toMatchObject({ step: 20, stopped: false });
  expect(sentencesOf(two.frames)).toContain('From here on with 2 epochs instead of 1.');
  await runToEnd(inputOf('whole', { ...constant, epochs: 2 }));
  expect(curveOf('grown').map(({ loss }) => loss)).toEqual(curveOf('whole').map(({ loss }) => loss));
  expect(fingerprint(join(folder, 'grown')).adapter).toEqual(fingerprint(join(folder, 'whole')).adapter);
});

test('another learning rate counts from the checkpoint on, also when the run is resumed once more', async () => {
  await runToEnd(inputOf('slower', { ...constant, epochs: 1, learningRate: 2e-3 }));
  await runToEnd(inputOf('slower', { ...constant, epochs: 2, learningRate: 5e-4 }, true));
  const { frames } = await runToEnd(inputOf('slower', { ...constant, epochs: 3, learningRate: 5e-4 }, true));
  expect(sentencesOf(frames)).toContain('From here on with 3 epochs instead of 2.');
  expect(curveOf('slower').map(({ learningRate }) => learningRate)).toEqual([
    ...Array(10).fill(2e-3),
    ...Array(20).fill(5e-4),
  ]);
});

/** Makes the newest checkpoint one from before it told what its schedule was made from. */
function forgetMade(name: string, step: number): void {
  const checkpoint = join(folder, name, 'checkpoints', String(step).padStart(8, '0'));
  const read = (file: string) => JSON.parse(readFileSync(join(checkpoint, file), 'utf8'));
  const state = read('state.json');
  expect(state.extra.made).toBeDefined();
  delete state.extra.made;
  const text = JSON.stringify(state);
  writeFileSync(join(checkpoint, 'state.json'), text);
  const manifest = read('manifest.json');
  const entry = manifest.files.find((file: { name: string }) => file.name === 'state.json');
  Object.assign(entry, {
    bytes: Buffer.byteLength(text),
    sha256: createHash('sha256').update(text).digest('hex'),
  });
  writeFileSync(join(checkpoint, 'manifest.json'), JSON.stringify(manifest));
}

test('changes count from a checkpoint on that does not tell what its schedule was made from', async () => {
  const first = await runToEnd(inputOf('old', { ...constant, epochs: 1, learningRate: 2e-3 }));
  forgetMade('old', 10);
  const same = await runToEnd(inputOf('old', { ...constant, epochs: 1, learningRate: 2e-3 }, true));
  expect(same.result).toMatchObject({ step: 10, trainLoss: first.result?.trainLoss }); // with no step left to do
  expect(sentencesOf(same.frames).join()).not.toContain('From here on');
  const more = await runToEnd(inputOf('old', { ...constant, epochs: 2, learningRate: 5e-4 }, true));
  expect(more.result).toMatchObject({ step: 20, stopped: false });
  expect(sentencesOf(more.frames)).toContain(
    'From here on with 2 epochs instead of 1, learning rate 0.0005 instead of 0.002.',
  );
  expect(curveOf('old').map(({ learningRate }) => learningRate)).toEqual([
    ...Array(10).fill(2e-3),
    ...Array(10).fill(5e-4),
  ]);
});
