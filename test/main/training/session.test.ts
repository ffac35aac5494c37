// Facts about onnxruntime that the engine stands on: outputs written over inputs, weights read from
// their files, options that have an effect, and errors that say what happened.
import { spawnSync } from 'node:child_process';
import { closeSync, ftruncateSync, openSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Graph } from '../../../main/compiler/graph.ts';
import { lower } from '../../../main/compiler/lowering.ts';
import type { OptimizerChoice } from '../../../main/compiler/optimizers/index.ts';
import { optimizerOf } from '../../../main/compiler/optimizers/index.ts';
import { layoutPages, type PageArray, PagedArrays, stateArrays } from '../../../main/training/parameters.ts';
import { compileUpdate } from '../../../main/training/programs.ts';
import {
  builtInProviders,
  createSession,
  cudaError,
  type Numbers,
  type Session,
} from '../../../main/training/session.ts';
import { normals } from '../../helpers/gradients.ts';
import { temporaryFolder } from '../../helpers/tiny-model.ts';

async function opened(...args: Parameters<typeof createSession>): Promise<Session> {
  const session = await createSession(...args);
  onTestFinished(() => session.release());
  return session;
}

describe('outputs written over their inputs', () => {
  const choices: OptimizerChoice[] = [
    { kind: 'adamw', beta1: 0.9, beta2: 0.99, eps: 1e-8 },
    { kind: 'sgd', momentum: 0.9, nesterov: true },
    { kind: 'muon', beta1: 0.9, beta2: 0.99, eps: 1e-8, momentum: 0.95 },
  ];

  test.each(choices)('$kind: 15 updates give the same bits as with buffers of their own', async (choice) => {
    const specs = [
      { name: 'matrix', shape: [24, 16], decay: true, matrix: true },
      { name: 'other', shape: [1000], decay: true, matrix: false },
      { name: 'gains', shape: [33], decay: false, matrix: false },
    ];
    const optimizer = optimizerOf(choice);
    const pages = layoutPages(specs, optimizer.alone);
    const session = await opened(compileUpdate(pages, choice, 0.1, 1, 'cpu'));

    const train = async (inPlace: boolean) => {
      const parameters = new PagedArrays(pages);
      const gradients = new PagedArrays(pages);
      const states = stateArrays(choice, pages);
      const kept: [PagedArrays<PageArray>, string][] = [
        [parameters, 'p'],
        ...[...states].map(([name, arrays]): [PagedArrays<PageArray>, string] => [arrays, `${name}.`]),
      ];
      for (const [page, array] of parameters.arrays.entries()) array.set(normals(array.length, page));
      const norms: number[] = [];
      for (let step = 1; step <= 15; step++) {
        for (const [page, array] of gradients.arrays.entries())
          array.set(normals(array.length, 100 * step + page));
        const feeds: Record<string, Numbers> = {
          ...gradients.named('g'),
          scale: Float32Array.of(0.5),
          lr: Float32Array.of(0.01),
        };
        for (const [name, value] of Object.entries(optimizer.scalars(choice, step)))
          feeds[name] = Float32Array.of(value);
        const fetches: Record<string, Numbers> = {};
        for (const [arrays, prefix] of kept) {
          Object.assign(feeds, arrays.named(prefix));
          if (inPlace) Object.assign(fetches, arrays.named(prefix, '.next'));
        }
        const results = await session.run(feeds, fetches);
        norms.push(Number(results.norm[0]));
        if (inPlace) continue;
        for (const [arrays, prefix] of kept) {
          for (const [name, array] of Object.entries(arrays.named(prefix)))
            array.set(results[`${name}.next`] as Float32Array);
        }
      }
      return { norms, arrays: kept.map(([arrays]) => arrays.arrays) };
    };
    expect(await train(true)).toEqual(await train(false));
  });

  test('an array that is given for an output holds the result', async () => {
    const g = new Graph();
    g.output('y', g.mul(g.input('x', [3]), 2));
    const session = await opened(lower(g, 'cpu'));
    const x = Float32Array.of(1, 2, 3);
    const y = new Float32Array(3);
    await session.run({ x }, { y });
    expect([...y]).toEqual([2, 4, 6]);
    await session.run({ x }, { y: x });
    expect([...x]).toEqual([2, 4, 6]);
  });
});

