// config.json of a model by the architecture that it names. What says something that the architecture does not compute is
// refused by its key and value, instead of being passed over. Knows no files.
import { z } from 'zod';
import { AppError } from '../errors.ts';
import type { Architecture } from './architecture.ts';
import { RopeScaling, ropeProblem } from './blocks/rotary.ts';
import { architectureFor, architectures } from './index.ts';

const otherModel = 'Choose another model.';

/**
 * The settings of a model called `name`, parsed.
 * @throws AppError `architecture-unsupported`, `config-damaged`, `config-unsupported`, `rope-unsupported`
 */
export function readConfig(
  name: string,
  raw: Readonly<Record<string, unknown>>,
): { architecture: Architecture; config: Record<string, unknown> } {
  const modelType = String(raw.model_type ?? '');
  const architecture = architectureFor(modelType);
  if (architecture === undefined) {
    const known = architectures.flatMap(({ modelTypes }) => modelTypes).join(', ');
    throw new AppError(
      'architecture-unsupported',
      `Tunesmith cannot train "${modelType || 'unnamed'}" models yet. It can train: ${known}.`,
      otherModel,
    );
  }
  const parsed = architecture.Config.safeParse(raw);
  if (!parsed.success) throw misfit(name, raw, parsed.error.issues[0]);
  refuseOtherModels(name, raw);
  refuseUnknownRope(raw);
  return { architecture, config: parsed.data as Record<string, unknown> };
}

/** A value that is none of those known is a model of another kind; anything else a damaged file. */
function misfit(name: string, raw: Readonly<Record<string, unknown>>, issue: z.core.$ZodIssue): AppError {
  const { path, message } = issue;
  const key = path.join('.');
  if (issue.code !== 'invalid_value')
    return new AppError(
      'config-damaged',
      `config.json of "${name}" does not fit: ${key}: ${message}.`,
      'Copy or download the model again.',
    );
  const value = path.reduce<unknown>((found, step) => (found as Record<PropertyKey, unknown>)?.[step], raw);
  return new AppError(
    'config-unsupported',
    `config.json of "${name}" says ${key} = ${JSON.stringify(value)}. Tunesmith knows only ${issue.values.map(String).join(', ')}.`,
    otherModel,
  );
}

/** Keys that make another model of it than the architecture builds, and what they stand for. */
const otherModels: readonly [key: string, meaning: string][] = [
  ['num_local_experts', 'a mixture of experts'],
  ['num_experts', 'a mixture of experts'],
  ['n_routed_experts', 'a mixture of experts'],
  ['attention_chunk_size', 'attention within chunks'],
];

function refuseOtherModels(name: string, raw: Readonly<Record<string, unknown>>): void {
  const quantization = z
    .looseObject({ quant_method: z.string().nullish() })
    .safeParse(raw.quantization_config);
  if (quantization.success)
    throw new AppError(
      'config-unsupported',
      `config.json of "${name}" says quantization_config: its weights are packed by ${quantization.data.quant_method ?? 'an unnamed method'}.`,
      'Choose a copy of the model in float32, float16 or bfloat16; Tunesmith packs it in few bits itself where a run asks for it.',
    );
  const found = otherModels.find(([key]) => typeof raw[key] === 'number' && raw[key] > 0);
  if (found === undefined) return;
  const [key, meaning] = found;
  throw new AppError(
    'config-unsupported',
    `config.json of "${name}" says ${key} = ${raw[key]}: ${meaning}, which Tunesmith cannot train yet.`,
    otherModel,
  );
}

/** Scalings of positions, also those of single types of layers. */
function refuseUnknownRope(raw: Readonly<Record<string, unknown>>): void {
  const scalingsIn = (values: readonly unknown[]): RopeScaling[] =>
    values.map((value) => RopeScaling.safeParse(value).data).filter((one) => one !== undefined);
  const stated = scalingsIn([raw.rope_scaling, raw.rope_parameters]);
  const nested = stated.flatMap((one) => scalingsIn(Object.values(one)));
  const problem = [...stated, ...nested].map(ropeProblem).find((one) => one !== undefined);
  if (problem === undefined) return;
  throw new AppError('rope-unsupported', `The model scales its positions by ${problem}.`, otherModel);
}
