import { expect, test } from 'vitest';
import { TrainSettings } from '../../../main/contract/runs.ts';
import { type PresetFacts, presetsFor } from '../../../main/training/presets.ts';

const facts = (changes: Partial<PresetFacts> & { parameters?: number } = {}): PresetFacts => ({
  model: { parameters: changes.parameters ?? 5e6 },
  records: 1000,
  validation: true,
  fits: true,
  ...changes,
});
const byId = (given: PresetFacts) =>
  Object.fromEntries(presetsFor(given).map((preset) => [preset.id, preset]));

test('all settings of all presets are valid', () => {
  for (const records of [1, 5, 340, 100_000]) {
    for (const { settings } of presetsFor(facts({ records }))) {
      expect(TrainSettings.safeParse(settings).success).toBe(true);
      expect(settings.batchSize).toBeLessThanOrEqual(records);
    }
  }
});

test('tiny models get ten times the rate of larger ones, and see a small dataset more often', () => {
  const [tiny, large] = [byId(facts({ records: 300 })), byId(facts({ records: 300, parameters: 1e9 }))];
  expect(tiny.balanced.settings).toMatchObject({ learningRate: 2e-3, epochs: 20, batchSize: 16 });
  expect(large.balanced.settings).toMatchObject({ learningRate: 2e-4, epochs: 3 });
  expect(tiny.balanced.settings.lora).toMatchObject({ rank: 16, alpha: 32, targets: 'all-linear' });
});

test('quick takes fewer passes than balanced, thorough more', () => {
  const { quick, balanced, thorough } = byId(facts());
  expect(quick.settings.epochs).toBeLessThan(balanced.settings.epochs);
  expect(thorough.settings.epochs).toBeGreaterThan(balanced.settings.epochs);
});

test('one preset is suggested: balanced, or least memory where that does not fit', () => {
  const suggested = (given: PresetFacts) =>
    presetsFor(given)
      .filter((preset) => preset.suggested)
      .map(({ id }) => id);
  expect(suggested(facts())).toEqual(['balanced']);
  expect(suggested(facts({ fits: false }))).toEqual(['least-memory']);
  expect(byId(facts())['least-memory'].settings).toMatchObject({ recompute: 'layer', microBatchTokens: 256 });
});

test('early stopping is on where validation can tell, and off for stated settings', () => {
  expect(byId(facts()).balanced.settings.patience).toBe(3);
  expect(byId(facts({ validation: false })).balanced.settings.patience).toBe(0);
  const stated = {
    rank: 8,
    alpha: 16,
    learningRate: 1e-3,
    batchSize: 4,
    epochs: 7,
    warmupSteps: 2,
    maxGradNorm: 1,
    weightDecay: 0,
    seed: 9,
  };
  const { settings } = byId(facts({ stated })).balanced;
  expect(settings).toMatchObject({
    learningRate: 1e-3,
    batchSize: 4,
    epochs: 7,
    warmupSteps: 2,
    seed: 9,
    patience: 0,
  });
  expect(settings.lora).toMatchObject({ rank: 8, alpha: 16 });
});

test('a model of random weights is trained whole, at rates that suit it, whatever is known to tune the data', () => {
  const untrained = (parameters: number, changes: Partial<PresetFacts> = {}) =>
    facts({ ...changes, model: { parameters, untrained: true } });
  const stated = {
    rank: 8,
    alpha: 16,
    learningRate: 1e-5,
    batchSize: 4,
    epochs: 7,
    warmupSteps: 2,
    maxGradNorm: 1,
    weightDecay: 0,
    seed: 9,
  };
  for (const preset of presetsFor(untrained(5e6, { stated }))) {
    expect(TrainSettings.safeParse(preset.settings).success).toBe(true);
    expect(preset.settings).toMatchObject({ method: 'full', learningRate: 1e-3, schedule: 'cosine' });
    expect(preset.description).not.toContain('adapter, ');
  }
  const [, balanced] = presetsFor(untrained(5e6));
  expect(balanced).toMatchObject({ suggested: true, settings: { patience: 3, weightDecay: 0.1 } });
  expect(balanced.description).toContain('drawn at random, so all of them are trained');
  const rates = [1e5, 5e6, 125e6, 350e6, 1.3e9].map(
    (parameters) => presetsFor(untrained(parameters))[1].settings.learningRate,
  );
  expect(rates).toEqual([5e-3, 1e-3, 6e-4, 3e-4, 2e-4]);
});
