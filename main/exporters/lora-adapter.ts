// The adapter alone, as a folder that PEFT loads (https://github.com/huggingface/peft): a few megabytes
// that go on top of the base model. Knows nothing of merging.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { elementBytes } from '../compiler/op.ts';
import { openTuned, type TunedModel } from '../inference/weights.ts';
import type { LoraConfig } from '../models/lora.ts';
import { fromFloat32, writeSafetensors } from '../models/safetensors.ts';
import { configForReaders, namesForReaders } from '../models/table-readers.ts';
import { taskTypeOf } from '../training/tasks/index.ts';
import { writeConfigFile } from './config-file.ts';
import type { Exporter, ExportSource } from './exporter.ts';
import { baseName } from './model-card.ts';
import { copyTokenizer } from './tokenizer-files.ts';

const Options = z.object({
  dtype: z.enum(['float32', 'float16', 'bfloat16']).default('float32').meta({
    title: 'Number format',
    description: 'float32 keeps the trained numbers exactly; the others halve the size.',
  }),
  tokenizer: z.boolean().default(true).meta({
    title: 'With the tokenizer',
    description:
      'Copies tokenizer and chat template beside the adapter, so that the folder says how it was trained.',
  }),
});
type Options = z.infer<typeof Options>;

export const loraAdapter: Exporter<Options> = {
  id: 'lora-adapter',
  label: 'Adapter (PEFT)',
  description: 'Only what was learned, for use on top of the base model with PEFT, vLLM and others.',
  Options,
  refuses: ({ weights }) =>
    weights === undefined
      ? {
          message: 'This run trained all weights, so there is no adapter to write.',
          remedy: 'Export the whole model instead.',
        }
      : null,
  bytes: ({ tuned }, { dtype }) =>
    (tuned.weights?.pages ?? []).reduce((sum, { size }) => sum + size * elementBytes[dtype], 20_000_000),
  dtype: (_, { dtype }) => dtype,
  async write(source, folder, { dtype, tokenizer }) {
    const { weights, lora } = source.tuned as Required<TunedModel> & { lora: LoraConfig };
    const entries = weights?.parameters.entries() ?? [];
    writeSafetensors(
      join(folder, 'adapter_model.safetensors'),
      entries.flatMap(({ name, shape }) =>
        namesForReaders(name, source.tuned.model.specs).map((written) => ({
          name: written,
          dtype,
          shape,
          bytes: () => fromFloat32(weights?.parameters.view(name) ?? new Float32Array(), dtype),
        })),
      ),
    );
    writeFileSync(
      join(folder, 'adapter_config.json'),
      `${JSON.stringify(peftConfig(source, lora), null, 2)}\n`,
    );
    const { headModules, rawConfig } = source.tuned.model;
    // names of the labels, for programs that make the output layer anew
    if (headModules !== undefined) writeConfigFile(folder, rawConfig, source.base.folder);
    if (tokenizer) copyTokenizer(source.base.folder, folder);
    source.onProgress(1);
  },
  reopen: (folder, base) => openTuned(base, { kind: 'adapter', folder }),
  merges: false,
  library: 'peft',
  usage: (source) => {
    const { autoClass } = taskTypeOf(source.tuned.model);
    const isHeaded = source.tuned.model.headModules !== undefined;
    const [imports, config, argument] = isHeaded
      ? [`AutoConfig, ${autoClass}`, 'config = AutoConfig.from_pretrained("FOLDER")\n', ', config=config']
      : [autoClass, '', ''];
    return `\`\`\`python
from peft import PeftModel
from transformers import ${imports}

${config}base = ${autoClass}.from_pretrained("${baseName(source)}"${argument})
model = PeftModel.from_pretrained(base, "FOLDER")
\`\`\``;
  },
};

/** All fields that PEFT writes for LoRA, so that every version reads the same meaning. */
function peftConfig(source: ExportSource, lora: LoraConfig): Record<string, unknown> {
  const { target_modules: targets } = lora;
  // names instead of "all-linear": what that covers is then fixed, whatever a later version makes of it
  const named = typeof targets === 'string' && targets !== 'all-linear' ? targets : modulesOf(source);
  return {
    ...configForReaders({ ...lora, target_modules: named }, source.tuned.model.specs),
    peft_type: 'LORA',
    task_type: taskTypeOf(source.tuned.model).peftTask,
    base_model_name_or_path: baseName(source),
    inference_mode: true,
    init_lora_weights: true,
    // the weights of GPT-2's Conv1D stand [in, out]
    fan_in_fan_out: source.tuned.weights?.sites.some(({ kind }) => kind === 'conv1d') ?? false,
  };
}

/** Last parts of the module names where they name these modules and no others; else the whole names. */
function modulesOf({ tuned }: ExportSource): string[] {
  const adapted = new Set((tuned.weights?.sites ?? []).map(({ module }) => module));
  const last = (module: string) => module.split('.').at(-1) as string;
  const short = new Set([...adapted].map(last));
  const linear = tuned.model.specs.filter(({ kind }) => kind === 'linear' || kind === 'conv1d');
  const exact = linear.every(({ name }) => {
    const module = name.replace(/\.weight$/, '');
    return adapted.has(module) || !short.has(last(module));
  });
  return [...(exact ? short : adapted)].sort();
}
