// A new model with random weights: a folder in Hugging Face format like any other, to be trained from
// nothing. Weights are drawn as transformers draws them: normal with `initializer_range`, or as the architecture
// says where config.json has none; ones for norms, zeros for biases.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DType } from '../compiler/op.ts';
import { sizeOf } from '../compiler/shape.ts';
import { AppError, assert } from '../errors.ts';
import { createRandom } from '../tokens/random.ts';
import type { Architecture, TensorSpec } from './architecture.ts';
import { architectureFor } from './index.ts';
import type { Model } from './load.ts';
import { fromFloat32, writeSafetensors } from './safetensors.ts';

/**
 * What the weight file of a new model says of itself. It belongs to the weights: whatever is written in their place by
 * training, here or elsewhere, does not say it any more.
 */
export const randomWeights = { format: 'pt', weights: 'random' } as const;

/**
 * Writes config.json and model.safetensors into `folder` (made if needed). The tokenizer is the caller's
 * business.
 */
export function writeScratchModel(
  folder: string,
  config: Record<string, unknown>,
  options: { seed: number; dtype?: DType },
): void {
  const { architecture, parsed } = parseConfig(config);
  const { dtype = 'float32' } = options;
  const range = typeof config.initializer_range === 'number' ? config.initializer_range : undefined;
  mkdirSync(folder, { recursive: true });
  const random = createRandom(options.seed);
  const draw = (spec: TensorSpec): Float32Array => {
    const { kind, initial = 1, deviation = 1, standardDeviation = 0.02 * deviation } = spec;
    const size = sizeOf(spec.shape);
    if (kind === 'norm') return new Float32Array(size).fill(initial);
    if (kind === 'bias') return new Float32Array(size);
    const width = range === undefined ? standardDeviation : range * deviation;
    return Float32Array.from({ length: size }, () => width * random.normal());
  };
  writeSafetensors(
    join(folder, 'model.safetensors'),
    architecture.tensors(parsed).map((spec) => ({
      name: spec.name,
      dtype,
      shape: spec.shape,
      bytes: () => fromFloat32(draw(spec), dtype),
    })),
    randomWeights,
  );
  writeFileSync(join(folder, 'config.json'), `${JSON.stringify(config, null, 2)}\n`);
}

/** @throws AppError `config-damaged` */
function parseConfig(config: Record<string, unknown>): { architecture: Architecture; parsed: unknown } {
  const architecture = architectureFor(String(config.model_type));
  assert(architecture !== undefined, `"${config.model_type}" is a known architecture`);
  const result = architecture.Config.safeParse(config);
  if (result.success) return { architecture, parsed: result.data };
  const { path, message } = result.error.issues[0];
  throw new AppError(
    'config-damaged',
    `The model settings do not fit: ${path.join('.')}: ${message}.`,
    'Change this value.',
  );
}

/**
 * The model of a config.json before its weights are made: to predict what it costs. Its tensors lie nowhere.
 * @throws AppError `config-damaged`
 */
export function modelWithoutWeights(
  name: string,
  config: Record<string, unknown>,
  dtype: DType = 'float32',
): Model {
  const { architecture, parsed } = parseConfig(config);
  const specs = architecture.tensors(parsed);
  const width = bytesOfType[dtype] ?? 4;
  const tensors = new Map(
    specs.map(({ name: tensor, shape }) => {
      const place = { file: 'model.safetensors', offset: 0, bytes: sizeOf(shape) * width };
      return [tensor, { name: tensor, dtype, shape, ...place }] as const;
    }),
  );
  const parameters = specs.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  return {
    folder: '',
    name,
    rawConfig: config,
    config: parsed,
    architecture,
    objective: architecture.objective?.(parsed) ?? 'causal-lm',
    shape: architecture.shape(parsed),
    specs,
    tensors,
    weightsFolder: '',
    locate: (file) => file,
    eosIds: [],
    parameters,
    bytes: parameters * width,
    dtype,
    warnings: [],
  };
}

const bytesOfType: Partial<Record<DType, number>> = { float32: 4, float16: 2, bfloat16: 2 };
