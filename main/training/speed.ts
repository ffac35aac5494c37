// How fast this processor multiplies matrices of the sizes that a model has, measured in some milliseconds. Plans are
// made from it. Counts processor time, not the clock: what other programs take of the processor just then would
// otherwise stay in every plan. Beside a starting window the clock was off by four times; beside four busy programs on
// two cores processor time is off by a third.
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Graph } from '../compiler/graph.ts';
import { lower } from '../compiler/lowering.ts';
import { createSession } from './session.ts';

interface Measured {
  at: number;
  gflops: Promise<number>;
}

const known = new Map<string, Measured>();
/** After that a plan measures again; the faster of both counts, because only disturbances make it slower. */
const keptMs = 60_000;

/**
 * Billions of floating-point operations per second in products of 512 rows, with the processor to ourselves. 0 threads =
 * onnxruntime's choice.
 */
export function measureGflops(hiddenSize: number, threads: number): Promise<number> {
  const size = Math.min(1024, Math.max(64, hiddenSize));
  const key = `${size} ${threads}`;
  const found = known.get(key);
  if (found !== undefined && performance.now() - found.at < keptMs) return found.gflops;
  const gflops = Promise.all([measure(size, threads), found?.gflops ?? 0]).then((both) => Math.max(...both));
  known.set(key, { at: performance.now(), gflops });
  return gflops;
}

const rows = 512;
const samples = 24;
/** Large products are repeated less often. */
const enoughMs = 400;
/** Least time of a sample: Windows counts processor time in steps of 15.6 ms, others in microseconds. */
const sampleMs = process.platform === 'win32' ? 30 : 0;

async function measure(size: number, threads: number): Promise<number> {
  const graph = new Graph();
  const x = graph.input('x', [rows, size]);
  const up = graph.constant(new Float32Array(4 * size * size).fill(0.01), [4 * size, size]);
  const down = graph.constant(new Float32Array(4 * size * size).fill(0.01), [size, 4 * size]);
  const wide = graph.gemm(x, up, { transB: true });
  graph.output('y', graph.gemm(wide, down, { transB: true }));
  const session = await createSession(lower(graph, 'cpu'), { threads });
  const feeds = { x: new Float32Array(rows * size).fill(0.5) };
  const flops = 2 * 2 * rows * size * 4 * size;
  let fastest = 0; // operations in a millisecond of one processor
  let widest = 0; // processors at work at once
  const began = performance.now();
  for (let sample = 0; sample < samples; sample++) {
    if (sample >= 4 && performance.now() - began > enoughMs) break;
    const start = performance.now();
    const used = process.cpuUsage();
    let products = 0;
    do {
      await session.run(feeds);
      products += 1;
    } while (performance.now() - start < sampleMs);
    const { user, system } = process.cpuUsage(used);
    const processorMs = Math.max((user + system) / 1000, 1e-3);
    fastest = Math.max(fastest, (products * flops) / processorMs);
    widest = Math.max(widest, processorMs / (performance.now() - start));
  }
  await session.release();
  return (fastest * workers(threads, widest)) / 1e6;
}

/** Processors that a run has when nothing else works: those asked for, or one thread for each core. */
function workers(threads: number, seen: number): number {
  const all = availableParallelism();
  if (threads > 0) return Math.min(threads, all);
  return coresAreWhole() ? all : Math.min(all, Math.max(seen, all / 2));
}

/** Whether no core counts as two processors; false where the system does not say. */
function coresAreWhole(): boolean {
  if (process.platform === 'darwin') return true;
  try {
    return readFileSync('/sys/devices/system/cpu/smt/active', 'utf8').trim() === '0';
  } catch {
    return false;
  }
}
