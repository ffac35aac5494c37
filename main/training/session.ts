// The only import of onnxruntime. Creates sessions from compiled programs and runs them over typed arrays.
// Everything impure of the engine is here: native memory, threads, providers.
import { performance } from 'node:perf_hooks';
import * as ort from 'onnxruntime-node';
import { Graph } from '../compiler/graph.ts';
import { lower, type Program, type Provider } from '../compiler/lowering.ts';
import type { DType } from '../compiler/op.ts';
import { sizeOf } from '../compiler/shape.ts';
import { AppError, assert } from '../errors.ts';
import { log } from '../log.ts';
import { type CudaAdvice, cudaAdvice, findCuda } from './cuda-libraries.ts';
import { cudaMajor, minimumDriver } from './cuda-packages.ts';
import { searchHere, systemRelease } from './cuda-places.ts';

/** float16 as its bits. */
export type Numbers = Float32Array | Int32Array | BigInt64Array | Uint8Array | Uint16Array;

/** Typed arrays by input or output name. */
export type Arrays = Readonly<Record<string, Numbers>>;

export interface SessionOptions {
  /** Intra-op threads; 0 = onnxruntime's choice (the physical cores). */
  threads?: number;
  /** Folder that external weights are relative to. Links in it must not leave it. */
  weightsFolder?: string;
  /** Packs fp32 weights for few rows (decoding); doubles their memory. */
  prepack?: boolean;
  /** Writes onnxruntime's profile to this prefix. */
  profile?: string;
  /** Outputs that stay on the device; only where `keepsOnDevice` says that there is such a thing. */
  keep?: readonly string[];
}

/**
 * An array on the device, to be given to later runs of any session of the same provider. Must be disposed
 * of before the session that made it is released: onnxruntime then frees what the array's memory belongs
 * to.
 */
export interface DeviceArray {
  readonly shape: readonly number[];
  /** Frees its memory. Must not be given to a run afterwards. */
  dispose(): void;
}

/** What a run takes: typed arrays, and arrays that are on the device already. */
export type Feeds = Readonly<Record<string, Numbers | DeviceArray>>;

export interface Session {
  readonly program: Program;
  /** Seconds that creation took. */
  readonly createSeconds: number;
  /**
   * Runs once. `outputs` may hold arrays to be written in place, also ones that are inputs at the same
   * time: an output may be the same buffer as an input when its node is elementwise and runs after
   * everything else that reads it. Blocks the thread until done.
   */
  run(inputs: Feeds, outputs?: Arrays): Promise<Record<string, Numbers>>;
  /**
   * Runs once, and gives the outputs that the options name in `keep` as arrays on the device: the caller
   * frees them.
   */
  runKeeping(
    inputs: Feeds,
    outputs?: Arrays,
  ): Promise<{ numbers: Record<string, Numbers>; kept: Record<string, DeviceArray> }>;
  /** Frees the native memory. */
  release(): Promise<void>;
  /** Ends profiling and writes the file. */
  endProfiling(): void;
}

// Keys are checked by their effect in test/main/training/session.test.ts: onnxruntime accepts unknown ones
// silently.
const sessionKeys = {
  prepackingOff: { session: { disable_prepacking: '1' } },
  spinningStop: { session: { force_spinning_stop: '1' } },
  weightsFolder: (folder: string) => ({ session: { model_external_initializers_file_folder_path: folder } }),
};

/**
 * Whether outputs can stay on the device of a provider. Measured on onnxruntime-node 1.30: WebGPU gives
 * `gpu-buffer` outputs and takes them as inputs of every session; it does not write into one that is passed
 * as an output, and `getData()` of one ends the process, so arrays come back through a graph that copies
 * (device-state.ts). The binding knows no such place for other providers.
 */
export const keepsOnDevice = (provider: Provider): boolean => provider === 'webgpu';