describe('options that have an effect', () => {
  /** y = x Wᵀ with W of `size` x `size` zeros in a sparse file. */
  function wideProduct(size: number, folder: string) {
    const bytes = size * size * 4;
    const descriptor = openSync(join(folder, 'weights.bin'), 'w');
    ftruncateSync(descriptor, bytes);
    closeSync(descriptor);
    const g = new Graph();
    const weight = g.weight('w', [size, size], 'float32', 'weights.bin', 0, bytes);
    g.output('y', g.gemm(g.input('x', [1, size]), weight, { transB: true }));
    return lower(g, 'cpu');
  }

  test('weights are packed into memory of their own only when that is asked for', async () => {
    const folder = temporaryFolder();
    const size = 4096; // 67 MB
    const grownBy = async (prepack: boolean) => {
      const before = process.memoryUsage.rss();
      const session = await createSession(wideProduct(size, folder), {
        weightsFolder: folder,
        prepack,
        threads: 1,
      });
      const grown = process.memoryUsage.rss() - before;
      await session.release();
      return grown / 1e6;
    };
    await grownBy(false); // warm: libraries and thread pools
    const [plain, packed] = [await grownBy(false), await grownBy(true)];
    expect(packed - plain).toBeGreaterThan(40);
  });

  test('threads rest between runs: they would take time from other sessions', async () => {
    const g = new Graph();
    const x = g.input('x', [512, 512]);
    g.output('y', g.gemm(x, x));
    const session = await opened(lower(g, 'cpu'), { threads: 2 });
    const feeds = { x: normals(512 * 512, 1) };
    let spent = 0;
    for (let run = 0; run < 20; run++) {
      await session.run(feeds);
      const before = process.cpuUsage();
      await new Promise((resolve) => setTimeout(resolve, 20));
      const { user, system } = process.cpuUsage(before);
      spent += (user + system) / 1000;
    }
    expect(spent).toBeLessThan(0.5 * 20 * 20); // of 400 ms; they spin through most of it otherwise
  });

  test('a product written over what it is added to has the bits of one with memory of its own', async () => {
    const build = (kept: boolean) => {
      const g = new Graph();
      const c = g.neg(g.input('c', [64, 48]));
      const sum = g.gemm(g.input('a', [64, 32]), g.input('b', [32, 48]), { c });
      g.output('y', g.gemm(g.input('u', [64, 4]), g.input('v', [48, 4]), { transB: true, c: sum }));
      if (kept) g.output('c.kept', g.reduceSum(g.add(c, sum), [0]));
      return lower(g, 'cpu');
    };
    const [a, b, c] = [normals(64 * 32, 1), normals(32 * 48, 2), normals(64 * 48, 3)];
    const [u, v] = [normals(64 * 4, 4), normals(48 * 4, 5)];
    const results = await Promise.all(
      [false, true].map(async (kept) => (await (await opened(build(kept))).run({ a, b, c, u, v })).y),
    );
    expect(results[0]).toEqual(results[1]);
    const [i, j] = [37, 11];
    let expected = -c[i * 48 + j];
    for (let k = 0; k < 32; k++) expected += a[i * 32 + k] * b[k * 48 + j];
    for (let k = 0; k < 4; k++) expected += u[i * 4 + k] * v[j * 4 + k];
    expect(results[0][i * 48 + j]).toBeCloseTo(expected, 4);
  });

  test('without the folder of the weights a session is refused', async () => {
    const folder = temporaryFolder();
    const program = wideProduct(8, folder);
    await expect(createSession(program, { threads: 1 })).rejects.toThrow();
    await expect(
      createSession(program, { weightsFolder: folder, threads: 1 }).then((s) => s.release()),
    ).resolves.toBeUndefined();
  });
});

