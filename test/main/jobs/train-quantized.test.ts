// Training over a quantized base in a real engine process: made once with its progress shown, its cost told
// before the first step, resumed with the same bits, and stored as an adapter of the original model.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { TrainSettings } from '../../../main/contract/runs.ts';
import type { TrainInput } from '../../../main/jobs/job.ts';
import { answersOnTheWay } from '../../../main/jobs/train-quantized.ts';
import { readAdapter } from '../../../main/models/adapter-files.ts';
import { openModel } from '../../../main/models/load.ts';
import { crashSettings, fingerprint, prepareScenario, runToEnd, startEngine } from '../../crash/scenario.ts';

let folder = '';
let scenario: ReturnType<typeof prepareScenario>;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tunesmith quantized ø # %20-'));
  scenario = prepareScenario(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const inputOf = (name: string, settings: Partial<TrainSettings> = {}, resume = false): TrainInput => ({
  runFolder: join(folder, name),
  ...scenario,
  quantizedFolder: join(folder, 'home', 'quantized'),
  settings: { ...crashSettings, epochs: 1, quantization: 'nf4', ...settings },
  lineage: {},
  memoryBytes: 4e9,
  resume,
});

it('makes the base, says what it saves and costs, and trains an adapter of the original model', async () => {
  const { result, error, frames } = await runToEnd(inputOf('whole'));
  expect(error).toBeUndefined();
  expect(result).toMatchObject({ step: 10, stopped: false });
  const said = JSON.stringify(frames);
  expect(said).toContain('Quantizing the model to NF4.'); // the phase: of progress only the latest ten a second travel
  expect(said).toMatch(
    /Base in 4 bits \(NF4\): [\d.]+ MB instead of [\d.]+ MB; perplexity [\d.]+ instead of [\d.]+ on 8 validation records\./,
  );
  expect(said).toContain('The adapter is evaluated and used in chat over the base in 4 bits (NF4).');
  expect(readdirSync(join(folder, 'home', 'quantized'))).toHaveLength(1);
  const [name] = readdirSync(join(folder, 'whole', 'checkpoints'));
  const { tensors } = readAdapter(join(folder, 'whole', 'checkpoints', name));
  expect([...tensors.keys()].every((tensor) => /\.lora_[AB]\.weight$/.test(tensor))).toBe(true);
});

it('goes on where it was killed, over the same quantized base, and ends with the same bits', async () => {
  const engine = startEngine(inputOf('killed'));
  await new Promise<void>((resolve) => {
    engine.onFrame((frame) => {
      if (frame.type === 'event' && frame.name === 'checkpoint') resolve();
    });
  });
  engine.kill();
  await engine.ended;
  const { result, frames } = await runToEnd(inputOf('killed', {}, true));
  expect(result).toMatchObject({ step: 10, stopped: false });
  expect(JSON.stringify(frames)).toContain('Checking the quantized model.');
  expect(JSON.stringify(frames)).not.toMatch(/quantizing the model to NF4/i);
  expect(fingerprint(join(folder, 'killed'))).toEqual(fingerprint(join(folder, 'whole')));
});

it('full fine-tuning over a quantized base is refused with the reason', async () => {
  const { error } = await runToEnd(inputOf('full', { method: 'full' }));
  expect(error).toMatchObject({ code: 'settings-unfit' });
});

it('large models write no sample answers beside their quantized base', () => {
  const model = openModel(scenario.modelFolder);
  const large = { ...model, bytes: 2e9 };
  expect(answersOnTheWay(inputOf('any'), model)).toBe(true);
  expect(answersOnTheWay(inputOf('any'), large)).toBe(false);
  expect(answersOnTheWay(inputOf('any', { quantization: 'none' }), large)).toBe(true);
});
