// Trains: holds parameters, gradients and optimizer state, runs one micro-batch or one update at a time, and measures
// losses. Does not know where batches come from, what a run is, or when to save (loop.ts does).
import type { Program, Provider } from '../compiler/lowering.ts';
import { type OptimizerChoice, optimizerOf } from '../compiler/optimizers/index.ts';
import { type Precision, requirePrecision } from '../compiler/precision.ts';
import type { Recompute } from '../models/builder.ts';
import { initialAdapter, type LoraSite } from '../models/lora.ts';
import { readQuantized } from '../models/quantize.ts';
import { readTensor, type TensorInfo } from '../models/safetensors.ts';
import { createRandom, type RandomState } from '../tokens/random.ts';
import { createDeviceState } from './device-state.ts';
import { frozenTypes, weightsOnDevice } from './device-weights.ts';
import { declaredFeeds, prepare } from './feeds.ts';
import { beyondHalf, firstLossScale, type LossScale, nextLossScale, sumScale } from './loss-scale.ts';
import { embeddingNoise } from './noise.ts';
import { layoutPages, type Page, type PageArray, PagedArrays, stateArrays } from './parameters.ts';
import {
  type BatchShape,
  type ClipNorm,
  compileGradients,
  compileLoss,
  compileNorm,
  compileUpdate,
  type GraphOptions,
  requireStates,
} from './programs.ts';
import {
  createSession,
  type DeviceArray,
  type Feeds,
  keepsOnDevice,
  type Numbers,
  type Session,
} from './session.ts';
import { createSessionCache } from './session-cache.ts';
import type { Task } from './tasks/task.ts';
import { type TrainedChoice, trainedTensors } from './trained.ts';

/** One micro-batch. `labels[k]` is the token that position `labelRows[k]` (row * width + place) has to predict. */
export interface BatchArrays {
  rows: number;
  width: number;
  inputIds: Int32Array;
  positionIds: Int32Array;
  /** Undefined where each row is one record, padded on the right. */
  segmentIds?: Int32Array;
  labelRows: Int32Array;
  labels: Int32Array;
  weights: Float32Array;
  /** Types of tokens in pairs of texts; all 0 unless given. */
  tokenTypeIds?: Int32Array;
  /** Last token of each row, as row * width + place: where a classifier on a decoder reads. */
  ends?: Int32Array;
  /** What a decoder reads beside the encoder's text, [rows, targetWidth]; label rows then count its places. */
  targetIds?: Int32Array;
  targetWidth?: number;
  /** Numbers to be met instead of labels, as many as weights (tasks/classification.ts, tasks/reward.ts). */
  targets?: Float32Array;
  /** Tokens without padding; all places unless given. */
  tokens?: number;
}

export interface TrainerOptions extends TrainedChoice {
  optimizer: OptimizerChoice;
  weightDecay: number;
  maxGradNorm: number;
  clipNorm?: ClipNorm;
  labelSmoothing?: number;
  /** Noise on the embeddings of tokens while training (noise.ts); 0 = none. */
  neftuneAlpha?: number;
  /** What is learned; one label of many unless given. */
  task?: Task;
  recompute?: Recompute;
  /** Told before and after the graph of another shape of batches is made, which takes up to a second. */
  onCompile?: (compiling: boolean) => void;
  /** Type of the products of a model; what is trained, and all else, is float32. fp32 unless given. */
  precision?: Precision;
  /** Losses come with what a classifier says of texts or of their tokens (`measure`). */
  outputs?: boolean;
  provider?: Provider;
  threads?: number;
  seed?: number;
  /** First values instead of those in the files: an adapter to go on from, or random weights. */
  initial?: ReadonlyMap<string, Float32Array>;
  /** Sessions of batch shapes that are kept. */
  maxSessions?: number;
  /** Writes onnxruntime's profile of the gradient graphs to this prefix (test/bench/profile.ts). */
  profile?: string;
}

