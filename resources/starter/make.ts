// Makes the starter model from nothing, with the app's own engine: `npm run starter` trains the tokenizer on generated
// text, pretrains from random weights, and writes the result to resources/models/starter. It can be stopped (Ctrl-C) at
// any time and goes on where it was; `--fresh` begins again. README.md tells how the recipe was found.
import { copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openModel } from '../../main/models/load.ts';
import { fromFloat32, readHeader, readTensor, writeSafetensors } from '../../main/models/safetensors.ts';
import { writeScratchModel } from '../../main/models/scratch.ts';
import { loadTokenizer } from '../../main/tokens/tokenizer.ts';
import { trainBpe } from '../../main/tokens/train/bpe.ts';
import {
  newestCheckpoint,
  pruneCheckpoints,
  restoreCheckpoint,
  saveCheckpoint,
} from '../../main/training/checkpoint.ts';
import { runLoop } from '../../main/training/loop.ts';
import { createTrainer } from '../../main/training/trainer.ts';
import { createStream } from './batches.ts';
import { exactMatch } from './exact-match.ts';
import { sampleAt } from './generate.ts';
import { measure, writeCard } from './measure.ts';
import {
  chatTemplate,
  modelConfig,
  pretraining,
  residualOutputs,
  specialTokens,
  tokenizerParts,
  tokenizerTraining,
} from './recipe.ts';

const here = import.meta.dirname;
const work = join(here, 'work');
const initial = join(work, 'initial');
const result = join(here, '..', 'models', 'starter');

const { values: flags } = parseArgs({
  options: {
    fresh: { type: 'boolean', default: false },
    steps: { type: 'string', default: String(pretraining.steps) },
    threads: { type: 'string', default: '2' },
    /** Only writes the result of the newest checkpoint. */
    finish: { type: 'boolean', default: false },
    /** Only measures the finished model and prints the figures. */
    measure: { type: 'boolean', default: false },
  },
});

if (flags.measure) {
  console.log(JSON.stringify(await measure(result), null, 2));
  process.exit(0);
}

if (flags.fresh) rmSync(work, { recursive: true, force: true });
mkdirSync(work, { recursive: true });
if (!existsSync(join(initial, 'config.json'))) await prepare();
if (!flags.finish) await pretrain(Number(flags.steps), Number(flags.threads));
await finish();

/** Tokenizer and random weights: a model folder like any other. */
async function prepare(): Promise<void> {
  mkdirSync(initial, { recursive: true });
  console.log('Training the tokenizer.');
  const { samples, seed, vocabularySize } = tokenizerTraining;
  const texts = function* () {
    for (let i = 0; i < samples; i++) {
      const sample = sampleAt(seed, i, i / samples);
      if ('text' in sample) yield ` ${sample.text}`;
      else for (const message of sample.messages) yield ` ${message.content}`;
    }
  };
  const file = trainBpe(texts(), {
    vocabularySize,
    specialTokens: [...specialTokens],
    pieces: 'gpt2',
    digits: 'single',
  });
  writeJson(join(initial, 'tokenizer.json'), { ...file, ...tokenizerParts });
  writeJson(join(initial, 'tokenizer_config.json'), {
    tokenizer_class: 'PreTrainedTokenizerFast',
    bos_token: specialTokens[1],
    eos_token: specialTokens[2],
    pad_token: specialTokens[0],
    chat_template: chatTemplate,
    clean_up_tokenization_spaces: false,
    model_max_length: modelConfig.max_position_embeddings,
  });
  writeJson(join(initial, 'generation_config.json'), {
    bos_token_id: modelConfig.bos_token_id,
    eos_token_id: modelConfig.eos_token_id,
    pad_token_id: modelConfig.pad_token_id,
  });
  writeScratchModel(initial, modelConfig, { seed: pretraining.seed });
}

