// The tuned model as one GGUF file, which llama.cpp, Ollama, LM Studio and others load, with an Ollama
// Modelfile beside it. An adapter is merged; weights are rounded to the type that was chosen. Tensors are
// merged, rounded and written one by one.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { z } from 'zod';
import { sizeOf } from '../compiler/shape.ts';
import { AppError } from '../errors.ts';
import type { GgufMapping, GgufNames } from '../models/blocks/gguf-names.ts';
import { type Model, openModel } from '../models/load.ts';
import { writeSafetensors } from '../models/safetensors.ts';
import type { Exporter, ExportSource } from './exporter.ts';
import { type GgufValue, tensorBytes, writeGguf } from './gguf/format.ts';
import { modelfileFor } from './gguf/modelfile.ts';
import { type WritableType, writableTypes } from './gguf/quantize.ts';
import { readGguf } from './gguf/reader.ts';
import { mappedTensors, restoredTensors, tensorsToWrite } from './gguf/tensors.ts';
import { ggufTokenizer } from './gguf/tokenizer.ts';

const Options = z.object({
  type: z
    .enum(writableTypes)
    .default('F16')
    .meta({
      title: 'Number format',
      description:
        'F32 loses nothing, F16 hardly anything; Q8_0 takes about half of F16, Q4_0 about a third. ' +
        'What rounding changes is measured after writing.',
    }),
});
type Options = z.infer<typeof Options>;

const fileName = 'model.gguf';

/** Values of `general.file_type`: what most tensors are. */
const fileTypes: Readonly<Record<WritableType, number>> = {
  F32: 0,
  F16: 1,
  Q4_0: 2,
  Q4_1: 3,
  Q8_0: 7,
  Q5_0: 8,
  Q5_1: 9,
  BF16: 32,
};

export const gguf: Exporter<Options> = {
  id: 'gguf',
  label: 'GGUF',
  description: 'One file for llama.cpp, Ollama and LM Studio, as it is or rounded to 8, 5 or 4 bits.',
  Options,
  refuses: ({ model }) => {
    const names = mappingOf(model);
    return 'refused' in names
      ? {
          message: `The model ${names.refused}.`,
          remedy: 'Export the whole model as safetensors instead.',
        }
      : null;
  },
  bytes: ({ tuned }, { type }) => {
    const mapped = mappedTensors(tuned, namesOf(tuned.model), type);
    const written = mapped.reduce((sum, tensor) => sum + tensorBytes(tensor.type, tensor.shape), 0);
    const compared = mapped.reduce((sum, tensor) => sum + 4 * sizeOf(tensor.shape), 0); // while it is checked
    return written + compared + 20_000_000;
  },
  dtype: (_, { type }) => {
    if (type === 'F32') return 'float32';
    if (type === 'F16') return 'float16';
    return type === 'BF16' ? 'bfloat16' : 'quantised';
  },
  write: writeFiles,
  reopen: (folder, base) => ({ model: restoredModel(folder, base), weights: undefined, lora: undefined }),
  merges: true,
  library: 'gguf',
  usage: () => `\`\`\`sh
llama-cli -m FOLDER/${fileName}

cd FOLDER && ollama create my-model -f Modelfile && ollama run my-model
\`\`\``,
};

function mappingOf(model: Model): GgufMapping {
  if (model.objective !== 'causal-lm') {
    const { label, task } = model.architecture;
    const kind = task === 'seq2seq' ? 'an encoder and a decoder' : 'an output layer for labels';
    return { refused: `is a ${label} with ${kind}, and Tunesmith writes GGUF files of decoders only` };
  }
  return (
    model.architecture.ggufNames?.(model.config) ?? {
      refused: `is a ${model.architecture.label}, which is not mapped to GGUF yet`,
    }
  );
}

function namesOf(model: Model): GgufNames {
  const names = mappingOf(model);
  if (!('refused' in names)) return names;
  throw new AppError(
    'export-refused',
    `The model ${names.refused}.`,
    'Export the whole model as safetensors instead.',
  );
}

async function writeFiles(source: ExportSource, folder: string, { type }: Options): Promise<void> {
  const { base, tuned, signal } = source;
  const names = namesOf(tuned.model);
  const tokens = await ggufTokenizer(base);
  const modelfile = await modelfileFor(base, tokens, fileName);
  const metadata = new Map<string, GgufValue>([
    ['general.architecture', { type: 'STRING', value: names.architecture }],
    ['general.name', { type: 'STRING', value: base.name }],
    ['general.file_type', { type: 'UINT32', value: fileTypes[type] }],
    ...names.metadata.map(
      ([key, valueType, value]) => [`${names.architecture}.${key}`, { type: valueType, value }] as const,
    ),
    ...tokens.metadata,
  ]);
  if (modelfile.chatTemplate !== undefined) {
    metadata.set('tokenizer.chat_template', { type: 'STRING', value: modelfile.chatTemplate });
  }
  const mapped = mappedTensors(tuned, names, type);
  let done = 0;
  const tensors = tensorsToWrite(mapped, names, () => source.onProgress(++done / mapped.length));
  await writeGguf(
    join(folder, fileName),
    metadata,
    tensors.map((tensor) => ({
      ...tensor,
      bytes: async () => {
        await nextTurn(); // a frame that cancels is seen between tensors
        if (signal.aborted) throw new AppError('cancelled', 'The export was cancelled.', 'Start it again.');
        return tensor.bytes();
      },
    })),
  );
  writeFileSync(join(folder, 'Modelfile'), modelfile.text);
}

/**
 * The file's tensors as a model folder of float32 weights, so that they are computed by the same code as
 * any model. It lies beside `folder` and is gone when the process ends.
 */
function restoredModel(folder: string, base: Model): Model {
  const file = readGguf(join(folder, fileName));
  const names = namesOf(base);
  const check = `${folder}.check`;
  rmSync(check, { recursive: true, force: true });
  mkdirSync(check);
  removeAtExit(check);
  const [head] = base.architecture.outputModules;
  const output = `${head}.weight`;
  const target = names.tensor(output)?.name ?? '';
  const untied = base.shape.tiedEmbeddings && file.tensors.has(target);
  const expected = untied
    ? [...base.specs, { name: output, shape: file.tensors.get(target)?.shape ?? [] }]
    : base.specs;
  writeSafetensors(join(check, 'model.safetensors'), restoredTensors(file, expected, names));
  const config = {
    ...base.rawConfig,
    vocab_size: base.shape.vocabularySize,
    ...(untied ? { tie_word_embeddings: false } : {}),
  };
  writeFileSync(join(check, 'config.json'), JSON.stringify(config));
  return openModel(check);
}

const atExit = new Set<string>();

function removeAtExit(folder: string): void {
  if (atExit.size === 0) {
    process.once('exit', () => {
      for (const one of atExit) rmSync(one, { recursive: true, force: true });
    });
  }
  atExit.add(folder);
}
