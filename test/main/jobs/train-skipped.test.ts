// The setting `precision` through the train job: encoders, pairs and a quantized base learn in half as in float32, and an
// update that is left out is told.
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DatasetRecord } from '../../../main/contract/datasets.ts';
import type { TrainSettings } from '../../../main/contract/runs.ts';
import { train } from '../../../main/jobs/train.ts';
import { checkpointFolder } from '../../../main/training/checkpoint.ts';
import { jobContext } from '../../helpers/tiny-model.ts';
import { bertFolder, copyRecords, messageRecords, t5Folder, taskInput } from '../../helpers/tiny-tasks.ts';

let parent = '';
beforeAll(() => {
  parent = mkdtempSync(join(tmpdir(), 'tunesmith-half-'));
});
afterAll(() => rmSync(parent, { recursive: true, force: true }));

async function trained(
  base: string,
  records: readonly DatasetRecord[],
  changes: Partial<TrainSettings> & { name: string },
) {
  const { context, collected } = jobContext<'train'>();
  const { validationLoss } = await train.run(taskInput(parent, base, records, changes), context);
  return { loss: validationLoss as number, events: JSON.stringify(collected.events) };
}

test.each<[string, (parent: string) => string, () => DatasetRecord[], Partial<TrainSettings>]>([
  ['a classifier', bertFolder, messageRecords, { learningRate: 1e-2, epochs: 2 }],
  ['pairs', t5Folder, copyRecords, { learningRate: 2e-2, epochs: 2, recompute: 'layer' }],
  [
    'pairs on a base in 8 bits',
    t5Folder,
    copyRecords,
    { learningRate: 2e-2, epochs: 2, quantization: 'int8' },
  ],
])(
  '%s: the validation loss is that of float32 within the noise of rounding',
  async (what, folderIn, recordsOf, settings) => {
    const base = folderIn(mkdtempSync(join(parent, 'base-')));
    const run = (precision: TrainSettings['precision']) =>
      trained(base, recordsOf(), { name: `${what} ${precision}`, ...settings, precision });
    const { loss } = await run('fp32');
    for (const precision of ['bf16', 'fp16'] as const) {
      const half = await run(precision);
      expect(half.loss).not.toBe(loss);
      // sixteen and more updates add up what each rounds; fp16 keeps three binary digits more
      expect(Math.abs(half.loss / loss - 1), precision).toBeLessThan(precision === 'bf16' ? 0.05 : 0.01);
    }
  },
);

/** Changes a checkpoint, and its manifest with it. */
function withLossScale(folder: string, scale: number): void {
  const file = join(folder, 'state.json');
  const state = JSON.parse(readFileSync(file, 'utf8'));
  const text = JSON.stringify({ ...state, lossScale: { ...state.lossScale, scale } });
  writeFileSync(file, text);
  const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));
  const sha256 = createHash('sha256').update(text).digest('hex');
  const files = manifest.files.map((one: { name: string }) =>
    one.name === 'state.json' ? { ...one, bytes: text.length, sha256 } : one,
  );
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify({ ...manifest, files }));
}

test('an update that is left out is told with the new scale, and the run goes on', async () => {
  const base = bertFolder(mkdtempSync(join(parent, 'base-')));
  const settings = { name: 'skipping', precision: 'fp16', epochs: 1, checkpointEvery: 1 } as const;
  const input = taskInput(parent, base, messageRecords(), settings);
  const stop = new AbortController();
  const { context } = jobContext<'train'>(stop.signal);
  await train.run(input, {
    ...context,
    emit: (name: string) => name === 'checkpoint' && stop.abort(),
  } as typeof context);
  withLossScale(checkpointFolder(input.runFolder, 1), 2 ** 60);
  const again = jobContext<'train'>();
  const { step } = await train.run({ ...input, resume: true }, again.context);
  expect(step).toBeGreaterThan(2);
  const events = JSON.stringify(again.collected.events);
  expect(events).toContain(
    `Update 2 was left out, since its gradients were too large for float16; the loss scale is now ${2 ** 59}.`,
  );
});
