import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { OptimizerSettings, type Plan, type TrainSettings } from '../../../main/contract/runs.ts';
import { writeAdapter } from '../../../main/models/adapter-files.ts';
import { openModel } from '../../../main/models/load.ts';
import { LoraConfig } from '../../../main/models/lora.ts';
import { planQuantized } from '../../../main/models/quantize.ts';
import { fitsOf, makePlan, type PlanInput, verdictOf } from '../../../main/training/plan.ts';
import { baseSettings } from '../../../main/training/presets.ts';
import type { SurveyedRecord } from '../../../main/training/survey.ts';
import { adapterTensors, createTrainer } from '../../../main/training/trainer.ts';
import { llamaFolder } from '../../helpers/tiny-model.ts';

const model = openModel(llamaFolder);

/** A record of `length` tokens whose last `learned` ones are trained. */
function surveyed(
  id: string,
  split: SurveyedRecord['split'],
  length: number,
  learned: number,
): SurveyedRecord {
  const trained = new Uint8Array(length);
  trained.fill(1, length - learned);
  return { id, split, hash: id, length, trained, end: { id: 2, expected: true }, refused: null };
}

const many = (count: number, split: SurveyedRecord['split'] = 'train', length = 30, learned = 10) =>
  Array.from({ length: count }, (_, i) => surveyed(`${split}${i}`, split, length, learned));

function planOf(
  records: SurveyedRecord[],
  changes: Partial<TrainSettings> = {},
  rest: Partial<
    Pick<PlanInput, 'model' | 'memoryBytes' | 'diskBytes' | 'gflops' | 'startFrom' | 'answers' | 'compare'>
  > = {},
): Plan {
  const facts = { model, records: Math.max(1, records.length), validation: true, fits: true };
  const settings = { ...baseSettings(facts), batchSize: 4, epochs: 1, ...changes };
  return makePlan({
    model,
    records,
    settings,
    endIds: [2],
    memoryBytes: 4e9,
    diskBytes: 1e9,
    gflops: 50,
    ...rest,
  });
}

const sentences = ({ checks }: Plan, state: string) =>
  checks.filter((check) => check.state === state).map(({ sentence }) => sentence);

test('the last, smaller update counts (field case C02), and tokens are those of all passes', () => {
  const plan = planOf(many(10), { epochs: 2 });
  expect(plan).toMatchObject({ stepsPerEpoch: 3, steps: 6, tokens: 600, trainedTokens: 200 });
  expect(plan.totalParameters).toBe(model.parameters);
  expect(plan.memory.reduce((sum, { bytes }) => sum + bytes, 0)).toBeCloseTo(plan.peakBytes, -1);
});

test('time grows with the passes and falls with the speed of the machine', () => {
  const once = planOf(many(200));
  expect(planOf(many(200), { epochs: 4 }).seconds).toBeGreaterThan(2 * once.seconds);
});

test('a pass of a small model costs more than its products, and more passes more', () => {
  const records = many(200, 'train', 30, 10);
  const fast = planOf(records, {}, { gflops: 1e6 });
  expect(fast.seconds).toBeGreaterThan(fast.steps * model.shape.layers * 0.005); // however fast products are
  const apart = planOf(records, { microBatchTokens: 32, packing: false }, { gflops: 1e6 });
  expect(apart.seconds).toBeGreaterThan(1.5 * fast.seconds);
});

test('a healthy dataset passes every check', () => {
  const plan = planOf([...many(10), ...many(2, 'validation'), ...many(2, 'test')]);
  expect(sentences(plan, 'failed')).toEqual([]);
  expect(sentences(plan, 'warning')).toEqual([]);
  expect(sentences(plan, 'passed')).toContain('No test record is in the training data.');
  expect(sentences(plan, 'passed')).toContain('The end of each answer is learned.');
});

