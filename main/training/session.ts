// The only import of onnxruntime. Creates sessions from compiled programs and runs them over typed arrays. Everything
// impure of the engine is here: native memory, threads, providers.
import { performance } from 'node:perf_hooks';
import * as ort from 'onnxruntime-node';
import type { Program, Provider } from '../compiler/lowering.ts';
import type { DType } from '../compiler/op.ts';
import { sizeOf } from '../compiler/shape.ts';
import { AppError } from '../errors.ts';
import { log } from '../log.ts';

export type Numbers = Float32Array | Int32Array | BigInt64Array | Uint8Array;

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
}

export interface Session {
  readonly program: Program;
  /** Seconds that creation took. */
  readonly createSeconds: number;
  /**
   * Runs once. `outputs` may hold arrays to be written in place, also ones that are inputs at the same time: an output
   * may be the same buffer as an input when its node is elementwise and runs after everything else that reads it.
   * Blocks the thread until done.
   */
  run(inputs: Arrays, outputs?: Arrays): Promise<Record<string, Numbers>>;
  /** Frees the native memory. */
  release(): Promise<void>;
  /** Ends profiling and writes the file. */
  endProfiling(): void;
}

// Keys are checked by their effect in test/main/training/session.test.ts: onnxruntime accepts unknown ones silently.
const sessionKeys = {
  prepackingOff: { session: { disable_prepacking: '1' } },
  weightsFolder: (folder: string) => ({ session: { model_external_initializers_file_folder_path: folder } }),
};

export async function createSession(program: Program, options: SessionOptions = {}): Promise<Session> {
  const start = performance.now();
  const session: Record<string, string> = {
    ...(options.prepack ? {} : sessionKeys.prepackingOff.session),
    ...(options.weightsFolder === undefined ? {} : sessionKeys.weightsFolder(options.weightsFolder).session),
  };
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
      ...(options.profile === undefined ? {} : { enableProfiling: true, profileFilePrefix: options.profile }),
      extra: { session },
    });
  } catch (thrown) {
    throw sessionError(thrown, program.provider);
  }
  return {
    program,
    createSeconds: (performance.now() - start) / 1000,
    run: async (inputs, outputs = {}) => {
      const feeds = tensors(inputs, program.inputs);
      const fetches: Record<string, ort.Tensor | null> = {};
      for (const name of program.outputs.keys()) fetches[name] = null;
      Object.assign(fetches, tensors(outputs, program.outputs));
      try {
        const results = await native.run(feeds, fetches);
        return Object.fromEntries(
          Object.entries(results).map(([name, tensor]) => [name, tensor.data as Numbers]),
        );
      } catch (thrown) {
        const described = Object.entries(feeds).map(([name, { type, dims }]) => `${name} ${type} [${dims}]`);
        log('error', 'session-run-failed', { error: thrown, inputs: described });
        throw runError(thrown);
      }
    },
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

/** Version of onnxruntime. */
export const runtimeVersion = ort.env.versions.node ?? ort.env.versions.common;

function tensors(arrays: Arrays, types: Program['inputs']): Record<string, ort.Tensor> {
  return Object.fromEntries(
    Object.entries(arrays).map(([name, data]) => {
      const type = types.get(name);
      if (type === undefined)
        throw new Error(`Invariant broken: the program has no input or output "${name}"`);
      if (data.length !== sizeOf(type.shape)) {
        throw new Error(`Invariant broken: "${name}" is [${type.shape}], but ${data.length} elements came`);
      }
      return [name, new ort.Tensor(type.dtype as TensorType, data as never, type.shape)];
    }),
  );
}

type TensorType = Extract<DType, 'float32' | 'int32' | 'int64' | 'uint8' | 'bool'>;

const outOfMemory = /bad_alloc|failed to allocate|out of memory|AllocateBufferWithOptions/i;

function runError(thrown: unknown): unknown {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
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
