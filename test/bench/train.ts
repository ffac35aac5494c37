// LoRA training of a SmolLM2-135M-shaped random model (rank 16, all linear layers, AdamW, fp32), 1 x 512 and 4 x 256
// tokens: step time, tokens/s, peak memory and loss; and the same with PyTorch + PEFT where `TUNESMITH_PYTHON` names a
// Python that has torch, transformers and peft. Each measurement is a process of its own; they alternate.
import { existsSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeAdapter } from '../../main/models/adapter-files.ts';
import { openModel } from '../../main/models/load.ts';
import { LoraConfig } from '../../main/models/lora.ts';
import { writeScratchModel } from '../../main/models/scratch.ts';
import { adapterTensors, createTrainer } from '../../main/training/trainer.ts';
import { type Bench, jsonOf, jsonOfTraining, median, spread } from './bench.ts';

export interface StepMeasurement {
  /** Seconds of each step, the first (with compiling) left out. */
  seconds: number[];
  losses: number[];
  peakBytes: number;
  setupSeconds: number;
  /** Of those, compiling the gradient graph and creating its session; only ours. */
  compileSeconds?: number;
}

export const smolConfig = {
  architectures: ['LlamaForCausalLM'],
  model_type: 'llama',
  vocab_size: 49152,
  hidden_size: 576,
  intermediate_size: 1536,
  num_hidden_layers: 30,
  num_attention_heads: 9,
  num_key_value_heads: 3,
  max_position_embeddings: 8192,
  rms_norm_eps: 1e-5,
  rope_theta: 100000,
  tie_word_embeddings: true,
  hidden_act: 'silu',
  initializer_range: 0.02,
  bos_token_id: 1,
  eos_token_id: 2,
  torch_dtype: 'float32',
};

const lora = LoraConfig.parse({
  r: 16,
  lora_alpha: 32,
  target_modules: 'all-linear',
  task_type: 'CAUSAL_LM',
});

/** Random model and first adapter, made once; both sides read the same files. */
export async function prepareSmol(): Promise<{ model: string; adapter: string }> {
  const folder = join(tmpdir(), 'tunesmith-bench');
  const [model, adapter] = [join(folder, 'smol'), join(folder, 'adapter')];
  if (!existsSync(join(model, 'config.json'))) writeScratchModel(model, smolConfig, { seed: 1 });
  mkdirSync(adapter, { recursive: true });
  const trainer = await createTrainer({
    model: openModel(model),
    lora,
    optimizer: { kind: 'sgd', momentum: 0 },
    weightDecay: 0,
    maxGradNorm: 0,
    seed: 5,
  });
  const modules = [...new Set(trainer.sites.map(({ module }) => module.split('.').at(-1) as string))];
  writeAdapter(
    adapter,
    { ...lora, target_modules: modules, base_model_name_or_path: model },
    adapterTensors(trainer),
  );
  await trainer.release();
  return { model, adapter };
}

export const train: Bench = {
  id: 'train',
  label: 'LoRA training, SmolLM2-135M shape, fp32, rank 16 on all linear layers',
  run: async ({ say, rounds, threads }) => {
    const { model, adapter } = await prepareSmol();
    const python = process.env.TUNESMITH_PYTHON;
    if (python === undefined)
      say('PyTorch is not measured: set TUNESMITH_PYTHON to a Python with torch, transformers and peft.');
    const here = import.meta.dirname;
    for (const [rows, width] of [
      [1, 512],
      [4, 256],
    ] as const) {
      const ours: StepMeasurement[] = [];
      const theirs: StepMeasurement[] = [];
      const args = [model, adapter, String(rows), String(width), String(threads), '6'];
      for (let round = 0; round < rounds; round++) {
        ours.push(await jsonOfTraining(join(here, 'measure-train.ts'), ...args));
        if (python !== undefined)
          theirs.push(await jsonOf(python, [join(here, 'measure_train.py'), ...args]));
      }
      const tokens = rows * width;
      const times = (runs: StepMeasurement[]) => runs.flatMap(({ seconds }) => seconds);
      const peak = (runs: StepMeasurement[]) => median(runs.map(({ peakBytes }) => peakBytes)) / 1e9;
      const compiling = (runs: StepMeasurement[]) => {
        const seconds = runs.flatMap(({ compileSeconds }) => compileSeconds ?? []);
        return seconds.length === 0 ? '' : `graph and session made in ${spread(seconds)} s, `;
      };
      const line = (name: string, runs: StepMeasurement[]) =>
        say(
          `${rows} x ${width} ${name}: ${(tokens / median(times(runs))).toFixed(0)} tokens/s, step ${spread(times(runs))} s, ` +
            `peak ${peak(runs).toFixed(2)} GB, ${compiling(runs)}losses ${runs[0].losses.map((loss) => loss.toFixed(4)).join(' ')}`,
        );
      line('Tunesmith', ours);
      if (theirs.length === 0) continue;
      line('PyTorch + PEFT', theirs);
      const difference = Math.max(...ours[0].losses.map((loss, i) => Math.abs(loss - theirs[0].losses[i])));
      say(
        `${rows} x ${width} ratios: ${(median(times(theirs)) / median(times(ours))).toFixed(2)}x the tokens/s, ` +
          `${(peak(ours) / peak(theirs)).toFixed(2)}x the peak memory, largest loss difference ${difference.toExponential(1)}`,
      );
    }
  },
};
