// What tests of generation, evaluation and export share: the tiny llama of test/reference, models with
// random weights, records, and a job context that collects what a job says.
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { DatasetRecord, RecordContent } from '../../main/contract/datasets.ts';
import type { JobContext, JobKind, Progress } from '../../main/jobs/job.ts';
import { readAdapter, writeAdapter } from '../../main/models/adapter-files.ts';
import { openModel } from '../../main/models/load.ts';
import { writeScratchModel } from '../../main/models/scratch.ts';
import { createTrainer, type Trainer } from '../../main/training/trainer.ts';

/** llama, vocabulary 512, context 256, with tokenizer and chat template. */
export const llamaFolder = join(import.meta.dirname, '../reference/llama');

/** An adapter of PEFT's on the tiny llama: rank 4 on all linear layers, trained for ten steps. */
export const adapterFolder = join(llamaFolder, 'adapters/lora_all/final');

/** An empty folder that is gone after the test. */
export function temporaryFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'tunesmith-')));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A one-layer llama without a tokenizer, of the given context length. */
export function scratchModel(contextLength: number, changes: Record<string, unknown> = {}): string {
  const folder = temporaryFolder();
  const config = {
    model_type: 'llama',
    vocab_size: 64,
    hidden_size: 16,
    intermediate_size: 32,
    num_hidden_layers: 1,
    num_attention_heads: 2,
    num_key_value_heads: 1,
    max_position_embeddings: contextLength,
    tie_word_embeddings: true,
    initializer_range: 0.5, // large, so that greedy choices are clear
    ...changes,
  };
  writeScratchModel(folder, config, { seed: 3 });
  return folder;
}

/** The same adapter with other values, in a folder of its own. */
export function changedAdapter(change: (name: string, data: Float32Array) => void): string {
  const { config, tensors } = readAdapter(adapterFolder);
  for (const [name, { data }] of tensors) change(name, data);
  const folder = temporaryFolder();
  writeAdapter(folder, config, tensors);
  return folder;
}

/** A trainer with the adapter as its first values. */
export async function adapterTrainer(): Promise<Trainer> {
  const { config, tensors } = readAdapter(adapterFolder);
  const trainer = await createTrainer({
    model: openModel(llamaFolder),
    lora: config,
    initial: new Map([...tensors].map(([name, { data }]) => [name, data])),
    optimizer: { kind: 'sgd', momentum: 0 },
    weightDecay: 0,
    maxGradNorm: 0,
    threads: 1,
  });
  onTestFinished(() => trainer.release());
  return trainer;
}

export function record(id: string, split: DatasetRecord['split'], content: RecordContent): DatasetRecord {
  const provenance = [{ sourceId: 's', sourceName: 'list.csv', place: `row ${id}`, start: 0, end: 1 }];
  return { id, split, content, provenance, group: id };
}

export const completion = (prompt: string, answer: string): RecordContent => ({
  type: 'completion',
  prompt,
  completion: answer,
});

export const conversation = (question: string, answer: string): RecordContent => ({
  type: 'chat',
  messages: [
    { role: 'user', content: question },
    { role: 'assistant', content: answer },
  ],
});

export function recordsFile(folder: string, records: readonly DatasetRecord[]): string {
  const file = join(folder, 'records.jsonl');
  writeFileSync(file, records.map((one) => `${JSON.stringify(one)}\n`).join(''));
  return file;
}

export interface Collected {
  progress: Progress[];
  events: { name: string; payload: unknown }[];
}

/** A context for a job that is run in the test itself. */
export function jobContext<Kind extends JobKind>(
  signal = new AbortController().signal,
): { context: JobContext<Kind>; collected: Collected } {
  const collected: Collected = { progress: [], events: [] };
  const context: JobContext<Kind> = {
    progress: (progress) => collected.progress.push(progress),
    emit: (name, payload) => collected.events.push({ name, payload }),
    signal,
    unlessPaused: async () => {},
    answer: async () => {},
  };
  return { context, collected };
}

type Ask = (request: unknown, ask: { askId: number; signal: AbortSignal }) => unknown;

/** Runs an interactive job and asks it; `stop` ends it. */
export async function interactive<Kind extends 'chat' | 'inspect'>(
  run: (context: JobContext<Kind>) => Promise<unknown>,
): Promise<{
  ask: (question: string, request: unknown, signal?: AbortSignal) => Promise<never>;
  collected: Collected;
  stop(): Promise<void>;
}> {
  const ending = new AbortController();
  const { context, collected } = jobContext<Kind>(ending.signal);
  const ready = Promise.withResolvers<Record<string, Ask>>();
  context.answer = async (handlers) => {
    ready.resolve(handlers as Record<string, Ask>);
    await new Promise((resolve) => ending.signal.addEventListener('abort', resolve));
  };
  const done = run(context);
  const handlers = await Promise.race([ready.promise, done.then(() => ({}) as Record<string, Ask>)]);
  let askId = 0;
  return {
    ask: async (question, request, signal = new AbortController().signal) =>
      (await handlers[question](request, { askId: ++askId, signal })) as never,
    collected,
    stop: async () => {
      ending.abort();
      await done;
    },
  };
}
