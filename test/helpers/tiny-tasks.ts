// What tests of encoders and encoder-decoders share: tiny models with random weights and a vocabulary of their own, and
// records that they can learn in seconds. The same files every time.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DatasetRecord } from '../../main/contract/datasets.ts';
import type { TrainSettings } from '../../main/contract/runs.ts';
import type { TrainInput } from '../../main/jobs/job.ts';
import { writeScratchModel } from '../../main/models/scratch.ts';
import { trainUnigram } from '../../main/tokens/train/unigram.ts';
import { trainWordPiece } from '../../main/tokens/train/wordpiece.ts';
import { crashSettings } from '../crash/scenario.ts';
import { conversation, record, recordsFile } from './tiny-model.ts';

export const topics = {
  billing: ['invoice', 'refund'],
  repair: ['screw', 'leak'],
  shipping: ['parcel', 'courier'],
};
const openings = ['Hello, about the', 'Please help with my', 'There is a problem: the', 'I ask about the'];
const ends = ['from last week.', 'of my order again!', 'for the second time.', 'and nobody calls.'];

/** A message of a topic; the words around its keyword say nothing. */
export function message(i: number): { text: string; topic: string } {
  const names = Object.keys(topics) as (keyof typeof topics)[];
  const topic = names[i % names.length];
  const words = topics[topic];
  // every combination once: 3 topics x 2 words x 4 openings x 4 ends
  const text = `${openings[Math.floor(i / 6) % 4]} ${words[Math.floor(i / 3) % 2]} ${ends[Math.floor(i / 24) % 4]}`;
  return { text, topic };
}

/** 60 to train on, 12 to validate, 24 to test: other combinations of words. */
export function messageRecords(): DatasetRecord[] {
  return Array.from({ length: 96 }, (_, i) => {
    const { text, topic } = message(i);
    const split = i < 60 ? 'train' : i < 72 ? 'validation' : 'test';
    return record(`m${i}`, split, conversation(text, topic));
  });
}

/** A BERT for masked words, as base models of classifiers are, without a pooler. */
export function bertFolder(parent: string): string {
  const folder = join(parent, 'bert');
  const config = {
    architectures: ['BertForMaskedLM'],
    model_type: 'bert',
    vocab_size: 200,
    hidden_size: 32,
    intermediate_size: 64,
    num_hidden_layers: 2,
    num_attention_heads: 2,
    max_position_embeddings: 64,
    pad_token_id: 0,
    initializer_range: 0.1,
  };
  writeScratchModel(folder, config, { seed: 5 });
  const texts = messageRecords().map((_, i) => message(i).text);
  writeJson(folder, 'tokenizer.json', trainWordPiece(texts, { vocabularySize: 200 }));
  writeJson(folder, 'tokenizer_config.json', { pad_token: '[PAD]', unk_token: '[UNK]' });
  return folder;
}

const words = ['red', 'blue', 'green', 'gold'];

/** Each answer is the one word of the text that matters. */
export function copyRecords(): DatasetRecord[] {
  return Array.from({ length: 80 }, (_, i) => {
    const word = words[(i * 3) % 4];
    const split = i < 60 ? 'train' : i < 68 ? 'validation' : 'test';
    return record(`c${i}`, split, conversation(`copy ${word} ${i % 2 === 0 ? 'now' : 'please'} ${i}`, word));
  });
}

export function t5Folder(parent: string): string {
  const folder = join(parent, 't5');
  const config = {
    architectures: ['T5ForConditionalGeneration'],
    model_type: 't5',
    vocab_size: 64,
    d_model: 32,
    d_kv: 16,
    d_ff: 64,
    num_layers: 1,
    num_heads: 2,
    relative_attention_num_buckets: 8,
    decoder_start_token_id: 0,
    pad_token_id: 0,
    eos_token_id: 1,
    initializer_range: 0.2,
  };
  writeScratchModel(folder, config, { seed: 5 });
  const texts = copyRecords().flatMap(({ content }) =>
    content.type === 'chat' ? content.messages.map((one) => one.content) : [],
  );
  const specialTokens = ['<pad>', '</s>', '<unk>'];
  const tokenizer = trainUnigram(texts, { vocabularySize: 40, specialTokens, eosToken: '</s>' });
  writeJson(folder, 'tokenizer.json', tokenizer);
  writeJson(folder, 'tokenizer_config.json', { pad_token: '<pad>', eos_token: '</s>', unk_token: '<unk>' });
  return folder;
}

function writeJson(folder: string, name: string, value: unknown): void {
  writeFileSync(join(folder, name), JSON.stringify(value));
}

/** A train job on these records; the folder of the run is `name`. */
export function taskInput(
  parent: string,
  modelFolder: string,
  records: readonly DatasetRecord[],
  { name = 'run', ...settings }: Partial<TrainSettings> & { name?: string } = {},
): TrainInput {
  const runFolder = join(parent, name);
  mkdirSync(runFolder, { recursive: true });
  return {
    runFolder,
    modelFolder,
    recordsFile: recordsFile(runFolder, records),
    settings: { ...crashSettings, threads: 1, maxLength: 0, evalEvery: 0, checkpointEvery: 0, ...settings },
    lineage: {},
    memoryBytes: 4e9,
    resume: false,
  };
}
