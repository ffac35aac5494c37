// How fast this processor multiplies matrices of the sizes that a model has, measured once in some
// milliseconds. Plans are made from it.
import { Graph } from '../compiler/graph.ts';
import { lower } from '../compiler/lowering.ts';
import { createSession } from './session.ts';

const known = new Map<string, Promise<number>>();

/**
 * Billions of floating-point operations per second in products of 512 rows. 0 threads = onnxruntime's
 * choice.
 */
export function measureGflops(hiddenSize: number, threads: number): Promise<number> {
  const size = Math.min(1024, Math.max(64, hiddenSize));
  const key = `${size} ${threads}`;
  const found = known.get(key) ?? measure(size, threads);
  known.set(key, found);
  return found;
}

const rows = 512;
const repeats = 5;

async function measure(size: number, threads: number): Promise<number> {
  const graph = new Graph();
  const x = graph.input('x', [rows, size]);
  const up = graph.constant(new Float32Array(4 * size * size).fill(0.01), [4 * size, size]);
  const down = graph.constant(new Float32Array(4 * size * size).fill(0.01), [size, 4 * size]);
  const wide = graph.gemm(x, up, { transB: true });
  graph.output('y', graph.gemm(wide, down, { transB: true }));
  const session = await createSession(lower(graph, 'cpu'), { threads });
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < repeats; i++) {
    const start = performance.now();
    await session.run({ x: new Float32Array(rows * size).fill(0.5) });
    best = Math.min(best, performance.now() - start);
  }
  await session.release();
  return (2 * 2 * rows * size * 4 * size) / (best * 1e6);
}
