// The memory plan against what a process really takes: each case trains two steps in a process of its own, and the
// predicted peak is set against its largest resident size. Then our peak against PyTorch + PEFT, both without and both with
// recomputation, where `TUNESMITH_PYTHON` names a Python that has torch, transformers and peft.
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TrainSettings } from '../../main/contract/runs.ts';
import { type Model, openModel } from '../../main/models/load.ts';
import { writeScratchModel } from '../../main/models/scratch.ts';
import { prepare } from '../../main/training/feeds.ts';
import { predictStep, trainedOf } from '../../main/training/memory.ts';
import { baseSettings } from '../../main/training/presets.ts';
import type { BatchArrays } from '../../main/training/trainer.ts';
import { type Bench, jsonOf, jsonOfTraining } from './bench.ts';
import { prepareSmol, type StepMeasurement } from './train.ts';

const special = { bos_token_id: 1, eos_token_id: 2, pad_token_id: 0, torch_dtype: 'float32' };

/** Configurations with random weights, by name. */
const models = {
  /** 73 M */
  llama: {
    model_type: 'llama',
    vocab_size: 32000,
    hidden_size: 576,
    intermediate_size: 1536,
    num_hidden_layers: 15,
    num_attention_heads: 9,
    num_key_value_heads: 3,
    max_position_embeddings: 2048,
    rms_norm_eps: 1e-5,
    tie_word_embeddings: true,
    hidden_act: 'silu',
    ...special,
  },
  /** 107 M, most of it vocabulary */
  qwen2: {
    model_type: 'qwen2',
    vocab_size: 151936,
    hidden_size: 512,
    intermediate_size: 1408,
    num_hidden_layers: 10,
    num_attention_heads: 8,
    num_key_value_heads: 2,
    max_position_embeddings: 2048,
    rms_norm_eps: 1e-6,
    tie_word_embeddings: true,
    hidden_act: 'silu',
    ...special,
  },
  /** 82 M, the shape of DistilGPT-2 */
  gpt2: {
    model_type: 'gpt2',
    vocab_size: 50257,
    n_embd: 768,
    n_layer: 6,
    n_head: 12,
    n_positions: 1024,
    ...special,
  },
  /** 109 M, the shape of BERT base */
  bert: { model_type: 'bert', architectures: ['BertForMaskedLM'], ...special },
  /** 60 M, the shape of T5 small */
  t5: { model_type: 't5', ...special, decoder_start_token_id: 0 },
} satisfies Record<string, Record<string, unknown>>;

export interface MemoryCase {
  model: keyof typeof models;
  method: TrainSettings['method'];
  rows: number;
  width: number;
  recompute: TrainSettings['recompute'];
}

const cases: readonly MemoryCase[] = (
  [
    ['llama', 'lora', 1, 512, 'off'],
    ['llama', 'lora', 1, 512, 'selective'],
    ['llama', 'lora', 4, 256, 'off'],
    ['llama', 'lora', 4, 256, 'layer'],
    ['llama', 'full', 1, 256, 'selective'],
    ['qwen2', 'lora', 1, 256, 'off'],
    ['qwen2', 'lora', 2, 128, 'layer'],
    ['gpt2', 'lora', 1, 512, 'selective'],
    ['gpt2', 'full', 2, 256, 'off'],
    ['gpt2', 'full', 4, 256, 'layer'],
    ['bert', 'lora', 8, 128, 'off'],
    ['bert', 'lora', 8, 128, 'layer'],
    ['bert', 'full', 2, 256, 'selective'],
    ['t5', 'lora', 4, 128, 'off'],
    ['t5', 'full', 4, 128, 'layer'],
  ] as const
).map(([model, method, rows, width, recompute]) => ({ model, method, rows, width, recompute }));

export function settingsOf({ method, recompute }: MemoryCase, model: Model, threads: number): TrainSettings {
  const base = baseSettings({ model, records: 100, validation: false, fits: true });
  return { ...base, method, recompute, threads };
}

