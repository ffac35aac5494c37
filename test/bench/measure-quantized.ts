// Peak memory of a LoRA run over a quantized base of TinyLlama's shape (1.1 billion random weights): makes the model in a
// process of its own, quantizes it, trains two steps of 1 x 512, and prints one line of JSON.
// Arguments: kind (nf4), recompute policy (selective), threads (2), folder to keep model and cache in (temporary).
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { sizeOf } from '../../main/compiler/shape.ts';
import type { Recompute } from '../../main/models/builder.ts';
import { architectureFor } from '../../main/models/index.ts';
import { openModel } from '../../main/models/load.ts';
import { LoraConfig } from '../../main/models/lora.ts';
import { openQuantized } from '../../main/models/quantize.ts';
import type { QuantizationKind } from '../../main/models/quantize-blocks.ts';
import { fromFloat32, writeSafetensors } from '../../main/models/safetensors.ts';
import { createRandom } from '../../main/tokens/random.ts';
import { allocatorEnvironment } from '../../main/training/allocator.ts';
import { createTrainer } from '../../main/training/trainer.ts';

const config = {
  model_type: 'llama',
  vocab_size: 32000,
  hidden_size: 2048,
  intermediate_size: 5632,
  num_hidden_layers: 22,
  num_attention_heads: 32,
  num_key_value_heads: 4,
  max_position_embeddings: 2048,
  rms_norm_eps: 1e-5,
  tie_word_embeddings: false,
};
const width = 512;

const { values, positionals } = parseArgs({
  options: { part: { type: 'string' } },
  allowPositionals: true,
});
const [kind = 'nf4', recompute = 'selective', threads = '2', kept] = positionals;
if (values.part === 'make') makeModel(kept);
else if (values.part === 'train') await train(kept);
else runParts();

/** Each part is a process of its own, so that the peak is that of quantizing and training alone. */
function runParts(): void {
  const folder = kept ?? mkdtempSync(join(tmpdir(), 'tunesmith-quantized-'));
  const run = (part: string) => {
    const options = [
      ...process.execArgv,
      import.meta.filename,
      '--part',
      part,
      kind,
      recompute,
      threads,
      folder,
    ];
    const env = { ...process.env, ...allocatorEnvironment() };
    const { status } = spawnSync(process.execPath, options, { stdio: 'inherit', env });
    if (status !== 0) throw new Error(`the part "${part}" failed`);
  };
  try {
    if (!existsSync(join(folder, 'config.json'))) run('make');
    run('train');
  } finally {
    if (kept === undefined) rmSync(folder, { recursive: true, force: true });
  }
}

/** bfloat16 weights from a pool of normal numbers, one tensor in memory at a time. */
function makeModel(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const architecture = architectureFor('llama');
  if (architecture === undefined) throw new Error('llama is known');
  const random = createRandom(1);
  const pool = fromFloat32(
    Float32Array.from({ length: 1 << 20 }, () => 0.02 * random.normal()),
    'bfloat16',
  );
  const drawn = (size: number): Uint8Array => {
    const bytes = new Uint8Array(2 * size);
    for (let at = 0; at < bytes.length; ) {
      const from = 2 * random.below(pool.length / 4);
      const piece = pool.subarray(from, Math.min(pool.length, from + bytes.length - at));
      bytes.set(piece, at);
      at += piece.length;
    }
    return bytes;
  };
  const ones = (size: number) => fromFloat32(new Float32Array(size).fill(1), 'bfloat16');
  writeSafetensors(
    join(folder, 'model.safetensors'),
    architecture.tensors(architecture.Config.parse(config)).map(({ name, shape, kind: tensorKind }) => ({
      name,
      shape,
      dtype: 'bfloat16',
      bytes: () => (tensorKind === 'norm' ? ones : drawn)(sizeOf(shape)),
    })),
  );
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
}

async function train(folder: string): Promise<void> {
  const original = openModel(folder);
  const start = performance.now();
  const model = await openQuantized(original, kind as QuantizationKind, join(folder, 'quantized'));
  const quantizeSeconds = (performance.now() - start) / 1000;
  const peakOf = () => process.resourceUsage().maxRSS * 1024;
  const quantizePeakBytes = peakOf();
  const trainer = await createTrainer({
    model,
    lora: LoraConfig.parse({ r: 16, lora_alpha: 32, target_modules: 'all-linear' }),
    optimizer: { kind: 'adamw', beta1: 0.9, beta2: 0.999, eps: 1e-8 },
    weightDecay: 0.01,
    maxGradNorm: 1,
    recompute: recompute as Recompute,
    threads: Number(threads),
  });
  const ids = Int32Array.from({ length: width }, (_, i) => (i * 7919 + 13) % config.vocab_size);
  const batch = {
    rows: 1,
    width,
    inputIds: ids,
    positionIds: ids.map((_, i) => i),
    labelRows: Int32Array.from({ length: width - 1 }, (_, i) => i),
    labels: ids.slice(1),
    weights: new Float32Array(width - 1).fill(1),
  };
  const steps: { seconds: number; loss: number }[] = [];
  for (let step = 0; step < 2; step++) {
    const began = performance.now();
    const { lossSum, weight } = await trainer.accumulate(batch);
    await trainer.update(1e-3);
    steps.push({ seconds: (performance.now() - began) / 1000, loss: lossSum / weight });
  }
  await trainer.release();
  const result = {
    kind,
    recompute,
    parameters: original.parameters,
    originalBytes: original.bytes,
    quantizedBytes: model.bytes,
    quantizeSeconds,
    quantizePeakBytes,
    trainable: trainer.trainable,
    steps,
    peakBytes: peakOf(),
  };
  console.log(JSON.stringify(result));
}
