// A new model with random weights: a folder in Hugging Face format like any other, to be trained from
// nothing. Weights are drawn as transformers draws them: normal with `initializer_range`, ones for norms,
// zeros for biases.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DType } from '../compiler/op.ts';
import { sizeOf } from '../compiler/shape.ts';
import { AppError, assert } from '../errors.ts';
import { createRandom } from '../tokens/random.ts';
import type { TensorSpec } from './architecture.ts';
import { architectureFor } from './index.ts';
import { fromFloat32, writeSafetensors } from './safetensors.ts';

/**
 * Writes config.json and model.safetensors into `folder` (made if needed). The tokenizer is the caller's
 * business.
 */
export function writeScratchModel(
  folder: string,
  config: Record<string, unknown>,
  options: { seed: number; dtype?: DType },
): void {
  const architecture = architectureFor(String(config.model_type));
  assert(architecture !== undefined, `"${config.model_type}" is a known architecture`);
  const parsed = architecture.Config.safeParse(config);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0];
    throw new AppError(
      'config-damaged',
      `The model settings do not fit: ${path.join('.')}: ${message}.`,
      'Change this value.',
    );
  }
  const { dtype = 'float32' } = options;
  const deviation = typeof config.initializer_range === 'number' ? config.initializer_range : 0.02;
  mkdirSync(folder, { recursive: true });
  const random = createRandom(options.seed);
  const draw = ({ kind, shape, initial = 1, deviation: factor = 1 }: TensorSpec): Float32Array => {
    const size = sizeOf(shape);
    if (kind === 'norm') return new Float32Array(size).fill(initial);
    if (kind === 'bias') return new Float32Array(size);
    return Float32Array.from({ length: size }, () => factor * deviation * random.normal());
  };
  writeSafetensors(
    join(folder, 'model.safetensors'),
    architecture.tensors(parsed.data).map((spec) => ({
      name: spec.name,
      dtype,
      shape: spec.shape,
      bytes: () => fromFloat32(draw(spec), dtype),
    })),
  );
  writeFileSync(join(folder, 'config.json'), `${JSON.stringify(config, null, 2)}\n`);
}