/** A batch without padding in which every place but the last of a row is learned. */
export function batchOf({ rows, width }: MemoryCase, model: Model): BatchArrays {
  const places = rows * width;
  const ids = Int32Array.from(
    { length: places },
    (_, i) => 3 + ((i * 7919 + 13) % (model.shape.vocabularySize - 3)),
  );
  const labelRows: number[] = [];
  for (let i = 0; i < places; i++) if (i % width !== width - 1) labelRows.push(i);
  const pair = model.architecture.task === 'seq2seq';
  return {
    rows,
    width,
    inputIds: ids,
    positionIds: Int32Array.from({ length: places }, (_, i) => i % width),
    labelRows: Int32Array.from(labelRows),
    labels: Int32Array.from(labelRows, (row) => ids[row + 1]),
    weights: new Float32Array(labelRows.length).fill(1),
    ...(model.architecture.task === 'causal' ? {} : { segmentIds: new Int32Array(places).fill(1) }),
    ...(pair ? { targetIds: ids, targetWidth: width } : {}),
  };
}

function folderOf(name: MemoryCase['model']): string {
  const folder = join(tmpdir(), 'tunesmith-bench', name);
  if (!existsSync(join(folder, 'config.json'))) writeScratchModel(folder, models[name], { seed: 1 });
  return folder;
}

export const memory: Bench = {
  id: 'memory',
  label: 'Memory: predicted against measured peak, and ours against PyTorch + PEFT',
  run: async ({ say, threads }) => {
    await planned(say, threads);
    await compared(say, threads);
  },
};

const gigabytes = (bytes: number) => (bytes / 1e9).toFixed(2);

async function planned(say: (line: string) => void, threads: number): Promise<void> {
  const script = join(import.meta.dirname, 'measure-memory.ts');
  let largest = 0;
  for (const one of cases) {
    const folder = folderOf(one.model);
    const model = openModel(folder);
    const settings = settingsOf(one, model, threads);
    const { shape } = prepare(batchOf(one, model));
    const { peakBytes: predicted } = predictStep(model, settings, trainedOf(model, settings), shape);
    const argument = JSON.stringify({ ...one, folder, threads });
    const measured = await jsonOfTraining<{ peakBytes: number }>(script, argument);
    const ratio = predicted / measured.peakBytes;
    if (Math.abs(ratio - 1) > Math.abs(largest)) largest = ratio - 1;
    const { method, rows, width, recompute } = one;
    say(
      `${one.model} ${method} ${rows} x ${width} ${recompute}: predicted ${gigabytes(predicted)} GB, ` +
        `measured ${gigabytes(measured.peakBytes)} GB, ratio ${ratio.toFixed(3)}`,
    );
  }
  const sign = largest < 0 ? 'too low' : 'too high';
  say(`largest deviation: ${Math.abs(largest * 100).toFixed(1)} % ${sign}, over ${cases.length} cases`);
}

async function compared(say: (line: string) => void, threads: number): Promise<void> {
  const python = process.env.TUNESMITH_PYTHON;
  if (python === undefined) {
    say('PyTorch is not measured: set TUNESMITH_PYTHON to a Python with torch, transformers and peft.');
    return;
  }
  const { model, adapter } = await prepareSmol();
  const here = import.meta.dirname;
  for (const [rows, width] of [
    [1, 512],
    [4, 256],
  ]) {
    for (const [policy, theirs] of [
      ['off', 'keeping'],
      ['layer', 'checkpointing'],
    ]) {
      const args = [model, adapter, String(rows), String(width), String(threads), '2'];
      const own = await jsonOfTraining<StepMeasurement>(join(here, 'measure-train.ts'), ...args, policy);
      const other = await jsonOf<StepMeasurement>(python, [join(here, 'measure_train.py'), ...args, theirs]);
      const difference = Math.max(...own.losses.map((loss, i) => Math.abs(loss - other.losses[i])));
      say(
        `135M shape, LoRA, ${rows} x ${width}, ${policy === 'off' ? 'nothing' : 'layers'} computed again: ` +
          `Tunesmith ${gigabytes(own.peakBytes)} GB, PyTorch + PEFT ${gigabytes(other.peakBytes)} GB, ` +
          `ratio ${(own.peakBytes / other.peakBytes).toFixed(2)}, loss difference ${difference.toExponential(1)}`,
      );
    }
  }
}
