// A new output layer for labels on a base model that has another one: a model whose head comes from a file of its own, drawn
// as transformers draws it; all else stays where it is. What the old head alone read is left out.
import { parse, relative, sep } from 'node:path';
import { sizeOf } from '../compiler/shape.ts';
import { AppError } from '../errors.ts';
import { createRandom } from '../tokens/random.ts';
import type { Objective } from './architecture.ts';
import { commonFolder, type Model } from './load.ts';
import { fromFloat32, readHeader, type TensorInfo, writeSafetensors } from './safetensors.ts';

export interface NewHead {
  objective: Extract<Objective, 'classification' | 'token-classification'>;
  /** Names of the labels, in the order of the outputs; one for a regression or a reward. */
  labels: readonly string[];
  /** `problem_type` in config.json, for classifiers of texts (training/tasks). */
  problemType?: string;
}

const classEndings = {
  classification: 'ForSequenceClassification',
  'token-classification': 'ForTokenClassification',
};

/**
 * The model with a head for labels; tensors that the checkpoint lacks are written to `file` (safetensors).
 * @throws AppError when the family has no such head
 */
export function withNewHead(
  model: Model,
  { objective, labels, problemType }: NewHead,
  file: string,
  seed: number,
): Model {
  const { architecture, rawConfig } = model;
  const fields = {
    architectures: [className(rawConfig) + classEndings[objective]],
    id2label: Object.fromEntries(labels.map((label, i) => [String(i), label])),
    label2id: Object.fromEntries(labels.map((label, i) => [label, i])),
    num_labels: null,
    ...(problemType === undefined ? {} : { problem_type: problemType }),
  };
  const config = { ...(model.config as Record<string, unknown>), ...fields };
  if (architecture.objective?.(config) !== objective) {
    throw new AppError(
      'head-unsupported',
      `"${model.name}" (${architecture.label}) cannot get an output layer for labels.`,
      'Choose an encoder such as BERT, or a Llama-like model.',
    );
  }
  if (parse(file).root !== parse(model.weightsFolder).root) {
    throw new AppError(
      'weights-other-drive',
      `"${model.name}" lies on ${parse(model.weightsFolder).root}, and the project on ${parse(file).root}.`,
      'Copy the model to the drive of the project.',
    );
  }
  const specs = architecture.tensors(config);
  const fits = ({ name, shape }: (typeof specs)[number]) =>
    model.tensors.get(name)?.shape.join() === shape.join();
  const isOwn = (name: string) => architecture.outputModules.some((module) => name.startsWith(`${module}.`));
  const fresh = specs.filter((spec) => !fits(spec) || isOwn(spec.name));
  const random = createRandom(seed);
  const deviation = typeof rawConfig.initializer_range === 'number' ? rawConfig.initializer_range : 0.02;
  const draw = (size: number, isBias: boolean) =>
    Float32Array.from({ length: size }, () => (isBias ? 0 : deviation * random.normal()));
  writeSafetensors(
    file,
    fresh.map(({ name, shape, kind }) => ({
      name,
      dtype: 'float32',
      shape,
      bytes: () => fromFloat32(draw(sizeOf(shape), kind === 'bias'), 'float32'),
    })),
  );
  const tensors = new Map<string, TensorInfo>([...model.tensors, ...readHeader(file)]);
  const weightsFolder = commonFolder([...new Set([...tensors.values()].map((info) => info.file))]);
  const { num_labels: _, ...written } = fields;
  const { num_labels: __, ...kept } = rawConfig;
  return {
    ...model,
    config,
    rawConfig: { ...kept, ...written },
    objective,
    shape: architecture.shape(config),
    specs,
    tensors,
    weightsFolder,
    locate: (path) => relative(weightsFolder, path).split(sep).join('/'),
    parameters: specs.reduce((sum, { shape }) => sum + sizeOf(shape), 0),
  };
}

/** What the classes of a family in transformers begin with: `Bert` of `BertForMaskedLM`. */
function className({ architectures, model_type: modelType }: Record<string, unknown>): string {
  const [name] = Array.isArray(architectures) ? architectures : [];
  if (typeof name === 'string') return name.replace(/(For[A-Z]\w*|LMHeadModel|Model)$/, '');
  const type = String(modelType ?? '');
  return type.charAt(0).toUpperCase() + type.slice(1);
}