export async function createSession(program: Program, options: SessionOptions = {}): Promise<Session> {
  const { keep = [] } = options;
  assert(
    keep.length === 0 || keepsOnDevice(program.provider),
    `${program.provider} keeps nothing on a device`,
  );
  const start = performance.now();
  const session: Record<string, string> = {
    ...sessionKeys.spinningStop.session,
    ...(options.prepack ? {} : sessionKeys.prepackingOff.session),
    ...(options.weightsFolder === undefined ? {} : sessionKeys.weightsFolder(options.weightsFolder).session),
  };
  process.env.ORT_DISABLE_TELEMETRY = '1'; // else it sends events to its makers, from the first session on
  let native: ort.InferenceSession;
  try {
    native = await ort.InferenceSession.create(program.model, {
      executionProviders: [program.provider],
      ...(options.threads ? { intraOpNumThreads: options.threads } : {}),
      interOpNumThreads: 1,
      enableMemPattern: false,
      enableCpuMemArena: false,
      graphOptimizationLevel: 'disabled',
      logSeverityLevel: 3,
      ...(keep.length === 0 ? {} : { preferredOutputLocation: locations(program, keep) }),
      ...(options.profile === undefined ? {} : { enableProfiling: true, profileFilePrefix: options.profile }),
      extra: { session },
    });
  } catch (thrown) {
    throw sessionError(thrown, program.provider);
  }
  const runKeeping: Session['runKeeping'] = async (inputs, outputs = {}) => {
    const feeds = tensors(inputs, program.inputs, program.provider);
    const fetches: Record<string, ort.Tensor | null> = {};
    for (const name of program.outputs.keys()) fetches[name] = null;
    Object.assign(fetches, tensors(outputs, program.outputs, program.provider));
    try {
      const results = Object.entries(await native.run(feeds, fetches));
      const [there, here] = [true, false].map((kept) =>
        results.filter(([, tensor]) => (tensor.location === 'gpu-buffer') === kept),
      );
      return {
        numbers: Object.fromEntries(here.map(([name, tensor]) => [name, numbersOf(tensor, outputs[name])])),
        kept: Object.fromEntries(there.map(([name, tensor]) => [name, deviceArray(tensor)])),
      };
    } catch (thrown) {
      const described = Object.entries(feeds).map(([name, { type, dims }]) => `${name} ${type} [${dims}]`);
      log('error', 'session-run-failed', { error: thrown, inputs: described });
      throw runError(thrown);
    }
  };
  return {
    program,
    createSeconds: (performance.now() - start) / 1000,
    run: async (inputs, outputs) => (await runKeeping(inputs, outputs)).numbers,
    runKeeping,
    release: () => native.release(),
    endProfiling: () => native.endProfiling(),
  };
}

/** Providers that this build of onnxruntime has, whether or not a device for them exists. */
export function builtInProviders(): Provider[] {
  const known: readonly Provider[] = ['cpu', 'webgpu', 'cuda', 'dml'];
  const listed = ort.listSupportedBackends().map(({ name }) => name);
  return known.filter((provider) => listed.includes(provider));
}

/** Throws `provider-absent`, with the remedy, where nothing can be computed on a provider. */
export async function requireProvider(provider: Provider): Promise<void> {
  const g = new Graph();
  g.output('y', g.neg(g.input('x', [1])));
  const session = await createSession(lower(g, provider), { threads: 1 });
  try {
    await session.run({ x: Float32Array.of(1) });
  } finally {
    await session.release();
  }
}

/** Version of onnxruntime. */
export const runtimeVersion = ort.env.versions.node ?? ort.env.versions.common;

/**
 * What was written in place comes back as a copy too, whose memory is freed here and not at some later
 * collection.
 */
function numbersOf({ data }: ort.Tensor, written: Feeds[string] | undefined): Numbers {
  const copy = data as Numbers;
  if (written === undefined || 'dispose' in written || written.buffer === copy.buffer) return copy;
  (copy.buffer as ArrayBuffer).transfer(0);
  return written;
}

function locations(program: Program, keep: readonly string[]): Record<string, 'gpu-buffer' | 'cpu'> {
  const names = [...program.outputs.keys()];
  return Object.fromEntries(names.map((name) => [name, keep.includes(name) ? 'gpu-buffer' : 'cpu']));
}

const onDevice = new WeakMap<DeviceArray, ort.Tensor>();

function deviceArray(tensor: ort.Tensor): DeviceArray {
  const array: DeviceArray = { shape: tensor.dims, dispose: () => tensor.dispose() };
  onDevice.set(array, tensor);
  return array;
}