test('nothing to learn at the length is a failed check with the numbers (field case C04)', () => {
  const plan = planOf(many(64, 'train', 35, 5), { maxLength: 16 });
  expect(sentences(plan, 'failed')).toContain(
    '64 of 64 records have no trained token at length 16. Raise the maximum length.',
  );
  const mixed = planOf(
    [
      ...many(56),
      ...many(8, 'train', 60, 5).map((one) => ({ ...one, id: `long${one.id}`, hash: `long${one.id}` })),
    ],
    { maxLength: 40 },
  );
  expect(sentences(mixed, 'failed')).toEqual([]);
  expect(sentences(mixed, 'warning')).toContain(
    '8 of 64 records have no trained token at length 40. They are left out.',
  );
  expect(mixed.tokens).toBe(56 * 30);
});

test('prompts that lose their beginning keep what is learned, and the plan counts it (field case C04)', () => {
  const framed = many(64, 'train', 35, 5).map((one) => ({ ...one, frame: { bos: 1, head: 1 } }));
  expect(sentences(planOf(framed, { maxLength: 16 }), 'failed')).toContain(
    '64 of 64 records have no trained token at length 16. ' +
      'Raise the maximum length, or cut the beginning of prompts instead.',
  );
  const plan = planOf(framed, { maxLength: 16, cut: 'prompt-start' });
  expect(sentences(plan, 'failed')).toEqual([]);
  expect([plan.tokens, plan.trainedTokens]).toEqual([64 * 16, 64 * 5]);
  expect(sentences(plan, 'warning')).toContain(
    '64 of 64 records are longer than 16 tokens and lose the beginning of their prompt; the longest has 35.',
  );
  const short = planOf(framed, { maxLength: 4, cut: 'prompt-start' });
  expect(sentences(short, 'warning').join()).toContain('prompt, 64 of them the end of the answer too;');
});

test('a test record in the training data fails the check', () => {
  const [leaked] = many(1, 'test');
  const plan = planOf([...many(5), { ...leaked, hash: 'train0' }]);
  expect(sentences(plan, 'failed')).toEqual([
    '1 test records are in the training data too, so a measurement would mean nothing.',
  ]);
});

test('an end that is not learned, cut records and a missing validation split are warnings', () => {
  const open = many(4).map((one) => ({ ...one, end: { id: 7, expected: true } }));
  const plan = planOf([...open, surveyed('long', 'train', 90, 60)], { maxLength: 64, patience: 3 });
  const warnings = sentences(plan, 'warning').join(' ');
  expect(warnings).toContain('4 of 4 records do not end with a learned end token');
  expect(warnings).toContain('1 of 5 records are longer than 64 tokens and are cut; the longest has 90.');
  expect(warnings).toContain('it cannot stop early');
});

test('a batch larger than the dataset is told', () => {
  expect(sentences(planOf(many(3), { batchSize: 16 }), 'warning').join()).toContain(
    'A batch of 16 is larger than the 3 training records',
  );
});

test('a quantized base takes its size on disk beside the checkpoints', () => {
  const plain = planOf(many(10));
  const quantized = planQuantized(model, 'int8');
  const plan = planOf(many(10), { quantization: 'int8' }, { model: quantized });
  expect(plan.diskBytes - plain.diskBytes).toBe(quantized.bytes);
  expect([plain.quantizedBytes, plan.quantizedBytes]).toEqual([0, quantized.bytes]);
  const [own, both] = [plain, plan].map((one) =>
    sentences(one, 'passed').find((said) => said.includes('disk')),
  );
  expect(own).toMatch(/^Checkpoints need \d+ MB of 1,000 MB free disk space\.$/);
  expect(both).toBe(own?.replace(/\.$/, ', and the base in few bits 1 MB, which later runs use too.'));
  const full = planOf(many(10), { quantization: 'int8' }, { model: quantized, diskBytes: 1e5 });
  expect(sentences(full, 'failed').join(' ')).toMatch(
    /Checkpoints need \d+ MB and the base in few bits 1 MB, but the disk has 1 MB free\./,
  );
});

