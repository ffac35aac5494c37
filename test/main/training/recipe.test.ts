// What a recipe says to the engine: one test for each setting that it reaches the trainer, the adapter or the schedule.
import { describe, expect, it } from 'vitest';
import { OptimizerSettings, ScheduleKind, TrainSettings } from '../../../main/contract/runs.ts';
import {
  loraOf,
  optimizerChoiceOf,
  plannedRates,
  scheduleOf,
  trainerOptionsOf,
} from '../../../main/training/recipe.ts';
import { learningRateAt } from '../../../main/training/schedule.ts';
import { openReference } from '../../helpers/reference-model.ts';
import { testSettings } from '../../helpers/run.ts';

const model = openReference('llama');
const layers = model.shape.layers;
type Change = Partial<Omit<TrainSettings, 'lora' | 'scheduleDetails'>> & {
  lora?: Partial<TrainSettings['lora']>;
  scheduleDetails?: Partial<TrainSettings['scheduleDetails']>;
};
const settingsOf = ({ lora, scheduleDetails, ...change }: Change): TrainSettings =>
  TrainSettings.parse({
    ...testSettings,
    ...change,
    lora: { ...testSettings.lora, ...lora },
    scheduleDetails: { ...testSettings.scheduleDetails, ...scheduleDetails },
  });
const optionsOf = (change: Change) => trainerOptionsOf(settingsOf(change), model);
const adapterOf = (lora: Partial<TrainSettings['lora']>) => loraOf(settingsOf({ lora }), model);

describe('the trainer gets', () => {
  it.each<[Change, object]>([
    [{ weightDecay: 0.1 }, { weightDecay: 0.1 }],
    [{ decayEverything: true }, { decayEverything: true }],
    [{ maxGradNorm: 0.5 }, { maxGradNorm: 0.5 }],
    [{ clipNorm: 'euclidean' }, { clipNorm: 2 }],
    [{ clipNorm: 'sum' }, { clipNorm: 1 }],
    [{ clipNorm: 'largest' }, { clipNorm: 'infinity' }],
    [{ labelSmoothing: 0.1 }, { labelSmoothing: 0.1 }],
    [{ neftuneAlpha: 5 }, { neftuneAlpha: 5 }],
    [{ recompute: 'layer' }, { recompute: 'layer' }],
    [{ precision: 'bf16' }, { precision: 'bf16' }],
    [
      { provider: 'webgpu', threads: 3, seed: 9 },
      { provider: 'webgpu', threads: 3, seed: 9 },
    ],
    [{ lora: { plusRatio: 16 } }, { loraPlusRatio: 16 }],
    [
      { method: 'full', lastLayers: 1 },
      { lastLayers: 1, lora: undefined, loraPlusRatio: undefined },
    ],
    [
      { method: 'full', lastLayers: 0 },
      { lastLayers: undefined, frozen: undefined },
    ],
  ])('of %j: %j', (change, options) => {
    expect(optionsOf(change)).toMatchObject(options);
  });

  it('frozen tensors by whole parts of their names', () => {
    const { frozen } = optionsOf({ method: 'full', freeze: ['embed_tokens', 'layers.0.mlp'] });
    const names = model.specs.map(({ name }) => name).filter((name) => frozen?.(name));
    expect(names).toEqual([
      'model.embed_tokens.weight',
      ...['gate_proj', 'up_proj', 'down_proj'].map((part) => `model.layers.0.mlp.${part}.weight`),
    ]);
  });

  it('nothing that belongs to full fine-tuning with LoRA', () => {
    expect(optionsOf({ lastLayers: 1, freeze: ['embed_tokens'] })).toMatchObject({
      lastLayers: undefined,
      frozen: undefined,
    });
  });
});

