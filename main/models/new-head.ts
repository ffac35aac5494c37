// A new output layer for labels on a base model that has another one: a model whose head comes from a file of its own, drawn
// as transformers draws it; all else stays where it is. What the old head alone read is left out.
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { join, parse, relative, sep } from 'node:path';
import { sizeOf } from '../compiler/shape.ts';
import { AppError } from '../errors.ts';
import { createRandom } from '../tokens/random.ts';
import type { Objective, TensorSpec } from './architecture.ts';
import { IdToLabel } from './blocks/heads.ts';
import { commonFolder, type Model } from './load.ts';
import { fromFloat32, readHeader, type TensorInfo, writeSafetensors } from './safetensors.ts';

export interface NewHead {
  objective: Extract<Objective, 'classification' | 'token-classification'>;
  /** Names of the labels, in the order of the outputs; one for a regression or a reward. */
  labels: readonly string[];
  /** `problem_type` in config.json, for classifiers of texts (training/tasks). */
  problemType?: string;
  /** What stands between the labels of an answer that may have several. */
  separator?: string;
  /** First values of the bias of the outputs; 0 unless given. */
  bias?: readonly number[];
}

const classEndings = {
  classification: 'ForSequenceClassification',
  'token-classification': 'ForTokenClassification',
};

/**
 * The model with a head for labels; tensors that the checkpoint lacks are written to `file` (safetensors). Without a
 * file the model is for plans alone: the new tensors lie nowhere.
 * @throws AppError when the family has no such head
 */
export function withNewHead(model: Model, head: NewHead, file: string | null, seed: number): Model {
  const { rawConfig } = model;
  const headed = headedModel(model, head);
  const { fresh } = headed;
  if (file === null) return assemble(model, headed, nowhere(model, fresh));
  const random = createRandom(seed);
  const deviation = typeof rawConfig.initializer_range === 'number' ? rawConfig.initializer_range : 0.02;
  const draw = ({ name, shape, kind }: TensorSpec) => {
    const given = isOutput(model, name) && head.bias?.length === sizeOf(shape) ? head.bias : undefined;
    return Float32Array.from({ length: sizeOf(shape) }, (_, i) =>
      kind === 'bias' ? (given?.[i] ?? 0) : deviation * random.normal(),
    );
  };
  requireSameDrive(model, file);
  writeSafetensors(
    file,
    fresh.map((spec) => ({
      name: spec.name,
      dtype: 'float32',
      shape: spec.shape,
      bytes: () => fromFloat32(draw(spec), 'float32'),
    })),
  );
  return assemble(model, headed, readHeader(file));
}

/**
 * The model with the head that an adapter folder saves: config.json there names the labels, and the new tensors are those
 * in adapter_model.safetensors. The model as it is where the folder has no config.json.
 * @throws AppError when the folder lacks a tensor of the head
 */
export function withSavedHead(model: Model, folder: string): Model {
  const head = headIn(folder);
  if (head === null) return model;
  const { labels } = head;
  const objective = head.problemType === tokenLabels ? 'token-classification' : 'classification';
  const headed = headedModel(model, { objective, ...head });
  const file = join(folder, 'adapter_model.safetensors');
  requireSameDrive(model, file);
  const saved = new Map(
    [...readHeader(realpathSync(file)).values()].map((info) => {
      const name = info.name
        .replace(/^base_model\.model\./, '')
        .replace(/\.modules_to_save(\.default)?(?=\.)/, '');
      return [name, { ...info, name }];
    }),
  );
  const missing = headed.fresh.find(({ name, shape }) => saved.get(name)?.shape.join() !== shape.join());
  if (missing !== undefined) {
    throw new AppError(
      'adapter-mismatch',
      `The adapter lacks "${missing.name}" [${missing.shape.join(', ')}] of the output layer for its ${labels.length} labels.`,
      'Choose an adapter that was trained on this model.',
    );
  }
  return assemble(
    model,
    headed,
    new Map(headed.fresh.map(({ name }) => [name, saved.get(name) as TensorInfo])),
  );
}

/** The model with the head that it has, for a run that goes on with the same labels. */
export function withOwnHead(model: Model): Model {
  const fresh = model.specs.filter(({ name }) => isOutput(model, name));
  return { ...model, headModules: savedModules(fresh, model.specs) };
}

/** Labels of a classifier of texts or tokens in the order of its outputs; undefined for other models. */
export function labelsOf({
  objective,
  rawConfig,
}: Pick<Model, 'objective' | 'rawConfig'>): string[] | undefined {
  const isClassifier = objective === 'classification' || objective === 'token-classification';
  return isClassifier ? namedLabels(rawConfig) : undefined;
}

/** What a classifier's outputs mean. */
export type SavedHead = Required<Pick<NewHead, 'labels' | 'problemType'>> & Pick<NewHead, 'separator'>;

/** The head that config.json of an adapter folder describes; null where there is none, as beside adapters of decoders. */
export function headIn(folder: string): SavedHead | null {
  const file = join(folder, 'config.json');
  if (!existsSync(file)) return null;
  const rawConfig = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  const labels = namedLabels(rawConfig);
  if (labels === undefined) return null;
  return { labels, problemType: problemOf({ rawConfig }), separator: separatorOf({ rawConfig }) };
}

/** Labels that config.json of an adapter folder names; null where there is none. */
export const labelsIn = (folder: string): readonly string[] | null => headIn(folder)?.labels ?? null;

/** `problem_type` of classifiers that choose one label of many. */
export const singleLabel = 'single_label_classification';

/** What `problemOf` calls classifiers of tokens; transformers has no `problem_type` for them. */
export const tokenLabels = 'token_classification';

