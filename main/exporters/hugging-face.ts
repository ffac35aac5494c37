// The whole tuned model as a folder in Hugging Face format: safetensors, config, tokenizer, generation
// settings. An adapter is merged. Tensors are read, merged and written one by one, so memory is no limit to
// the size of a model.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { z } from 'zod';
import { elementBytes } from '../compiler/op.ts';
import { sizeOf } from '../compiler/shape.ts';
import { AppError } from '../errors.ts';
import { endIdsOf } from '../inference/prompt.ts';
import { type Model, openModel } from '../models/load.ts';
import { fromFloat32, writeSafetensors } from '../models/safetensors.ts';
import { parseLossless } from '../tokens/jinja/from-json.ts';
import { loadTokenizer } from '../tokens/tokenizer.ts';
import { taskTypeOf } from '../training/tasks/index.ts';
import { writeConfigFile } from './config-file.ts';
import type { Exporter, ExportSource } from './exporter.ts';
import { type MergedTensor, mergedTensors, untiedOutput } from './merge.ts';
import { copyTokenizer } from './tokenizer-files.ts';

const Options = z.object({
  dtype: z.enum(['as-base', 'float32', 'float16', 'bfloat16']).default('as-base').meta({
    title: 'Number format',
    description:
      'As in the base model unless you choose another; float32 loses nothing, the others halve the size.',
  }),
});
type Options = z.infer<typeof Options>;
type WeightType = 'float32' | 'float16' | 'bfloat16';

/** A file of weights holds at most so much, as elsewhere. */
const shardBytes = 5e9;

export const huggingFace: Exporter<Options> = {
  id: 'hugging-face',
  label: 'Whole model (safetensors)',
  description:
    'A folder that transformers, vLLM, llama.cpp’s converter and Tunesmith load like any other model.',
  Options,
  refuses: () => null,
  bytes: ({ tuned }, { dtype }) =>
    mergedTensors(tuned).reduce((sum, tensor) => sum + bytesOf(tensor, dtype), 20_000_000),
  dtype: ({ tuned }, { dtype }) => commonType(mergedTensors(tuned), dtype),
  async write(source, folder, { dtype }) {
    const { base, tuned } = source;
    const tensors = mergedTensors(tuned);
    await writeWeights(source, tensors, folder, dtype);
    const { model } = tuned; // with the output layer that the run made, where it made one
    const config: Record<string, unknown> = { ...model.rawConfig, vocab_size: model.shape.vocabularySize };
    const name = 'dtype' in config ? 'dtype' : 'torch_dtype'; // its newer and its older spelling
    config[name] = commonType(tensors, dtype);
    if (untiedOutput(tuned) !== undefined) config.tie_word_embeddings = false;
    if (untiedOutput(tuned) !== undefined && model.architecture.task === 'seq2seq')
      config.scale_decoder_outputs ??= true; // T5 scales what a tied output layer reads
    writeConfigFile(folder, config, base.folder);
    copyTokenizer(base.folder, folder);
    if (model.architecture.task === 'encoder') return; // writes no text
    writeJson(join(folder, 'generation_config.json'), await generationConfig(base));
  },
  reopen: (folder) => ({ model: openModel(folder), weights: undefined, lora: undefined }),
  merges: true,
  library: 'transformers',
  usage: ({ tuned }) => {
    const { autoClass } = taskTypeOf(tuned.model);
    return `\`\`\`python
from transformers import ${autoClass}, AutoTokenizer

model = ${autoClass}.from_pretrained("FOLDER")
tokenizer = AutoTokenizer.from_pretrained("FOLDER")
\`\`\``;
  },
};

/** Type of one written tensor. */
const typeOf = ({ stored }: MergedTensor, dtype: Options['dtype']): WeightType =>
  dtype === 'as-base' ? (stored as WeightType) : dtype;

const bytesOf = (tensor: MergedTensor, dtype: Options['dtype']): number =>
  sizeOf(tensor.shape) * elementBytes[typeOf(tensor, dtype)];

/** Type of most bytes. */
function commonType(tensors: readonly MergedTensor[], dtype: Options['dtype']): WeightType {
  const sizes = new Map<WeightType, number>();
  for (const tensor of tensors) {
    const type = typeOf(tensor, dtype);
    sizes.set(type, (sizes.get(type) ?? 0) + bytesOf(tensor, dtype));
  }
  return [...sizes].sort((a, b) => b[1] - a[1])[0][0];
}

async function writeWeights(
  { signal, onProgress }: ExportSource,
  tensors: readonly MergedTensor[],
  folder: string,
  dtype: Options['dtype'],
): Promise<void> {
  const shards = inShards(tensors, (tensor) => bytesOf(tensor, dtype));
  const map: Record<string, string> = {};
  let done = 0;
  for (const [i, shard] of shards.entries()) {
    const part = (n: number) => String(n).padStart(5, '0');
    const file =
      shards.length === 1
        ? 'model.safetensors'
        : `model-${part(i + 1)}-of-${part(shards.length)}.safetensors`;
    writeSafetensors(
      join(folder, file),
      shard.map((tensor) => ({
        name: tensor.name,
        dtype: typeOf(tensor, dtype),
        shape: tensor.shape,
        bytes: () => {
          onProgress(++done / tensors.length);
          return fromFloat32(tensor.values(), typeOf(tensor, dtype));
        },
      })),
    );
    for (const { name } of shard) map[name] = file;
    await nextTurn(); // a frame that cancels is seen between files
    if (signal.aborted) throw new AppError('cancelled', 'The export was cancelled.', 'Start it again.');
  }
  if (shards.length === 1) return;
  const total = tensors.reduce((sum, tensor) => sum + bytesOf(tensor, dtype), 0);
  writeJson(join(folder, 'model.safetensors.index.json'), {
    metadata: { total_size: total },
    weight_map: map,
  });
}

/** Groups of at most `limit` bytes, in order; a larger item is a group of its own. */
export function inShards<Item>(
  items: readonly Item[],
  sizeIn: (item: Item) => number,
  limit = shardBytes,
): Item[][] {
  const shards: Item[][] = [[]];
  let bytes = 0;
  for (const item of items) {
    const size = sizeIn(item);
    if (bytes > 0 && bytes + size > limit) {
      shards.push([]);
      bytes = 0;
    }
    (shards.at(-1) as Item[]).push(item);
    bytes += size;
  }
  return shards;
}

/** The base's own, with every token that ends an answer: also the one that only the chat template knows. */
async function generationConfig(base: Model): Promise<Record<string, unknown>> {
  const file = join(base.folder, 'generation_config.json');
  const own = existsSync(file) ? (parseLossless(readFileSync(file, 'utf8')) as Record<string, unknown>) : {};
  const tokenizer = await loadTokenizer(base.folder);
  const ends = await endIdsOf(base, tokenizer);
  const { bosId, padId } = tokenizer;
  const startId = base.architecture.decoderStart?.(base.config);
  return {
    ...(startId === undefined ? {} : { decoder_start_token_id: startId }),
    ...(bosId === undefined ? {} : { bos_token_id: bosId }),
    ...(padId === undefined ? {} : { pad_token_id: padId }),
    ...own,
    ...(ends.length === 0 ? {} : { eos_token_id: ends.length === 1 ? ends[0] : ends }),
  };
}

function writeJson(file: string, value: unknown): void {
  writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);
}