export interface Trainer {
  readonly pages: readonly Page[];
  readonly parameters: PagedArrays;
  readonly states: ReadonlyMap<string, PagedArrays<PageArray>>;
  readonly sites: readonly LoraSite[];
  readonly trainable: number;
  /** Gradients of the summed loss of the micro-batches since the last update; in fp16 times a scale. */
  readonly gradients: PagedArrays;
  /** Adds one micro-batch. Returns sum of weight * nll, and the sum of weights. */
  accumulate(batch: BatchArrays): Promise<{ lossSum: number; weight: number }>;
  /** Forgets the micro-batches since the last update. */
  discard(): void;
  /**
   * Updates the parameters. Returns the norm of the averaged gradient before clipping. In fp16, an update with a gradient
   * that is not finite is left out, but counted, and its norm is 0.
   */
  update(learningRate: number): Promise<{ gradNorm: number; skipped?: boolean }>;
  /** nll of each label of a batch, without dropout. */
  losses(batch: BatchArrays): Promise<Float32Array>;
  /** Losses of a batch, and with the option `outputs` the logits of its rows from the same pass: [rows (, tokens), labels]. */
  measure(batch: BatchArrays): Promise<{ losses: Float32Array; logits?: Float32Array }>;
  /**
   * Brings what is on a device into the arrays above: before they are read or written. Nothing to do on a
   * processor.
   */
  download(): Promise<void>;
  /** Updates done; part of a checkpoint, with the random state. */
  updates: number;
  /** Of fp16; part of a checkpoint. Undefined for others. */
  lossScale: LossScale | undefined;
  randomState(): RandomState;
  restoreRandom(state: RandomState): void;
  /** Seconds spent creating sessions so far. */
  readonly compileSeconds: number;
  release(): Promise<void>;
}

