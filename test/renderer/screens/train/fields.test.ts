import { expect, test } from 'vitest';
import type { TrainSettings } from '../../../../main/contract/runs.ts';
import type { Machine } from '../../../../main/contract/settings.ts';
import { taskTypeOf } from '../../../../main/training/tasks/index.ts';
import {
  changedFields,
  faultsOf,
  fieldText,
  findFields,
  parseNumber,
  presentChoices,
  resetField,
  valueAt,
  withValue,
} from '../../../../renderer/screens/train/fields.ts';
import { FIELDS, OPTIMIZER_DEFAULTS } from '../../../../renderer/screens/train/groups.ts';
import { balanced } from './settings.ts';

const paths = (fields: { path: string }[]): string[] => fields.map((field) => field.path);

/** Fields whose value is a list, a table of names, or a choice of run: one field, not one for each entry. */
const whole = new Set(['startFrom', 'lora.rankPattern', 'lora.alphaPattern']);

test('every leaf of the training settings has exactly one field, of every optimizer', () => {
  const leaves = (value: object, prefix = ''): string[] =>
    Object.entries(value).flatMap(([key, inner]) => {
      const nested = typeof inner === 'object' && inner !== null && !Array.isArray(inner);
      return nested && !whole.has(`${prefix}${key}`) ? leaves(inner, `${key}.`) : [`${prefix}${key}`];
    });
  const shown = new Set(paths(FIELDS));
  expect(shown.size).toBe(FIELDS.length);
  for (const kind of Object.keys(OPTIMIZER_DEFAULTS)) {
    const settings = withValue(balanced, 'optimizer.kind', kind);
    const expected = leaves(settings).filter((leaf) => leaf !== 'version');
    for (const leaf of expected) expect(shown, leaf).toContain(leaf);
    const hidden = ['optimizer.', 'scheduleDetails.', 'startFrom.'];
    const others = [...shown].filter((path) => !hidden.some((start) => path.startsWith(start)));
    expect(expected).toEqual(expect.arrayContaining(others));
  }
});

test('each schedule shows the details that it reads, and no others', () => {
  const detailsOf = (schedule: TrainSettings['schedule']) =>
    paths(findFields('', { ...balanced, schedule }, {}, 'causal').flatMap(({ fields }) => fields))
      .filter((path) => path.startsWith('scheduleDetails.'))
      .map((path) => path.slice('scheduleDetails.'.length));
  expect(detailsOf('linear')).toEqual([]);
  expect(detailsOf('constant')).toEqual([]);
  expect(detailsOf('cosine_with_restarts')).toEqual(['cycles']);
  expect(detailsOf('polynomial')).toEqual(['power', 'minimum']);
  expect(detailsOf('warmup_stable_decay')).toEqual(['minimum', 'decaySteps', 'warmupShape', 'decayShape']);
});

test('starting from another run is one change, and reset goes back to the base model', () => {
  const started = withValue(balanced, 'startFrom', { runId: 'r3', checkpoint: 'best' });
  expect(paths(changedFields(started, balanced, 'causal'))).toEqual(['startFrom']);
  const last = withValue(started, 'startFrom.checkpoint', 'last');
  expect(paths(changedFields(last, balanced, 'causal'))).toEqual(['startFrom', 'startFrom.checkpoint']);
  expect(resetField(last, balanced, 'startFrom.checkpoint')).toEqual(started);
  expect(resetField(last, balanced, 'startFrom').startFrom).toBeNull();
});

test('a changed value marks its field, and reset takes the mark away', () => {
  const changed = withValue(balanced, 'lora.dropout', 0.05);
  expect(paths(changedFields(changed, balanced, 'causal'))).toEqual(['lora.dropout']);
  expect(changed.lora.rank).toBe(balanced.lora.rank);
  expect(resetField(changed, balanced, 'lora.dropout')).toEqual(balanced);
});

test('another optimizer is one change and brings its usual values', () => {
  const sgd = withValue(balanced, 'optimizer.kind', 'sgd');
  expect(sgd.optimizer).toEqual({ kind: 'sgd', momentum: 0.9, dampening: 0, nesterov: false });
  expect(paths(changedFields(sgd, balanced, 'causal'))).toEqual(['optimizer.kind']);
  expect(paths(changedFields(withValue(sgd, 'optimizer.momentum', 0.5), balanced, 'causal'))).toEqual([
    'optimizer.kind',
    'optimizer.momentum',
  ]);
  expect(resetField(sgd, balanced, 'optimizer.kind').optimizer).toEqual(balanced.optimizer);
});

test('a field without effect is neither shown nor counted as changed', () => {
  const full = withValue(withValue(balanced, 'lora.rank', 64), 'method', 'full');
  expect(paths(changedFields(full, balanced, 'causal'))).toEqual(['method']);
  expect(paths(findFields('rank', full, {}, 'causal').flatMap((group) => group.fields))).toEqual([]);
});

