// Measures our side of the training benchmark in a process of its own; prints one line of JSON.
// Arguments: model folder, adapter folder, rows, width, threads, steps, recompute policy.
import { performance } from 'node:perf_hooks';
import { adapterFor, readAdapter } from '../../main/models/adapter-files.ts';
import { openModel } from '../../main/models/load.ts';
import { loraSites } from '../../main/models/lora.ts';
import { createTrainer } from '../../main/training/trainer.ts';
import type { StepMeasurement } from './train.ts';

const [modelFolder, adapterFolder, rows, width, threads, steps, recompute = 'off'] = process.argv.slice(2);
const start = performance.now();
const model = openModel(modelFolder);
const adapter = readAdapter(adapterFolder);
const trainer = await createTrainer({
  model,
  lora: adapter.config,
  initial: adapterFor(adapter, loraSites(adapter.config, model.specs, model.architecture.outputModules)),
  optimizer: { kind: 'adamw', beta1: 0.9, beta2: 0.999, eps: 1e-8 },
  weightDecay: 0.01,
  maxGradNorm: 1,
  recompute: recompute as 'off' | 'selective',
  threads: Number(threads),
});
const [batch, seq] = [Number(rows), Number(width)];
const places = batch * seq;
const ids = Int32Array.from({ length: places }, (_, i) => (i * 7919 + 13) % model.shape.vocabularySize);
const labelRows: number[] = [];
for (let i = 0; i < places; i++) if (i % seq !== seq - 1) labelRows.push(i);
const arrays = {
  rows: batch,
  width: seq,
  inputIds: ids,
  positionIds: Int32Array.from({ length: places }, (_, i) => i % seq),
  labelRows: Int32Array.from(labelRows),
  labels: Int32Array.from(labelRows, (row) => ids[row + 1]),
  weights: new Float32Array(labelRows.length).fill(1),
};
const result: StepMeasurement = { seconds: [], losses: [], peakBytes: 0, setupSeconds: 0, compileSeconds: 0 };
for (let step = 0; step < Number(steps); step++) {
  const began = performance.now();
  const { lossSum, weight } = await trainer.accumulate(arrays);
  await trainer.update(1e-3);
  const ended = performance.now();
  result.losses.push(lossSum / weight);
  if (step === 0) {
    result.setupSeconds = (ended - start) / 1000;
    result.compileSeconds = trainer.compileSeconds;
  }
  if (step > 0) result.seconds.push((ended - began) / 1000);
}
result.peakBytes = process.resourceUsage().maxRSS * 1024;
console.log(JSON.stringify(result));