describe('equal inputs', () => {
  test('give equal bits on every run and in every session with as many threads', async () => {
    const build = () => {
      const g = new Graph();
      const x = g.input('x', [200, 96]);
      const y = g.softmax(g.gemm(x, g.input('w', [300, 96]), { transB: true }));
      g.output('y', g.reduceSum(g.gemm(y, y, { transA: true }), [0]));
      return lower(g, 'cpu');
    };
    const feeds = { x: normals(200 * 96, 1), w: normals(300 * 96, 2) };
    const results: Numbers[] = [];
    for (let session = 0; session < 2; session++) {
      const one = await opened(build(), { threads: 2 });
      for (let run = 0; run < 3; run++) results.push((await one.run(feeds)).y.slice());
    }
    for (const result of results) expect(result).toEqual(results[0]);
  });
});

describe('faults', () => {
  test('an input of the wrong name or size is told by its name and shape', async () => {
    const g = new Graph();
    g.output('y', g.neg(g.input('x', [2, 3])));
    const session = await opened(lower(g, 'cpu'));
    await expect(session.run({ z: new Float32Array(6) })).rejects.toThrow('no input or output "z"');
    await expect(session.run({ x: new Float32Array(5) })).rejects.toThrow(
      '"x" is [2,3], but 5 elements came',
    );
  });

  test.skipIf(builtInProviders().includes('dml'))(
    'a provider that is not built in is an error with a remedy',
    async () => {
      const g = new Graph();
      g.output('y', g.neg(g.input('x', [1])));
      await expect(createSession(lower(g, 'dml'))).rejects.toMatchObject({
        code: 'provider-absent',
        message: expect.stringContaining('The dml device cannot be used here'),
        remedy: expect.stringContaining('Train on the processor'),
      });
    },
  );

  test('the processor is always there', () => {
    expect(builtInProviders()).toContain('cpu');
  });
});

describe('what CUDA lacks', () => {
  const libraries = [
    ['libcudnn.so.9: cannot open shared object file: No such file', 'cuDNN 9'],
    ['libcublasLt.so.13: cannot open shared object file', 'Install CUDA 13'],
    ['libcuda.so.1: cannot open shared object file', 'the driver of the card'],
    ['CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version', 'driver 580 or newer'],
  ] as const;
  test.each(libraries)('"%s" names what to install', (message, named) => {
    const error = cudaError(new Error(message), `Failed to load library: ${message}`);
    expect(error).toMatchObject({ code: 'provider-absent', remedy: expect.stringContaining(named) });
  });

  test('is looked for where ONNX Runtime does not name it', () => {
    const message = 'OrtSessionOptionsAppendExecutionProvider_Cuda: Failed to load shared library';
    const lack = { message: 'CUDA 13 is missing.', remedy: 'Install CUDA 13.', install: 'CUDA 13' };
    expect(cudaError(new Error(message), message, () => lack)).toMatchObject({
      code: 'provider-absent',
      message: 'CUDA cannot be used here. CUDA 13 is missing.',
      remedy: 'Install CUDA 13.',
    });
    expect(cudaError(new Error(message), message, () => null)?.message).toContain('could not load them');
  });

  test('another fault keeps its own message', () => {
    expect(cudaError(new Error('x'), 'Gemm: the shapes do not fit')).toBeUndefined();
  });
});

test('a session leaves no events to be sent to the makers of ONNX Runtime', () => {
  const home = temporaryFolder();
  const here = (file: string) => JSON.stringify(join(import.meta.dirname, '../../../main', file));
  const program = `
    import { Graph } from ${here('compiler/graph.ts')};
    import { lower } from ${here('compiler/lowering.ts')};
    import { createSession } from ${here('training/session.ts')};
    const g = new Graph();
    g.output('y', g.neg(g.input('x', [1])));
    const session = await createSession(lower(g, 'cpu'));
    await session.run({ x: Float32Array.of(1) });
    await session.release();
  `;
  const { ORT_DISABLE_TELEMETRY: _, ...env } = process.env;
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    env: { ...env, HOME: home, XDG_CACHE_HOME: join(home, '.cache') },
    encoding: 'utf8',
  });
  expect([status, stderr]).toEqual([0, '']);
  expect(readdirSync(home, { recursive: true })).toEqual([]);
});