function tensors(feeds: Feeds, types: Program['inputs'], provider: Provider): Record<string, ort.Tensor> {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, data]) => {
      const type = types.get(name);
      if (type === undefined)
        throw new Error(`Invariant broken: the program has no input or output "${name}"`);
      const size = 'dispose' in data ? sizeOf(data.shape) : data.length;
      if (size !== sizeOf(type.shape)) {
        throw new Error(`Invariant broken: "${name}" is [${type.shape}], but ${size} elements came`);
      }
      if (!('dispose' in data)) {
        return [name, new ort.Tensor(type.dtype as TensorType, data as never, type.shape)];
      }
      // another provider would read the handle of a buffer as numbers
      assert(keepsOnDevice(provider), `"${name}" is on a device that ${provider} can read`);
      return [name, onDevice.get(data) as ort.Tensor];
    }),
  );
}

type TensorType = Extract<DType, 'float32' | 'float16' | 'int32' | 'int64' | 'uint8' | 'bool'>;

const outOfMemory = /bad_alloc|failed to allocate|out of memory|AllocateBufferWithOptions/i;

function runError(thrown: unknown): unknown {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  if (/requires f16 but the device does not support it/.test(message))
    return new AppError(
      'precision-device',
      'This graphics card, or its driver, has no float16 numbers.',
      'Choose fp32 as the precision, or train on another device.',
      { cause: thrown },
    );
  if (!outOfMemory.test(message)) return thrown;
  return new AppError(
    'out-of-memory',
    'Memory ran out during a step.',
    'Close other programs, or choose "Least memory", a shorter length or a smaller batch.',
    { cause: thrown },
  );
}

function sessionError(thrown: unknown, provider: Provider): unknown {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  if (provider === 'cuda') return cudaError(thrown, message) ?? runError(thrown);
  if (/Failed to get a WebGPU adapter|backend not found|Failed to load shared library/i.test(message)) {
    return new AppError(
      'provider-absent',
      `The ${provider} device cannot be used here: ${message.split('\n')[0].slice(0, 200)}`,
      'Train on the processor, or install the driver of the graphics card.',
      { cause: thrown },
    );
  }
  return runError(thrown);
}

/**
 * What the CUDA provider lacks, in one sentence: the loader names the first library that it did not find,
 * such as `libcudnn.so.9: cannot open shared object file`, or nothing; then `lack` looks for them. Undefined
 * where the message is about something else.
 */
export function cudaError(
  thrown: unknown,
  message: string,
  lack: () => CudaAdvice | null = lackHere,
): AppError | undefined {
  const [, file, version] =
    /\b(lib(?:cu|nv)[\w-]*\.so(?:\.(\d+))?)\S*: cannot open shared object/.exec(message) ?? [];
  const needs = (what: string, remedy: string) =>
    new AppError('provider-absent', `CUDA cannot be used here: ${what}`, remedy, { cause: thrown });
  if (file !== undefined && /^libcuda\./.test(file))
    return needs(
      `the NVIDIA driver (${file}) is not installed.`,
      'Install the driver of the card, or use WebGPU.',
    );
  if (file !== undefined) {
    const part = `${file.startsWith('libcudnn') ? 'cuDNN' : 'CUDA'} ${version ?? ''}`.trim();
    return needs(
      `${file} was not found, which belongs to ${part}.`,
      `Install ${part}, get it under Settings, Devices, or use WebGPU.`,
    );
  }
  if (/driver version is insufficient/i.test(message))
    return needs(
      `the NVIDIA driver is too old for CUDA ${cudaMajor}.`,
      `Install driver ${minimumDriver} or newer, or use WebGPU.`,
    );
  if (/no CUDA-capable device|CUDA failure 100\b/i.test(message))
    return needs('there is no NVIDIA card.', 'Train on the processor, or use WebGPU.');
  if (/providers_(cuda|shared)|backend not found|Failed to load shared library/i.test(message)) {
    const found = lack();
    if (found === null)
      return needs(
        'all its libraries were found, but ONNX Runtime could not load them.',
        'Remove them and get them again under Settings, Devices, or use WebGPU; the log says more.',
      );
    return new AppError('provider-absent', `CUDA cannot be used here. ${found.message}`, found.remedy, {
      cause: thrown,
    });
  }
  return undefined;
}

/** An engine that computes on CUDA has the folders of its libraries in LD_LIBRARY_PATH. */
function lackHere(): CudaAdvice | null {
  const search = searchHere(null);
  return cudaAdvice(findCuda(search), systemRelease(search.root));
}