test('a field that the runs of a model do not read is hidden and never counts as changed', () => {
  const all = { ...balanced, cut: 'prompt-start' as const, packing: !balanced.packing, neftuneAlpha: 5 };
  const read = { cut: 'cutsPrompts', packing: 'packs', neftuneAlpha: 'takesNoise' } as const;
  for (const task of ['causal', 'encoder', 'seq2seq'] as const) {
    const objective = task === 'encoder' ? 'classification' : 'causal-lm';
    const type = taskTypeOf({ architecture: { task }, objective, rawConfig: {} });
    const expected = Object.entries(read).flatMap(([path, trait]) => (type[trait] ? [path] : []));
    expect(paths(changedFields(all, balanced, task)), task).toEqual(expected);
    const shown = paths(findFields('', all, {}, task).flatMap(({ fields }) => fields));
    expect(
      shown.filter((path) => path in read),
      task,
    ).toEqual(expected);
  }
});

test('the search finds a setting by label, path and help, with or without the hyphen', () => {
  const help = { patience: { label: 'Stop after', unit: '', help: 'Early stopping: ends without gain.' } };
  const found = (query: string): string[] =>
    paths(findFields(query, balanced, help, 'causal').flatMap((group) => group.fields));
  expect(found('warm-up')).toEqual(['warmupSteps']);
  expect(found('warmup')).toEqual(['warmupSteps']);
  expect(found('early stopping gain')).toEqual(['patience']);
  expect(found('lora.dropout')).toEqual(['lora.dropout']);
  expect(found('zebra')).toEqual([]);
  expect(found('')).toContain('seed');
});

test('all faults are reported at once, each at its field, as a sentence', () => {
  const bad: TrainSettings = {
    ...balanced,
    epochs: 0,
    batchSize: 2.5,
    learningRate: Number.NaN,
    lora: { ...balanced.lora, rank: 0, targets: [] },
  };
  expect(faultsOf(bad)).toEqual({
    epochs: 'Enter more than 0.',
    batchSize: 'Enter a whole number.',
    learningRate: 'Enter a number.',
    'lora.rank': 'Enter 1 or more.',
    'lora.targets': 'Choose at least one layer.',
  });
  expect(faultsOf(balanced)).toEqual({});
});

test('numbers are read as people write them and shown as the field writes them', () => {
  expect(parseNumber(' 2e-4 ')).toBe(0.0002);
  expect(parseNumber('0,05')).toBe(0.05);
  expect(parseNumber('−3')).toBe(-3);
  expect(parseNumber('')).toBeNull();
  expect(parseNumber('12 steps')).toBeNull();
  expect(fieldText({ type: 'scientific' }, 0.0002)).toBe('2.0e-4');
  expect(fieldText({ type: 'scientific' }, 1.5e-5)).toBe('1.5e-5');
  expect(fieldText({ type: 'integer' }, 16)).toBe('16');
});

test('a path that the recipe does not have is undefined', () => {
  expect(valueAt(balanced, 'optimizer.momentum')).toBeUndefined();
  expect(valueAt(balanced, 'lora.rank')).toBe(16);
});

test('only devices of this computer are offered, with what stands between them and a run', () => {
  const kind = FIELDS.find(({ path }) => path === 'provider')?.kind;
  const choices = kind?.type === 'choice' ? kind.choices : [];
  const machineWith = (states: Partial<Record<Device['provider'], Device['state']>>) => ({
    devices: Object.entries(states).map(([provider, state]) => ({ provider, state }) as Device),
  });
  const labels = (machine: Pick<Machine, 'devices'> | null, chosen = 'cpu') =>
    presentChoices(choices, machine, chosen).map(({ label }) => label);
  expect(labels(null)).toEqual(['Processor']);
  expect(labels(machineWith({ cpu: 'ready', webgpu: 'absent', cuda: 'absent' }))).toEqual(['Processor']);
  expect(labels(machineWith({ webgpu: 'passed' }))).toEqual(['Processor', 'WebGPU']);
  expect(labels(machineWith({ webgpu: 'not-checked', cuda: 'refused' }))).toEqual([
    'Processor',
    'WebGPU, checked first',
    'CUDA: computes wrongly',
  ]);
  expect(labels(machineWith({ webgpu: 'absent' }), 'webgpu')).toEqual(['Processor', 'WebGPU: not here']);
});

type Device = Machine['devices'][number];

test('a measure to judge validations by is offered for encoders, and a least gain where a run may end early', () => {
  const shown = (changes: Partial<TrainSettings>, task: 'causal' | 'encoder') =>
    paths(findFields('', { ...balanced, ...changes }, {}, task).flatMap(({ fields }) => fields));
  expect(shown({}, 'causal')).not.toContain('validationMetric');
  expect(shown({}, 'encoder')).toContain('validationMetric');
  expect(shown({ validationMetric: 'accuracy' }, 'causal')).toContain('validationMetric'); // or it could not be changed
  expect(shown({ patience: 3 }, 'causal')).toContain('minimumGain');
  expect(shown({ patience: 0 }, 'causal')).not.toContain('minimumGain');
});