test('too little memory or disk fails the checks', () => {
  const plan = planOf(many(10), {}, { memoryBytes: 50e6, diskBytes: 1e5 });
  expect(plan.verdict).toBe('too-large');
  expect(sentences(plan, 'failed').join(' ')).toMatch(/Choose "Least memory".* Checkpoints need/);
  expect([verdictOf(50, 100), verdictOf(90, 100), verdictOf(101, 100)]).toEqual([
    'fits',
    'tight',
    'too-large',
  ]);
});

test('refused records are told by the template’s sentence; an empty training split fails', () => {
  const refused = many(2).map((one) => ({
    ...one,
    length: 0,
    trained: new Uint8Array(),
    refused: 'No system role.',
    refusedByTemplate: true,
  }));
  expect(sentences(planOf(refused), 'failed').join()).toContain(
    'The chat template refuses 2 of 2 records: No system role.',
  );
  expect(sentences(planOf(many(2, 'test')), 'failed')).toContain('There is no training record.');
});

test('both methods get a verdict, with a time only where there is a dataset', () => {
  const input = { model, memoryBytes: 1e9, gflops: 50 };
  const [lora, full] = fitsOf({ ...input, records: many(50) });
  expect([lora.method, full.method]).toEqual(['lora', 'full']);
  expect(lora.secondsPerEpoch).toBeGreaterThan(0);
  expect(full.peakBytes).not.toBe(lora.peakBytes);
  const trained = (method: 'lora' | 'full') =>
    planOf(many(10), { method }).memory.find(({ name }) => name.startsWith('What is trained'))?.bytes ?? 0;
  expect(trained('lora')).toBeGreaterThan(0);
  expect(trained('full')).toBeGreaterThan(trained('lora'));
  expect(fitsOf({ ...input, records: null })[0].secondsPerEpoch).toBeNull();
});

test('the rates of the schedule come with the plan', () => {
  const rates = planOf(many(40), { learningRate: 1e-3, warmupSteps: 2, schedule: 'linear' }).learningRates;
  expect(rates).toHaveLength(11);
  expect([rates[0], rates[2], rates[10]]).toEqual([0, 1e-3, 0]);
});

test('a start from another run is told with the first rate of its new schedule (rule 7)', async () => {
  const lora = LoraConfig.parse({ r: 4, lora_alpha: 8, target_modules: ['q_proj'] });
  const adapter = { rank: 4, alpha: 8, targets: ['q_proj'] };
  const trainer = await createTrainer({
    model,
    lora,
    optimizer: { kind: 'sgd', momentum: 0 },
    weightDecay: 0,
    maxGradNorm: 0,
  });
  const folder = mkdtempSync(join(tmpdir(), 'tunesmith plan '));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
    return trainer.release();
  });
  writeAdapter(folder, lora, adapterTensors(trainer));
  const from = (changes: Partial<TrainSettings>, rank = 4) => {
    const { lora: usual } = baseSettings({ model, records: 10, validation: true, fits: true });
    const startFrom = { kind: 'adapter' as const, folder, run: 3, step: 120 };
    return planOf(many(10), { lora: { ...usual, ...adapter, rank }, ...changes }, { startFrom });
  };
  expect(sentences(from({ warmupSteps: 0, learningRate: 1e-4 }), 'passed')[0]).toBe(
    'The run starts from step 120 of run 3 with a new schedule: the first learning rate is 1.0e-4.',
  );
  expect(sentences(from({ warmupSteps: 2, learningRate: 1e-4 }), 'passed')[0]).toContain(
    'the first learning rate is 0, and the highest is 1.0e-4.',
  );
  expect(sentences(from({}, 8), 'failed')[0]).toMatch(/^The weights of run 3 do not fit this recipe/);
});

test('states in 8 bits are refused on a graphics card before the start, with what to choose', () => {
  const optimizer = OptimizerSettings.parse({ kind: 'adamw8bit' });
  const small = planOf(many(10), { optimizer, provider: 'webgpu' });
  expect(sentences(small, 'failed')).toContain(
    'The states of "adamw8bit" have 8 bits, which works on the processor only, and the run is on webgpu. Choose AdamW, or train on the processor.',
  );
  expect(sentences(planOf(many(10), { optimizer }), 'failed')).toEqual([]);
});