async function pretrain(totalSteps: number, threads: number): Promise<void> {
  const model = openModel(initial);
  const { optimizer } = pretraining;
  const trainer = await createTrainer({
    model,
    optimizer: optimizer.choice,
    weightDecay: optimizer.weightDecay,
    maxGradNorm: pretraining.maxGradNorm,
    threads,
    seed: pretraining.seed,
  });
  const { found } = newestCheckpoint(work);
  if (found === undefined) {
    for (const { name } of trainer.parameters.entries()) {
      if (!residualOutputs.some((part) => name.includes(part))) continue;
      const weights = trainer.parameters.view(name);
      const factor = 1 / Math.sqrt(2 * modelConfig.num_hidden_layers);
      for (let i = 0; i < weights.length; i++) weights[i] *= factor;
    }
  } else {
    restoreCheckpoint(found.folder, trainer, false);
    console.log(`Going on after step ${found.step} of ${totalSteps}.`);
  }
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  process.once('SIGTERM', () => stop.abort());
  const tokenizer = await loadTokenizer(initial);
  const stream = createStream(tokenizer, totalSteps);
  const lastStep = totalSteps + pretraining.extension.steps;
  const recent = { loss: 0, steps: 0, tokens: 0, start: performance.now() };
  stream.position = trainer.updates;
  let batch = await stream.next();
  await runLoop({
    trainer,
    totalSteps: lastStep,
    batchesOf: () => [batch],
    learningRateOf: (step) => optimizer.learningRate * rateShare(step, totalSteps),
    onStep: ({ step, loss, tokens }) => {
      recent.loss += loss;
      recent.steps += 1;
      recent.tokens += tokens;
      if (step % 50 !== 0) return;
      const rate = recent.tokens / ((performance.now() - recent.start) / 1000);
      const minutes = ((lastStep - step) * (recent.tokens / recent.steps)) / rate / 60;
      console.log(
        `step ${step} of ${lastStep}, loss ${(recent.loss / recent.steps).toFixed(3)}, ` +
          `${Math.round(rate)} tokens/s, about ${Math.round(minutes)} min left`,
      );
      Object.assign(recent, { loss: 0, steps: 0, tokens: 0, start: performance.now() });
    },
    validateEvery: pretraining.evaluateEvery,
    validate: async (step) => {
      const one = await exactMatch(trainer, model, tokenizer, 1, 150);
      const three = await exactMatch(trainer, model, tokenizer, 3, 150);
      console.log(
        `step ${step}: exact match on invented words ${one.toFixed(3)} (1 fact), ${three.toFixed(3)} (3 facts)`,
      );
      return { improved: false, stop: false };
    },
    saveEvery: pretraining.saveEvery,
    save: async (step) => {
      saveCheckpoint(work, trainer, { model, lora: undefined, extra: {} });
      pruneCheckpoints(work, [step]);
    },
    signal: stop.signal,
    unlessPaused: async () => {
      if (trainer.updates >= stream.position) batch = await stream.next();
    },
  });
  await trainer.release();
  if (stop.signal.aborted) process.exit(130);
}

/** Warm-up, then constant, then linear to the final share; in the extension up to its peak, and linear to zero. */
function rateShare(step: number, total: number): number {
  const { schedule, extension } = pretraining;
  if (step >= total) {
    const into = step - total;
    const warm = Math.min(1, (into + 1) / extension.warmupSteps);
    return extension.peakShare * warm * (1 - into / extension.steps);
  }
  const { warmupSteps, constantShare, finalShare } = schedule;
  const warm = Math.min(1, (step + 1) / warmupSteps);
  const progress = step / total;
  if (progress < constantShare) return warm;
  return finalShare + (1 - finalShare) * (1 - (progress - constantShare) / (1 - constantShare));
}

/** The newest checkpoint as float16, with everything that a model folder needs. */
async function finish(): Promise<void> {
  const { found } = newestCheckpoint(work);
  if (found === undefined) throw new Error('There is no checkpoint yet.');
  mkdirSync(result, { recursive: true });
  const header = [...readHeader(join(found.folder, 'model.safetensors')).values()];
  writeSafetensors(
    join(result, 'model.safetensors'),
    header.map((info) => ({
      name: info.name,
      dtype: 'float16',
      shape: info.shape,
      bytes: () => fromFloat32(readTensor(info), 'float16'),
    })),
  );
  for (const file of ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'generation_config.json']) {
    copyFileSync(join(initial, file), join(result, file));
  }
  const figures = await measure(result);
  writeCard(result, figures, openModel(result).parameters, found.step);
  const { oneFact, threeFacts, perplexity } = figures;
  console.log(`Written to resources/models/starter: ${JSON.stringify({ oneFact, threeFacts, perplexity })}`);
}

function writeJson(file: string, value: unknown): void {
  writeFileSync(file, `${JSON.stringify(value, null, 1)}\n`);
}