describe('the adapter gets', () => {
  it.each<[Partial<TrainSettings['lora']>, object]>([
    [
      { rank: 3, alpha: 6, dropout: 0.1 },
      { r: 3, lora_alpha: 6, lora_dropout: 0.1 },
    ],
    [{ rslora: true }, { use_rslora: true }],
    [{ dora: true }, { use_dora: true }],
    [{ exclude: ['o_proj'] }, { exclude_modules: ['o_proj'] }],
    [{ rankPattern: { q_proj: 2 } }, { rank_pattern: { q_proj: 2 } }],
    [{ alphaPattern: { q_proj: 2 } }, { alpha_pattern: { q_proj: 2 } }],
    [{ bias: 'lora_only' }, { bias: 'lora_only' }],
    [{ modulesToSave: ['norm'] }, { modules_to_save: ['norm'] }],
    [
      { targets: ['q_proj'], layers: [1] },
      { target_modules: ['q_proj'], layers_to_transform: [1] },
    ],
  ])('of %j: %j', (lora, config) => {
    expect(adapterOf(lora)).toMatchObject(config);
  });

  it('all linear layers by name where only some blocks are chosen, since PEFT ignores blocks otherwise', () => {
    const config = adapterOf({ layers: [1] });
    expect(config?.target_modules).toEqual(
      expect.arrayContaining(['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj']),
    );
    expect(config?.target_modules).not.toContain('lm_head');
  });

  it('no field that was not set, as adapters were written before', () => {
    const config = adapterOf({}) ?? {};
    expect(
      Object.entries(config).filter(([key, value]) => value !== undefined && /exclude|layers|save/.test(key)),
    ).toEqual([]);
  });
});

describe('a recipe that does not fit the model is refused with every fault', () => {
  it.each<[Change, RegExp]>([
    [{ lora: { layers: [0, 99] } }, new RegExp(`no layer 99: the model has layers 0 to ${layers - 1}`)],
    [{ lora: { modulesToSave: ['nose'], layers: [99] } }, /no layer 99.*no module "nose"/],
    [{ lora: { exclude: ['nose'] } }, /no layer "nose" for an adapter/],
    [{ lora: { exclude: ['proj'] } }, /no layer "proj" for an adapter/],
    [
      { lora: { targets: ['q_proj', 'vproj', 'no_such_layer'] } },
      /no layer "vproj", "no_such_layer" for an adapter\. It has q_proj, k_proj, .*embed_tokens \(embedding\), lm_head \(output\)/,
    ],
    [
      { lora: { targets: ['q_proj'], rankPattern: { nonsense: 3, q_proj: 2 } } },
      /own rank or alpha is set for "nonsense", but no layer/,
    ],
    [
      { lora: { targets: ['q_proj'], alphaPattern: { v_proj: 3 } } },
      /own rank or alpha is set for "v_proj", but no layer/,
    ],
    [
      { lora: { targets: ['q_proj', 'embed_tokens'], layers: [1] } },
      /No "embed_tokens" is in layer 1, so it would get no adapter/,
    ],
    [{ method: 'full', lastLayers: 99 }, new RegExp(`has ${layers} layers, so its last 99`)],
    [{ method: 'full', freeze: ['nose'] }, /No tensor of the model has "nose"/],
    [{ method: 'full', freeze: ['model'] }, /nothing would be trained/],
    [{ method: 'full', quantization: 'nf4' }, /base in NF4 stays as it is/],
  ])('%j', (change, message) => {
    expect(() => optionsOf(change)).toThrow(message);
  });
});

it('names that reach a layer are taken: by their ends, in full, as expressions, and of embeddings', () => {
  const lora = {
    targets: ['q_proj', 'mlp.up_proj', 'model.layers.0.self_attn.v_proj', 'embed_tokens', 'lm_head'],
    rankPattern: { 'layers.0.*up_proj': 2, embed_tokens: 3 },
    alphaPattern: { lm_head: 4 },
  };
  expect(adapterOf(lora)).toMatchObject({ target_modules: lora.targets });
});