export async function createTrainer(options: TrainerOptions): Promise<Trainer> {
  const { model, lora, provider = 'cpu', threads = 0, seed = 0, maxSessions = 4 } = options;
  requireStates(options.optimizer, provider);
  requirePrecision(options.precision ?? 'fp32', provider);
  const { sites, saved, specs } = trainedTensors(options);
  const pages = layoutPages(specs, optimizerOf(options.optimizer).alone);
  const parameters = new PagedArrays(pages);
  const gradients = new PagedArrays(pages);
  const scratch = new PagedArrays(pages);
  const states = stateArrays(options.optimizer, pages);
  // DoRA's magnitudes are norms of what is multiplied; modules that are trained whole start from the original
  const adapted = new Set(sites.flatMap(({ tensor, dora }) => (dora ? tensor : [])));
  const base = (name: string) =>
    adapted.has(name) && model.quantized?.weights.has(name)
      ? readQuantized(model, name)
      : readTensor((model.originals ?? model.tensors).get(name) as TensorInfo);
  const initial =
    options.initial ?? (lora === undefined ? undefined : initialAdapter(sites, saved, seed, base));
  for (const { name } of specs) parameters.view(name).set(initial?.get(name) ?? base(name));
  // parameters, state, gradients and frozen weights stay on the device between steps, where it can keep them
  const device = keepsOnDevice(provider) ? createDeviceState(provider) : undefined;
  const frozen = device && weightsOnDevice(model, provider);
  const given = device && frozenTypes(model, pages, options.precision ?? 'fp32');
  const graphOptions: GraphOptions = {
    model,
    given,
    pages,
    sites,
    provider,
    recompute: options.recompute ?? 'off',
    dropout: lora?.lora_dropout ?? 0,
    labelSmoothing: options.labelSmoothing ?? 0,
    noise: (options.neftuneAlpha ?? 0) > 0,
    task: options.task,
    precision: options.precision,
    outputs: options.outputs,
  };
  let random = createRandom(seed);
  let compileSeconds = 0;
  let pendingWeight = 0;
  /** Factor on the pending gradients, of the first batch since the last update. */
  let pendingScale = 1;
  const sessions = createSessionCache(maxSessions, async (session) => {
    await device?.download(); // gradients that it made must not outlive it
    if (options.profile !== undefined) session.endProfiling();
    await session.release();
  });
  let updateSession: Session | undefined;
  let normSession: Session | undefined;
  const parameterFeeds = () => device?.feeds(parameters, 'p') ?? parameters.named('p');
  const frozenFeeds = async (): Promise<Feeds> => (given && (await frozen?.feeds(given))) ?? {};

  const makeSession = async (kind: 'gradients' | 'loss', shape: BatchShape): Promise<Session> => {
    const start = performance.now();
    options.onCompile?.(true);
    const program: Program =
      kind === 'loss' ? compileLoss(shape, graphOptions) : compileGradients(shape, graphOptions);
    const session = await createSession(program, {
      threads,
      weightsFolder: model.weightsFolder,
      profile: kind === 'gradients' ? options.profile : undefined,
      keep: device !== undefined && kind === 'gradients' ? pages.map(({ index }) => `g${index}`) : [],
    });
    compileSeconds += (performance.now() - start) / 1000;
    options.onCompile?.(false);
    return session;
  };
  const sessionFor = (kind: 'gradients' | 'loss', shape: BatchShape): Promise<Session> => {
    const { rows, width, labels, segments, targetWidth } = shape;
    return sessions.get(`${kind} ${rows} ${width} ${labels} ${segments} ${targetWidth}`, () =>
      makeSession(kind, shape),
    );
  };

  /** What is drawn anew for each micro-batch. */
  const randomInputs = (session: Session, batch: BatchArrays): Record<string, Numbers> => {
    const feeds: Record<string, Numbers> = {};
    for (const [name, { shape }] of session.program.inputs) {
      if (name.startsWith('dropout')) feeds[name] = randomBytes(random, shape);
      if (name === 'noise') feeds[name] = embeddingNoise(random, shape, batch, options.neftuneAlpha ?? 0);
    }
    return feeds;
  };

  const gradientFeeds = () => device?.feeds(gradients, 'g') ?? gradients.named('g');
  const areFinite = async (): Promise<boolean> => {
    normSession ??= await createSession(compileNorm(pages, provider), { threads });
    const { norm } = await normSession.run(gradientFeeds());
    return Number.isFinite(norm[0] as number);
  };

  const trainer: Trainer = {
    pages,
    parameters,
    gradients,
    states,
    sites,
    trainable: pages.reduce((sum, page) => sum + page.size, 0),
    updates: 0,
    lossScale: options.precision === 'fp16' ? firstLossScale : undefined,
    accumulate: async (batch) => {
      const { shape, feeds, weight } = prepare(batch);
      const session = await sessionFor('gradients', shape);
      const first = pendingWeight === 0;
      const { lossScale } = trainer;
      if (first && lossScale !== undefined) pendingScale = sumScale(lossScale, weight);
      const inputs = {
        ...(lossScale === undefined ? {} : { lossScale: Float32Array.of(pendingScale) }),
        ...declaredFeeds(session.program, feeds),
        ...(await frozenFeeds()),
        ...parameterFeeds(),
        ...randomInputs(session, batch),
      };
      const target = first ? gradients : scratch;
      const fetches = device === undefined ? target.named('g') : {};
      const { numbers, kept } = await session.runKeeping(inputs, fetches);
      const lossSum = numbers.loss[0] as number;
      if (lossScale !== undefined && !Number.isFinite(lossSum)) throw beyondHalf('Values of the model');
      if (device !== undefined) {
        if (first) device.take(gradients, 'g', kept);
        else await device.add(gradients, 'g', kept);
      } else if (!first) addInto(gradients, scratch);
      pendingWeight += weight;
      return { lossSum, weight };
    },
    discard: () => {
      pendingWeight = 0;
    },
    update: async (learningRate) => {
      if (trainer.lossScale !== undefined) {
        const finite = await areFinite();
        trainer.lossScale = nextLossScale(trainer.lossScale, finite);
        if (!finite) {
          trainer.updates += 1;
          pendingWeight = 0;
          return { gradNorm: 0, skipped: true };
        }
      }
      if (updateSession === undefined) {
        const program = compileUpdate(
          pages,
          options.optimizer,
          options.weightDecay,
          options.maxGradNorm,
          provider,
          options.clipNorm,
        );
        const keep = [...program.outputs.keys()].filter((name) => name !== 'norm');
        updateSession = await createSession(program, { threads, keep: device === undefined ? [] : keep });
      }
      trainer.updates += 1;
      const done = trainer.updates - (trainer.lossScale?.skipped ?? 0);
      const scalars = optimizerOf(options.optimizer).scalars(options.optimizer, done);
      const feeds: Record<string, Numbers | DeviceArray> = {
        ...parameterFeeds(),
        ...gradientFeeds(),
        scale: Float32Array.of(pendingWeight === 0 ? 0 : 1 / (pendingWeight * pendingScale)),
        lr: Float32Array.of(learningRate),
      };
      for (const [name, value] of Object.entries(scalars)) feeds[name] = Float32Array.of(value);
      const fetches: Record<string, Numbers> = parameters.named('p', '.next');
      for (const [state, arrays] of states) {
        Object.assign(feeds, device?.feeds(arrays, `${state}.`) ?? arrays.named(`${state}.`));
        Object.assign(fetches, arrays.named(`${state}.`, '.next'));
      }
      const { numbers, kept } = await updateSession.runKeeping(feeds, device === undefined ? fetches : {});
      if (device !== undefined) {
        device.take(parameters, 'p', kept, '.next');
        for (const [state, arrays] of states) device.take(arrays, `${state}.`, kept, '.next');
      }
      pendingWeight = 0;
      return { gradNorm: numbers.norm[0] as number };
    },
    losses: async (batch) => (await trainer.measure(batch)).losses,
    measure: async (batch) => {
      const { shape, feeds } = prepare(batch);
      const session = await sessionFor('loss', shape);
      await device?.upload(parameters); // many batches read the same ones
      const { nll, logits } = await session.run({
        ...declaredFeeds(session.program, feeds),
        ...(await frozenFeeds()),
        ...parameterFeeds(),
      });
      const labels = batch.targets === undefined ? batch.labels.length : batch.weights.length;
      return { losses: (nll as Float32Array).slice(0, labels), logits: logits?.slice() as Float32Array };
    },
    download: async () => device?.download(),
    randomState: () => random.state(),
    restoreRandom: (state) => {
      random = createRandom(state);
    },
    get compileSeconds() {
      return compileSeconds;
    },
    release: async () => {
      await device?.release(); // first: an array must not outlive the session that made it
      await sessions.release();
      await updateSession?.release();
      await normSession?.release();
      await frozen?.release();
      updateSession = undefined;
      normSession = undefined;
    },
  };
  return trainer;
}

function addInto(target: PagedArrays, addend: PagedArrays): void {
  target.arrays.forEach((array, page) => {
    const other = addend.arrays[page];
    for (let i = 0; i < array.length; i++) array[i] += other[i];
  });
}

function randomBytes(random: ReturnType<typeof createRandom>, shape: readonly number[]): Uint8Array {
  const size = shape.reduce((product, dim) => product * dim, 1);
  const words = new Uint32Array(Math.ceil(size / 4));
  for (let i = 0; i < words.length; i++) words[i] = random.next() * 2 ** 32;
  return new Uint8Array(words.buffer, 0, size);
}

/** Names and arrays of an adapter, ready to be written. */
export function adapterTensors(
  trainer: Trainer,
): Map<string, { shape: readonly number[]; data: Float32Array }> {
  return new Map(
    trainer.parameters
      .entries()
      .map(({ name, shape }) => [name, { shape, data: trainer.parameters.view(name) }]),
  );
}
