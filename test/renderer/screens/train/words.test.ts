import { expect, test } from 'vitest';
import { OPTIMIZER_DEFAULTS } from '../../../../renderer/screens/train/groups.ts';
import {
  afterwardsWords,
  memoryBar,
  memoryOf,
  presetTime,
  recipeWords,
  verdictWords,
} from '../../../../renderer/screens/train/words.ts';
import { model, plan, version } from './examples.ts';
import { balanced } from './settings.ts';

const plain = (text: string): string => text.replaceAll('\u00a0', ' ');
const words = (...input: Parameters<typeof recipeWords>): Record<string, string> =>
  Object.fromEntries(recipeWords(...input).map((row) => [row.head, plain(row.text)]));

test('the recipe in words holds the numbers of data, model, method and length', () => {
  expect(words(balanced, version, model, plan)).toEqual({
    Data: 'Dataset version 4: 4,716 training records. The whole run reads 1,247,338 tokens and learns from 49.1 % of them.',
    Model:
      "SmolLM2-135M-Instruct. 4,884,480 weights are added and trained, 3.6 % of the base's 134,515,008; the base stays as it is.",
    Method:
      'LoRA, rank 16, on all linear layers. AdamW, learning rate 2.0e-4, 28 warm-up steps, cosine to 0.',
    Length: '3 epochs at 16 records a step: 942 steps. Ends early after 3 validations without a better loss.',
    Device: 'Processor, all cores. The same recipe gives the same losses again, seed 42.',
  });
});

test('before the plan is there, no number is invented', () => {
  const early = words(balanced, version, model, null);
  expect(early.Data).toBe('Dataset version 4: 4,716 training records.');
  expect(early.Model).toBe('SmolLM2-135M-Instruct. The base stays as it is.');
});

test('full fine-tuning, few layers and another optimizer are named', () => {
  const settings = {
    ...balanced,
    lora: { ...balanced.lora, rslora: true, dropout: 0.05, targets: ['q_proj', 'v_proj'] },
    optimizer: { kind: 'sgd', momentum: 0.9, dampening: 0, nesterov: false } as const,
    warmupSteps: 0,
    schedule: 'constant' as const,
    patience: 0,
  };
  expect(words(settings, version, model, plan).Method).toBe(
    'rsLoRA, rank 16, on q_proj, v_proj, dropout 0.05. SGD, learning rate 2.0e-4, constant.',
  );
  expect(words({ ...settings, method: 'full' }, version, model, plan).Model).toContain(
    'All 134,515,008 weights',
  );
  expect(words(settings, version, model, plan).Length).toContain('Runs to the end.');
});

test('what differs from a plain adapter is named, and nothing else', () => {
  const lora = {
    ...balanced.lora,
    dora: true,
    plusRatio: 16,
    layers: [0, 1, 2],
    exclude: ['o_proj'],
    rankPattern: { down_proj: 4 },
    bias: 'lora_only' as const,
    modulesToSave: ['lm_head'],
  };
  const settings = { ...balanced, lora, labelSmoothing: 0.1, neftuneAlpha: 5, patience: 0 };
  expect(words(settings, version, model, plan).Method).toBe(
    'DoRA, rank 16, on all linear layers, in 3 blocks of the model, without o_proj, some with a rank or alpha of ' +
      'their own, LoRA+ ratio 16, with biases, lm_head trained whole. AdamW, learning rate 2.0e-4, 28 warm-up ' +
      'steps, cosine to 0, label smoothing 0.1, NEFTune noise 5.',
  );
});

test('an early end says by what measure, and what gain is asked for', () => {
  const length = (changes: Partial<typeof balanced>) =>
    words({ ...balanced, patience: 3, ...changes }, version, model, plan).Length.replace(/^.* steps\. /, '');
  expect(length({})).toBe('Ends early after 3 validations without a better loss.');
  expect(length({ minimumGain: 0.01 })).toBe(
    'Ends early after 3 validations without a gain of more than 0.01 in the loss.',
  );
  expect(length({ validationMetric: 'accuracy' })).toBe(
    'Ends early after 3 validations without a gain in "Right labels (accuracy)".',
  );
});