/** What a classifier learns, as transformers takes it: without a name, one output is a number and several are labels. */
export function problemOf({ rawConfig }: Pick<Model, 'rawConfig'>): string {
  const { problem_type: named, architectures } = rawConfig;
  if (String(architectures).endsWith(classEndings['token-classification'])) return tokenLabels;
  if (typeof named === 'string') return named;
  return namedLabels(rawConfig)?.length === 1 ? 'regression' : singleLabel;
}

/** What stands between the labels of an answer that has several; a key of ours, which transformers keeps and ignores. */
export function separatorOf({ rawConfig }: Pick<Model, 'rawConfig'>): string | undefined {
  const { label_separator: separator } = rawConfig;
  return typeof separator === 'string' ? separator : undefined;
}

function namedLabels({ id2label }: Record<string, unknown>): string[] | undefined {
  const names = IdToLabel.safeParse(id2label).data;
  if (names === undefined) return undefined;
  const ids = Object.keys(names).sort((a, b) => Number(a) - Number(b));
  return ids.map((id) => names[id]);
}

interface Headed {
  config: Record<string, unknown>;
  rawConfig: Record<string, unknown>;
  objective: Objective;
  specs: TensorSpec[];
  /** What the checkpoint lacks. */
  fresh: TensorSpec[];
}

function headedModel(model: Model, { objective, labels, problemType, separator }: NewHead): Headed {
  const { architecture, rawConfig } = model;
  const written = {
    architectures: [className(rawConfig) + classEndings[objective]],
    id2label: Object.fromEntries(labels.map((label, i) => [String(i), label])),
    label2id: Object.fromEntries(labels.map((label, i) => [label, i])),
    ...(problemType === undefined || problemType === tokenLabels ? {} : { problem_type: problemType }),
    ...(separator === undefined ? {} : { label_separator: separator }),
  };
  // the number of labels follows from their names, also in transformers
  const config = { ...(model.config as Record<string, unknown>), ...written, num_labels: null };
  if (architecture.objective?.(config) !== objective) {
    throw new AppError(
      'head-unsupported',
      `"${model.name}" (${architecture.label}) cannot get an output layer for labels.`,
      'Choose an encoder such as BERT, or a Llama-like model.',
    );
  }
  const specs = architecture.tensors(config);
  const fits = ({ name, shape }: TensorSpec) => model.tensors.get(name)?.shape.join() === shape.join();
  const fresh = specs.filter((spec) => !fits(spec) || isOutput(model, spec.name));
  const { num_labels: _, label_separator: __, problem_type: ___, ...kept } = rawConfig;
  return { config, rawConfig: { ...kept, ...written }, objective, specs, fresh };
}

const isOutput = ({ architecture }: Model, name: string): boolean =>
  architecture.outputModules.some((module) => name.startsWith(`${module}.`));

function assemble(model: Model, headed: Headed, added: ReadonlyMap<string, TensorInfo>): Model {
  const { config, rawConfig, objective, specs, fresh } = headed;
  const tensors = new Map<string, TensorInfo>([...model.tensors, ...added]);
  const weightsFolder = commonFolder([...new Set([...tensors.values()].map((info) => info.file))]);
  return {
    ...model,
    config,
    rawConfig,
    objective,
    headModules: savedModules(fresh, specs),
    shape: model.architecture.shape(config),
    specs,
    tensors,
    weightsFolder,
    locate: (path) => relative(weightsFolder, path).split(sep).join('/'),
    parameters: specs.reduce((sum, { shape }) => sum + sizeOf(shape), 0),
  };
}

/** Places of tensors that only a plan needs. */
function nowhere(model: Model, fresh: readonly TensorSpec[]): Map<string, TensorInfo> {
  const [{ file }] = model.tensors.values();
  return new Map(
    fresh.map(({ name, shape }) => [
      name,
      { name, dtype: 'float32', shape, file, offset: 0, bytes: 4 * sizeOf(shape) },
    ]),
  );
}

/**
 * Outermost modules that hold new tensors and nothing else, by the last part of their names: `classifier`, `pooler`. One
 * whose name ends like another one's is covered by it, as PEFT matches them.
 */
function savedModules(fresh: readonly TensorSpec[], specs: readonly TensorSpec[]): string[] {
  const isNew = new Set(fresh.map(({ name }) => name));
  const modules = fresh.flatMap(({ name }) => {
    const parts = name.split('.');
    const outer = parts.slice(1).map((_, i) => parts.slice(0, i + 1));
    const found = outer.find((path) =>
      specs.every((spec) => !spec.name.startsWith(`${path.join('.')}.`) || isNew.has(spec.name)),
    );
    return found?.at(-1) ?? [];
  });
  const names = [...new Set(modules)];
  return names.filter((name) => !names.some((other) => other !== name && name.endsWith(other)));
}

function requireSameDrive(model: Model, file: string): void {
  if (parse(file).root === parse(model.weightsFolder).root) return;
  throw new AppError(
    'weights-other-drive',
    `"${model.name}" lies on ${parse(model.weightsFolder).root}, and the project on ${parse(file).root}.`,
    'Copy the model to the drive of the project.',
  );
}

/** What the classes of a family in transformers begin with: `Bert` of `BertForMaskedLM`. */
function className({ architectures, model_type: modelType }: Record<string, unknown>): string {
  const [name] = Array.isArray(architectures) ? architectures : [];
  if (typeof name === 'string') return name.replace(/(For[A-Z]\w*|LMHeadModel|Model)$/, '');
  const type = String(modelType ?? '');
  return type.charAt(0).toUpperCase() + type.slice(1);
}
