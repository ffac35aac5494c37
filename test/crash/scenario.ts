// A small training run in a real engine process, for tests that kill it: a tiny model, a few hundred records, and the
// frames that a backend would send.
import { fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DatasetRecord } from '../../main/contract/datasets.ts';
import { TrainSettings } from '../../main/contract/runs.ts';
import type { FromEngine, ToEngine, TrainInput } from '../../main/jobs/job.ts';

const root = join(import.meta.dirname, '..', '..');

export const crashSettings = TrainSettings.parse({
  version: 1,
  method: 'lora',
  lora: { rank: 8, alpha: 16, dropout: 0.05, targets: 'all-linear', rslora: false },
  optimizer: { kind: 'adamw', beta1: 0.9, beta2: 0.999, eps: 1e-8 },
  learningRate: 2e-3,
  weightDecay: 0.01,
  maxGradNorm: 1,
  schedule: 'cosine',
  warmupSteps: 5,
  epochs: 4,
  batchSize: 8,
  microBatchTokens: 256,
  maxLength: 64,
  packing: true,
  recompute: 'off',
  evalEvery: 10,
  patience: 0,
  checkpointEvery: 4,
  samplePrompts: [],
  threads: 2,
  provider: 'cpu',
  seed: 7,
});

/** Model and records in `folder`; the same files every time. */
export function prepareScenario(folder: string): { modelFolder: string; recordsFile: string } {
  const modelFolder = join(folder, 'model');
  mkdirSync(modelFolder, { recursive: true });
  const source = join(root, 'test', 'reference', 'llama');
  for (const file of ['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json']) {
    copyFileSync(join(source, file), join(modelFolder, file));
  }
  const names = ['Tom', 'Lily', 'Sam', 'Ben', 'Mia', 'Max', 'Anna', 'Sue'];
  const things = ['cat', 'frog', 'tree', 'house', 'hill', 'mouse', 'duck', 'bear', 'fish', 'river'];
  const records = Array.from({ length: 88 }, (_, i): DatasetRecord => {
    const [name, thing] = [names[i % names.length], things[(i * 7) % things.length]];
    return {
      id: `r${i}`,
      split: i % 11 === 10 ? 'validation' : 'train',
      content: {
        type: 'completion',
        prompt: `Q: What did ${name} see? (${i})\nA:`,
        completion: ` ${name} saw the ${thing}.`,
      },
      provenance: [],
      group: `g${i}`,
    };
  });
  const recordsFile = join(folder, 'records.jsonl');
  writeFileSync(recordsFile, records.map((record) => `${JSON.stringify(record)}\n`).join(''));
  return { modelFolder, recordsFile };
}

export interface EngineRun {
  pid: number;
  /** The result, or undefined when the process died first. */
  ended: Promise<{ result: unknown } | { error: unknown } | undefined>;
  kill(): void;
  onFrame(listener: (frame: FromEngine) => void): void;
}

/** Starts an engine process on a train job. */
export function startEngine(input: TrainInput): EngineRun {
  const child = fork(join(root, 'main', 'engine.ts'), {
    execPath: process.execPath,
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const listeners: ((frame: FromEngine) => void)[] = [];
  const ended = new Promise<{ result: unknown } | { error: unknown } | undefined>((resolve) => {
    child.on('message', (frame) => {
      const message = frame as FromEngine;
      for (const listener of listeners) listener(message);
      if (message.type === 'done') resolve({ result: message.result });
      if (message.type === 'failed') resolve({ error: message.error });
    });
    child.on('exit', () => resolve(undefined));
  });
  const start: ToEngine = { type: 'start', kind: 'train', input, logFile: join(input.runFolder, 'log.txt') };
  child.send(start);
  return {
    pid: child.pid as number,
    ended,
    kill: () => void child.kill('SIGKILL'),
    onFrame: (listener) => void listeners.push(listener),
  };
}

/** What must be equal to the bit: the loss of every step and validation, and the final adapter. */
export function fingerprint(runFolder: string): { losses: string; adapter: string } {
  const lines = readFileSync(join(runFolder, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const losses = lines
    .filter((point) => 'loss' in point)
    .map(({ step, loss, gradNorm, learningRate, best }) => [step, loss, gradNorm, learningRate, best].join())
    .join('\n');
  const steps = readdirSync(join(runFolder, 'checkpoints'))
    .filter((name) => /^\d+$/.test(name))
    .sort();
  const adapter = readFileSync(
    join(runFolder, 'checkpoints', steps.at(-1) as string, 'adapter_model.safetensors'),
  );
  return { losses, adapter: createHash('sha256').update(adapter).digest('hex') };
}

/** Trains in an engine process to its end, with all that it said. */
export async function runToEnd(input: TrainInput): Promise<{
  result?: Record<string, unknown>;
  error?: { code: string; message: string };
  frames: FromEngine[];
}> {
  const engine = startEngine(input);
  const frames: FromEngine[] = [];
  engine.onFrame((frame) => frames.push(frame));
  return { ...((await engine.ended) as object), frames };
}