test('the last layers, frozen parts and the run that it starts from are named', () => {
  const settings = {
    ...balanced,
    method: 'full' as const,
    lastLayers: 2,
    freeze: ['lm_head'],
    startFrom: { runId: 'r3', checkpoint: 'last' as const },
    optimizer: OPTIMIZER_DEFAULTS.lion,
    schedule: 'cosine_with_min_lr' as const,
  };
  const said = words(settings, version, model, plan, 3);
  expect(said.Method).toBe(
    'Full fine-tuning of the last 2 layers, without lm_head. Lion, learning rate 2.0e-4, 28 warm-up steps, cosine ' +
      'to a lowest rate.',
  );
  expect(said.Model).toBe(
    'SmolLM2-135M-Instruct. 4,884,480 of 134,515,008 weights are trained; the base folder stays as it is. ' +
      'The first weights are those of the last checkpoint of run 3.',
  );
});

test('the memory bar adds up to the memory of the computer, with the limit where the plan puts it', () => {
  const machine = { memoryBytes: 16e9, freeMemoryBytes: 9.8e9 };
  const bar = memoryBar(plan, machine);
  expect(bar.segments.map((segment) => segment.name)).toEqual([
    'Other programs',
    'Base model',
    'Activations',
    'Left over',
  ]);
  expect(bar.segments.reduce((sum, segment) => sum + segment.bytes, 0)).toBe(16e9);
  expect(bar.segments.reduce((sum, segment) => sum + segment.share, 0)).toBeCloseTo(1, 9);
  expect(bar.limitShare).toBeCloseTo(14 / 16, 9);
  expect(plain(verdictWords(plan))).toBe('Fits, 3.33 GB to spare');
});

test('a run on a card is planned with the memory of the card, where it is known', () => {
  const device = {
    name: 'Some card',
    driver: null,
    state: 'passed' as const,
    detail: '',
    remedy: '',
    verdict: null,
  };
  const machine = {
    memoryBytes: 16e9,
    freeMemoryBytes: 9.8e9,
    devices: [
      { ...device, provider: 'cpu' as const, memoryBytes: 16e9 },
      { ...device, provider: 'cuda' as const, memoryBytes: 8e9 },
      { ...device, provider: 'webgpu' as const, memoryBytes: null },
    ],
  };
  expect(memoryOf(machine, 'cuda')).toEqual({
    memoryBytes: 8e9,
    freeMemoryBytes: 8e9,
    of: 'the graphics card',
  });
  for (const provider of ['cpu', 'webgpu'] as const)
    expect(memoryOf(machine, provider)).toMatchObject({ memoryBytes: 16e9, of: 'this computer' });
});

test('a plan that is too large makes the bar longer than the memory and says by how much', () => {
  const large = {
    ...plan,
    memory: [{ name: 'Activations', bytes: 20e9 }],
    peakBytes: 20e9,
    verdict: 'too-large' as const,
  };
  const bar = memoryBar(large, { memoryBytes: 16e9, freeMemoryBytes: 9.8e9 });
  expect(bar.totalBytes).toBeCloseTo(26.2e9, 0);
  expect(bar.limitShare).toBeLessThan(0.6);
  expect(plain(verdictWords(large))).toBe('Too large by 12.2 GB');
});

test('what follows the run depends on the records that are kept out', () => {
  expect(plain(afterwardsWords(true, version))).toBe('Evaluate base against tuned on 262 test records.');
  const records = { train: 10, validation: 0, test: 0 };
  expect(afterwardsWords(true, { ...version, report: { ...version.report, records } })).toContain(
    'no test records',
  );
  expect(afterwardsWords(false, version)).toContain('later');
});

test('with early stopping the time of a preset is an upper bound', () => {
  expect(plain(presetTime(balanced, plan))).toBe('up to 1 h 38 min');
  expect(plain(presetTime({ ...balanced, patience: 0 }, plan))).toBe('about 1 h 38 min');
});
