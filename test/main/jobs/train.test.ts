// The train job in a real engine process, on a tiny model.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TrainSettings } from '../../../main/contract/runs.ts';
import type { FromEngine, TrainInput } from '../../../main/jobs/job.ts';
import { crashSettings, fingerprint, prepareScenario, startEngine } from '../../crash/scenario.ts';

let folder = '';
let scenario: ReturnType<typeof prepareScenario>;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tunesmith train ø # %20-'));
  scenario = prepareScenario(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const inputOf = (name: string, settings: Partial<TrainSettings> = {}, resume = false): TrainInput => ({
  runFolder: join(folder, name),
  ...scenario,
  settings: { ...crashSettings, epochs: 1, ...settings },
  lineage: {},
  memoryBytes: 4e9,
  resume,
});

async function runToEnd(input: TrainInput): Promise<{
  result?: Record<string, unknown>;
  error?: { code: string; message: string };
  frames: FromEngine[];
}> {
  const engine = startEngine(input);
  const frames: FromEngine[] = [];
  engine.onFrame((frame) => frames.push(frame));
  return { ...((await engine.ended) as object), frames };
}

describe('the train job', () => {
  it('trains, validates, saves and reports, in a folder with a difficult name', async () => {
    const { result, frames } = await runToEnd(inputOf('whole'));
    expect(result).toMatchObject({ step: 10, stopped: false });
    const points = readFileSync(join(folder, 'whole', 'metrics.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const losses = points.filter((point) => 'gradNorm' in point).map((point) => point.loss as number);
    expect(losses).toHaveLength(10);
    expect(losses[9]).toBeLessThan(losses[0]);
    expect(points.filter((point) => 'best' in point).map((point) => point.step)).toEqual([0, 10]);
    const checkpoints = readdirSync(join(folder, 'whole', 'checkpoints'));
    expect(checkpoints).toEqual(['00000010']);
    expect(frames.some((frame) => frame.type === 'event' && frame.name === 'checkpoint')).toBe(true);
    expect(frames.some((frame) => frame.type === 'progress')).toBe(true);
  });

  it('gives the same curve and adapter to the last bit when it runs again', async () => {
    await runToEnd(inputOf('again'));
    expect(fingerprint(join(folder, 'again'))).toEqual(fingerprint(join(folder, 'whole')));
  });

  it('goes on where it was killed, and ends with the same bits', async () => {
    const engine = startEngine(inputOf('killed'));
    await new Promise<void>((resolve) => {
      engine.onFrame((frame) => {
        if (frame.type === 'event' && frame.name === 'checkpoint') resolve();
      });
    });
    engine.kill();
    await engine.ended;
    const { result } = await runToEnd(inputOf('killed', {}, true));
    expect(result).toMatchObject({ step: 10, stopped: false });
    expect(fingerprint(join(folder, 'killed'))).toEqual(fingerprint(join(folder, 'whole')));
  });

  it('refuses a length at which nothing is left to learn, with both numbers (C04)', async () => {
    const { error } = await runToEnd(inputOf('short', { maxLength: 4 }));
    expect(error).toMatchObject({ code: 'nothing-to-learn' });
    expect(error?.message).toMatch(/80 of 80 records have no trained token at length 4/);
  });

  it('notices divergence and keeps the last good checkpoint', async () => {
    const { error } = await runToEnd(
      inputOf('diverged', {
        optimizer: { kind: 'sgd', momentum: 0, nesterov: false },
        learningRate: 1e30,
        maxGradNorm: 0,
        warmupSteps: 8,
        checkpointEvery: 1,
        epochs: 4,
      }),
    );
    expect(error).toMatchObject({ code: 'diverged' });
    expect(error?.message).toMatch(/Since step \d+ the loss is not a number/);
  });

  it('stops early when the validation loss does not fall', async () => {
    const { result } = await runToEnd(
      inputOf('patient', { learningRate: 1e-12, evalEvery: 1, patience: 2, epochs: 4, warmupSteps: 0 }),
    );
    expect((result as { step: number }).step).toBeLessThan(40);
  });
});
