// Run folders: which checkpoint is meant, and curves that are read again from metrics.jsonl.
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { MetricPoint, Run } from '../../../main/contract/runs.ts';
import { loadCurves, tunedWeights } from '../../../main/handlers/run-folder.ts';
import { openStore, type ProjectStore, type Store } from '../../../main/store/index.ts';
import { temporaryFolder } from '../../helpers/home.ts';
import { newTestRun } from '../../helpers/run.ts';

let home: ReturnType<typeof temporaryFolder>;
let store: Store;
let project: ProjectStore;
let run: Run;
let folder: string;

beforeEach(() => {
  home = temporaryFolder();
  store = openStore(home.folder);
  project = store.createProject({ name: 'Runs', description: '', isSample: false });
  run = project.runs.insert(newTestRun(project.id));
  folder = project.runs.folder(run.number);
  mkdirSync(folder, { recursive: true });
});
afterEach(() => {
  store.close();
  home.remove();
});

const checkpoint = (name: string) => mkdirSync(join(folder, 'checkpoints', name), { recursive: true });

describe('tunedWeights', () => {
  test('takes the best step, or the newest one, and never a half-written or damaged one', () => {
    for (const name of ['00000100', '00000200', '00000300.tmp', '00000250.damaged']) checkpoint(name);
    const best = { ...run, bestStep: 100 };
    expect(tunedWeights(project, best, 'best')).toEqual({
      kind: 'adapter',
      folder: join(folder, 'checkpoints', '00000100'),
    });
    expect(tunedWeights(project, best, 'last').folder).toBe(join(folder, 'checkpoints', '00000200'));
    expect(tunedWeights(project, run, 'best').folder).toBe(join(folder, 'checkpoints', '00000200'));
  });

  test('a fully fine-tuned run has whole weights', () => {
    checkpoint('00000001');
    const full = {
      ...run,
      recipe: { ...run.recipe, settings: { ...run.recipe.settings, method: 'full' as const } },
    };
    expect(tunedWeights(project, full, 'last').kind).toBe('full');
  });

  test('a run without a checkpoint says so', () => {
    expect(() => tunedWeights(project, run, 'best')).toThrow(
      expect.objectContaining({ code: 'no-checkpoint' }),
    );
  });
});

describe('loadCurves', () => {
  const point = (step: number): MetricPoint => ({
    step,
    epoch: step / 10,
    loss: 2 / (step + 1),
    learningRate: 1e-3,
    gradNorm: 0.5,
    tokensPerSecond: 900,
    residentBytes: 1e9,
    secondsLeft: 3,
    time: 1_700_000_000_000,
  });

  test('rows that a killed backend never wrote are filled in, and a line that was cut short is left out', async () => {
    const lines = [
      ...[1, 2, 3].map(point),
      { step: 3, loss: 1.5, tokens: 400, best: true },
      { step: 3, prompt: 'Hello', output: 'Hi', reference: null },
    ].map((value) => `${JSON.stringify(value)}\n`);
    writeFileSync(join(folder, 'metrics.jsonl'), lines.join(''));
    appendFileSync(join(folder, 'metrics.jsonl'), '{"step":4,"loss":0.');
    project.runs.metrics.add(run.id, { train: [point(1)], validation: [], samples: [] });
    await loadCurves(project, { ...run, state: 'interrupted', step: 1, endedAt: Date.now() });
    const { train, validation, samples } = project.runs.metrics.read(run.id, -1, 100);
    expect(train).toEqual([1, 2, 3].map(point));
    expect(validation).toEqual([{ step: 3, loss: 1.5, tokens: 400, best: true }]);
    expect(samples).toEqual([{ step: 3, prompt: 'Hello', output: 'Hi', reference: null }]);
  });

  test('a run without a file has no curves', async () => {
    await loadCurves(project, run);
    expect(project.runs.metrics.lastStep(run.id)).toBe(-1);
  });
});