describe('optimizers', () => {
  it.each(OptimizerSettings.options.map((option) => option.shape.kind.value))(
    '%s gets its options',
    (kind) => {
      const optimizer = OptimizerSettings.parse({ kind });
      const { beta1, ...rest } = optimizer as { beta1?: number };
      const expected = kind === 'adafactor' ? rest : optimizer;
      expect(optimizerChoiceOf({ ...testSettings, optimizer })).toEqual(expected);
      expect(kind === 'adafactor' ? beta1 : 0).toBe(0);
    },
  );

  it('takes what is not usual', () => {
    const adafactor = OptimizerSettings.parse({ kind: 'adafactor', beta1: 0.9, relativeStep: true });
    expect(optimizerChoiceOf({ ...testSettings, optimizer: adafactor })).toMatchObject({
      beta1: 0.9,
      relativeStep: true,
    });
    const sgd = OptimizerSettings.parse({ kind: 'sgd', nesterov: true, dampening: 0.5 });
    expect(optimizerChoiceOf({ ...testSettings, optimizer: sgd })).toMatchObject({ dampening: 0 });
  });
});

describe('schedules', () => {
  const schedule = (kind: ScheduleKind, scheduleDetails: Partial<TrainSettings['scheduleDetails']> = {}) =>
    scheduleOf(settingsOf({ schedule: kind, scheduleDetails, learningRate: 1e-3, warmupSteps: 10 }), 100);

  it('rise in the warm-up and end where the engine says, each of them', () => {
    const ends = Object.fromEntries(
      ScheduleKind.options.map((kind) => [kind, learningRateAt(schedule(kind), 100) / 1e-3]),
    );
    for (const kind of ScheduleKind.options) {
      expect(learningRateAt(schedule(kind), 5), kind).toBeLessThan(1e-3);
      expect(learningRateAt(schedule(kind), 10), kind).toBeCloseTo(1e-3, 5);
    }
    expect(ends).toMatchObject({ constant: 1, linear: 0, cosine_with_restarts: 0 });
    expect(ends.cosine).toBeCloseTo(0, 9);
    expect(ends.cosine_with_min_lr).toBeCloseTo(0.1, 9);
    expect(ends.polynomial).toBeCloseTo(1e-4, 9);
    expect(ends.warmup_stable_decay).toBeCloseTo(0, 9);
  });

  it.each<[ScheduleKind, Partial<TrainSettings['scheduleDetails']>, object]>([
    ['cosine', { cycles: 1.5 }, { num_cycles: 1.5 }],
    ['cosine_with_restarts', { cycles: 3 }, { num_cycles: 3 }],
    ['polynomial', { power: 2, minimum: 0.1 }, { power: 2, lr_end: 1e-4 }],
    ['inverse_sqrt', { timescale: 50 }, { timescale: 50 }],
    ['cosine_with_min_lr', { cycles: 1, minimum: 0.2 }, { num_cycles: 1, min_lr_rate: 0.2 }],
    ['cosine_warmup_with_min_lr', { warmupStart: 0.5 }, { warmup_lr_rate: 0.5, min_lr_rate: 0.1 }],
    [
      'warmup_stable_decay',
      { decaySteps: 30, minimum: 0.05, warmupShape: 'cosine', decayShape: '1-sqrt' },
      { num_decay_steps: 30, min_lr_ratio: 0.05, warmup_type: 'cosine', decay_type: '1-sqrt' },
    ],
  ])('%s takes %j', (kind, details, options) => {
    expect(schedule(kind, details)).toMatchObject(options);
  });

  it('a fall that is longer than the run begins after the warm-up', () => {
    expect(schedule('warmup_stable_decay', { decaySteps: 5000 })).toMatchObject({ num_decay_steps: 90 });
  });

  it('the rates to draw go from the first to the last step', () => {
    const rates = plannedRates(settingsOf({ schedule: 'linear', learningRate: 1, warmupSteps: 0 }), 1000);
    expect(rates).toHaveLength(121);
    expect([rates[0], rates[60], rates[120]]).toEqual([1, 0.5, 0]);
    expect(plannedRates(testSettings, 0)).toEqual([]);
  });
});
