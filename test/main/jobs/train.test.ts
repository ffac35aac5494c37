// The train job in a real engine process, on a tiny model.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OptimizerSettings, type TrainSettings } from '../../../main/contract/runs.ts';
import type { TrainInput } from '../../../main/jobs/job.ts';
import { readAdapter } from '../../../main/models/adapter-files.ts';
import { type Model, openModel } from '../../../main/models/load.ts';
import { readTensor, type TensorInfo } from '../../../main/models/safetensors.ts';
import { crashSettings, fingerprint, prepareScenario, runToEnd, startEngine } from '../../crash/scenario.ts';

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

const pointsOf = (name: string): { step: number; loss: number; learningRate?: number }[] =>
  readFileSync(join(folder, name, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

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

  it.each<[string, Partial<TrainSettings>]>([
    ['moments in 8 bits', { optimizer: OptimizerSettings.parse({ kind: 'adamw8bit' }) }],
    ['products in float16, with their loss scale', { precision: 'fp16' }],
  ])('has %s where the recipe says so, also over a kill', async (name, settings) => {
    const engine = startEngine(inputOf(name, settings));
    await new Promise<void>((resolve) => {
      engine.onFrame((frame) => {
        if (frame.type === 'event' && frame.name === 'checkpoint') resolve();
      });
    });
    engine.kill();
    await engine.ended;
    const { result } = await runToEnd(inputOf(name, settings, true));
    expect(result).toMatchObject({ step: 10, stopped: false });
    await runToEnd(inputOf(`${name}, whole`, settings));
    expect(fingerprint(join(folder, name))).toEqual(fingerprint(join(folder, `${name}, whole`)));
    expect(fingerprint(join(folder, name))).not.toEqual(fingerprint(join(folder, 'whole')));
  });

  it('trains with every option at once, and saves an adapter that says so', async () => {
    const { result, error } = await runToEnd(
      inputOf('rich', {
        lora: {
          ...crashSettings.lora,
          dora: true,
          plusRatio: 4,
          exclude: ['o_proj'],
          layers: [1],
          rankPattern: { q_proj: 2 },
          modulesToSave: ['model.norm'],
        },
        optimizer: OptimizerSettings.parse({ kind: 'lion' }),
        learningRate: 1e-3,
        schedule: 'warmup_stable_decay',
        labelSmoothing: 0.1,
        neftuneAlpha: 5,
        clipNorm: 'largest',
        samplePrompts: ['Once'],
      }),
    );
    expect(error).toBeUndefined();
    expect(result).toMatchObject({ step: 10, stopped: false });
    const [name] = readdirSync(join(folder, 'rich', 'checkpoints'));
    const { config, tensors } = readAdapter(join(folder, 'rich', 'checkpoints', name));
    expect(config).toMatchObject({
      use_dora: true,
      rank_pattern: { q_proj: 2 },
      modules_to_save: ['model.norm'],
    });
    const names = [...tensors.keys()];
    expect(names.some((one) => one.endsWith('lora_magnitude_vector'))).toBe(true);
    expect(names.some((one) => one.includes('o_proj') || one.includes('layers.0.'))).toBe(false);
    expect(tensors.get('base_model.model.model.layers.1.self_attn.q_proj.lora_A.weight')?.shape[0]).toBe(2);
    expect(names).toContain('base_model.model.model.norm.weight');
  });

  it('starts from the adapter of another run: its first validation is the last one there', async () => {
    const startFrom = {
      kind: 'adapter' as const,
      folder: join(folder, 'whole', 'checkpoints', '00000010'),
      run: 1,
      step: 10,
    };
    const { result, frames } = await runToEnd({ ...inputOf('warm', { warmupSteps: 0 }), startFrom });
    expect(result).toMatchObject({ step: 10 });
    const validation = (name: string) => pointsOf(name).filter((point) => 'best' in point);
    expect(validation('warm')[0]).toMatchObject({ step: 0 });
    expect(validation('warm')[0].loss).toBeCloseTo(validation('whole').at(-1)?.loss ?? 0, 5);
    const first = pointsOf('warm').find((point) => point.step === 1 && 'gradNorm' in point);
    expect(first?.learningRate).toBe(crashSettings.learningRate); // a schedule of its own
    expect(JSON.stringify(frames)).toContain('Starts from step 10 of run 1, with a new schedule.');
  });

  it('fine-tunes the last layers alone, and its checkpoint is a whole model that goes on', async () => {
    const full = { method: 'full' as const, lastLayers: 1, freeze: ['norm'] };
    await runToEnd(inputOf('last', full));
    const base = openModel(scenario.modelFolder);
    const tuned = openModel(join(folder, 'last', 'checkpoints', '00000010'));
    const valuesOf = (model: Model, name: string) => readTensor(model.tensors.get(name) as TensorInfo);
    const same = base.specs.filter(({ name }) => {
      const [before, after] = [valuesOf(base, name), valuesOf(tuned, name)];
      return before.every((value, i) => value === after[i]);
    });
    const trained = base.specs.filter((spec) => !same.includes(spec)).map(({ name }) => name);
    expect(same.map(({ name }) => name)).toContain('model.embed_tokens.weight');
    expect(trained).toContain('model.layers.1.mlp.down_proj.weight');
    expect(trained.every((name) => name.startsWith('model.layers.1.') || name === 'lm_head.weight')).toBe(
      true,
    );
    const startFrom = { kind: 'full' as const, folder: tuned.folder, run: 1, step: 10 };
    const { result } = await runToEnd({ ...inputOf('on', full), modelFolder: tuned.folder, startFrom });
    expect(result).toMatchObject({ step: 10 });
    const validation = (name: string) => pointsOf(name).filter((point) => 'best' in point);
    expect(validation('on')[0].loss).toBeCloseTo(validation('last').at(-1)?.loss ?? 0, 5);
  });

  it('refuses a length at which nothing is left to learn, with both numbers (C04)', async () => {
    const { error } = await runToEnd(inputOf('short', { maxLength: 4 }));
    expect(error).toMatchObject({ code: 'nothing-to-learn' });
    expect(error?.message).toMatch(/80 of 80 records have no trained token at length 4/);
  });

  it('notices divergence and keeps the last good checkpoint', async () => {
    const { error } = await runToEnd(
      inputOf('diverged', {
        optimizer: { kind: 'sgd', momentum: 0, dampening: 0, nesterov: false },
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
