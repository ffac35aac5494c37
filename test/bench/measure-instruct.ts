// Measures our side of the instruction benchmark in a process of its own; prints one line of JSON.
// Arguments: model folder, adapter folder, file of records, records per update, threads.
import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { adapterFor, readAdapter } from '../../main/models/adapter-files.ts';
import { openModel } from '../../main/models/load.ts';
import { loraSites } from '../../main/models/lora.ts';
import type { TrainingRecord } from '../../main/training/data.ts';
import { createTrainer } from '../../main/training/trainer.ts';
import { batchArrays } from '../../main/training/updates.ts';
import { type InstructMeasurement, type InstructRecord, planOf } from './instruct.ts';

const [modelFolder, adapterFolder, file, , threads] = process.argv.slice(2);
const { records: made } = JSON.parse(readFileSync(file, 'utf8')) as { records: InstructRecord[] };
const records = made.map(
  ({ ids, prompt }, i): TrainingRecord => ({
    recordId: String(i),
    ids: Int32Array.from(ids),
    trained: Uint8Array.from(ids, (_, place) => Number(place >= prompt)),
    labels: ids.length - prompt,
    truncated: false,
  }),
);
const model = openModel(modelFolder);
const adapter = readAdapter(adapterFolder);
const trainer = await createTrainer({
  model,
  lora: adapter.config,
  initial: adapterFor(adapter, loraSites(adapter.config, model.specs, model.architecture.outputModules)),
  optimizer: { kind: 'adamw', beta1: 0.9, beta2: 0.999, eps: 1e-8 },
  weightDecay: 0.01,
  maxGradNorm: 1,
  threads: Number(threads),
});
const result: InstructMeasurement = { seconds: 0, labels: 0, losses: [], peakBytes: 0 };
const began = performance.now();
const { steps, batchesOf } = planOf(made);
for (let step = 0; step < steps; step++) {
  let [lossSum, weight] = [0, 0];
  for (const plan of batchesOf(step)) {
    const batch = batchArrays(records, plan, 0);
    const part = await trainer.accumulate(batch);
    lossSum += part.lossSum;
    weight += part.weight;
    result.labels += batch.labels.length;
  }
  await trainer.update(1e-3);
  result.losses.push(lossSum / weight);
}
result.seconds = (performance.now() - began) / 1000;
result.peakBytes = process.resourceUsage().maxRSS * 1024;
console.log(JSON.stringify(result));
await trainer.release();
