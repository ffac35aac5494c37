// Trains an adapter for a few steps on a model folder and exports it in both formats, with the logits that
// the app itself computes, for check-exports.py to hold against PEFT and transformers:
//   node main/bootstrap.mjs test/reference/write-exports.ts OUT [MODEL]
//   python test/reference/check-exports.py MODEL OUT/adapter OUT/merged OUT/logits.json
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parityTexts } from '../../main/exporters/parity.ts';
import { openTuned } from '../../main/inference/weights.ts';
import { exportModel } from '../../main/jobs/export.ts';
import type { JobContext } from '../../main/jobs/job.ts';
import { openModel } from '../../main/models/load.ts';
import { writeAdapter } from '../../main/models/adapter-files.ts';
import { LoraConfig } from '../../main/models/lora.ts';
import { loadTokenizer } from '../../main/tokens/tokenizer.ts';
import { adapterTensors, createTrainer } from '../../main/training/trainer.ts';
import { writeLogits } from '../helpers/stored-logits.ts';

const steps = 8;

/** A context for jobs that run here instead of in an engine process. */
const context: JobContext<'export'> = {
  progress: () => {},
  emit: () => {},
  signal: new AbortController().signal,
  unlessPaused: async () => {},
  answer: async () => {},
};

async function writeExports(out: string, folder: string): Promise<void> {
  const model = openModel(folder);
  const tokenizer = await loadTokenizer(folder);
  const texts = await parityTexts(tokenizer, model.shape.contextLength);
  const lora = LoraConfig.parse({ r: 8, lora_alpha: 16, target_modules: 'all-linear' });
  const trainer = await createTrainer({
    model,
    lora,
    optimizer: { kind: 'adamw', beta1: 0.9, beta2: 0.999, eps: 1e-8 },
    weightDecay: 0,
    maxGradNorm: 1,
    seed: 1,
  });
  for (let step = 0; step < steps; step++) {
    const ids = texts[step % texts.length];
    await trainer.accumulate({
      rows: 1,
      width: ids.length,
      inputIds: Int32Array.from(ids),
      positionIds: Int32Array.from(ids, (_, i) => i),
      labelRows: Int32Array.from(ids.slice(1), (_, i) => i),
      labels: Int32Array.from(ids.slice(1)),
      weights: new Float32Array(ids.length - 1).fill(1),
    });
    await trainer.update(5e-3);
  }
  const checkpoint = join(out, 'checkpoint');
  mkdirSync(checkpoint, { recursive: true });
  writeAdapter(checkpoint, lora, adapterTensors(trainer));
  await trainer.release();

  const tuned = { kind: 'adapter', folder: checkpoint } as const;
  for (const [name, format, options] of [
    ['adapter', 'lora-adapter', {}],
    ['merged', 'hugging-face', {}],
    ['merged-float16', 'hugging-face', { dtype: 'float16' }],
  ] as const) {
    const input = { format, options, modelFolder: folder, tuned, folder: join(out, name), lineage: {} };
    const { parity } = await exportModel.run(input, context);
    process.stdout.write(`${name}: ${parity.sentence}\n`);
  }
  await writeLogits(openTuned(model, tuned), join(out, 'logits.json'));
}

const [out, folder = join(import.meta.dirname, 'llama')] = process.argv.slice(2);
if (out === undefined) {
  process.stderr.write('Name a new folder for the exports.\n');
  process.exitCode = 2;
} else {
  await writeExports(resolve(out), resolve(folder));
}