test('each policy is planned beside the chosen one: less memory for more time', () => {
  const plan = planOf(many(40, 'train', 120), { batchSize: 20 }, { compare: true });
  expect(plan.policies.map(({ recompute }) => recompute)).toEqual(['off', 'selective', 'layer']);
  const [off, selective, layer] = plan.policies;
  expect(off).toMatchObject({ peakBytes: plan.peakBytes, seconds: plan.seconds, verdict: plan.verdict });
  expect(selective.peakBytes).toBeLessThan(off.peakBytes);
  expect(layer.seconds).toBeGreaterThan(off.seconds);
  expect(plan.nearest).toBeNull();
  expect(planOf(many(40)).policies).toEqual([]);
});

test('a plan that is too large comes with the nearest setting that fits', () => {
  const records = many(40, 'train', 120);
  const nearest = (memoryBytes: number) =>
    planOf(records, { batchSize: 20 }, { compare: true, memoryBytes }).nearest;
  const [off, selective] = planOf(records, { batchSize: 20 }, { compare: true }).policies;
  expect(nearest(off.peakBytes - 1)).toMatchObject({
    recompute: 'selective',
    microBatchTokens: 0,
    cuts: false,
  });
  const smaller = nearest(selective.peakBytes - 1);
  expect(smaller?.recompute).toBe('layer');
  expect(smaller?.peakBytes).toBeLessThan(selective.peakBytes);
  expect(nearest(1e6)).toBeNull();
});

test('what a run keeps beside its largest pass has names: other graphs, answers, records', () => {
  const records = Array.from({ length: 40 }, (_, i) => surveyed(`r${i}`, 'train', 20 + 6 * i, 10));
  const options = { packing: false, microBatchTokens: 256, batchSize: 8 };
  const bytesOf = ({ memory }: Plan, wanted: string) =>
    memory.find(({ name }) => name === wanted)?.bytes ?? 0;
  const [alone, validated] = [
    planOf(records, options),
    planOf([...records, ...many(6, 'validation')], options),
  ];
  const graphs = bytesOf(alone, 'Graphs of other shapes');
  expect(graphs).toBeGreaterThan(0);
  expect(bytesOf(alone, 'Sample answers')).toBe(0);
  expect(bytesOf(validated, 'Sample answers')).toBeGreaterThan(0);
  expect(bytesOf(validated, 'Graphs of other shapes')).toBeGreaterThan(graphs);
  const silent = planOf([...records, ...many(6, 'validation')], options, { answers: false });
  expect(bytesOf(silent, 'Sample answers')).toBe(0);
  const asked = planOf([...records, ...many(6, 'validation')], {
    ...options,
    samplePrompts: Array(8).fill('a'),
  });
  expect(bytesOf(asked, 'Sample answers')).toBeGreaterThan(bytesOf(validated, 'Sample answers'));
  expect(bytesOf(planOf(many(40), options), 'Graphs of other shapes')).toBeLessThan(graphs); // all of one length
  expect(validated.memory.reduce((sum, { bytes }) => sum + bytes, 0)).toBeCloseTo(validated.peakBytes, -1);
});

test('of shapes with as many tokens, the longest rows take most: their tokens see most others', () => {
  const values = (lengths: readonly number[]) => {
    const records = lengths.map((length, i) => surveyed(`r${i}`, 'train', length, 10));
    const { memory } = planOf(records, { packing: false, microBatchTokens: 256, batchSize: 16 });
    return memory.find(({ name }) => name === 'Activations')?.bytes ?? 0;
  };
  const [short, long] = [Array(8).fill(64), [256]];
  expect(values(long)).toBeGreaterThan(values(short));
  expect(values([...short, ...long])).toBe(values(long));
  expect(values([...long, ...short])).toBe(values(long));
});
