// Bytes that the values of one pass take, found by playing the pass: nodes in the order in which onnxruntime runs them,
// buffers given on as its allocation plan does (allocation_planner.cc: aliases, writing in place, reuse of a dead buffer of
// the same shape), blocks placed as the C library does. Nothing is computed. Knows no model and no optimizer.
import type { Graph, Node, Value } from '../compiler/graph.ts';
import type { Op } from '../compiler/op.ts';
import { addsInPlace, bytesOf, runOrder } from '../compiler/rewrite.ts';

/** Ops that write over an input of the same size that nobody reads afterwards (`MayInplace` of their kernels). */
const inPlace = new Set<Op>([
  ...(['neg', 'abs', 'sign', 'exp', 'log', 'sqrt', 'reciprocal', 'sigmoid', 'tanh', 'relu', 'silu'] as const),
  ...(['add', 'sub', 'mul', 'div', 'softmax', 'cast'] as const),
]);

export interface Footprint {
  /** Most bytes taken at once, the gaps between live values included. */
  peakBytes: number;
  /** Most bytes of live values at once. */
  liveBytes: number;
  /** What lives then. */
  live: readonly Value[];
}

/** A block that one or, one after the other, several values lie in. */
interface Block {
  bytes: number;
  key: string;
  uses: number;
  value: Value;
}

type Step = { take: Block } | { free: Block };

/** Footprint of scheduled nodes. Weights, inputs and outputs of the graph are not counted, since others own them. */
export function footprintOf(graph: Graph, nodes: readonly Node[]): Footprint {
  const outputs = new Set(graph.outputs.map(({ value }) => value));
  return play(stepsOf(runOrder(graph, nodes), outputs));
}

/** Which blocks are taken and freed, in order. */
function stepsOf(order: readonly Node[], outputs: ReadonlySet<Value>): Step[] {
  const blocks = new Map<Value, Block>();
  const reads = new Map<Value, number>();
  for (const { inputs } of order) for (const input of inputs) reads.set(input, (reads.get(input) ?? 0) + 1);
  const steps: (Step | undefined)[] = [];
  /** Dead blocks, the latest first, with the place where they are freed unless somebody takes them over. */
  let dead: { block: Block; at: number }[] = [];

  const place = (value: Value, block: Block) => {
    blocks.set(value, block);
    block.uses += reads.get(value) ?? 0;
  };
  const die = (block: Block) => {
    steps.push({ free: block });
    dead.unshift({ block, at: steps.length - 1 });
  };

  for (const node of order) {
    const { op, inputs, outputs: made } = node;
    const overwritable = inPlace.has(op) ? inputs : addsInPlace(node) ? [inputs[2]] : [];
    for (const value of made) {
      if (outputs.has(value)) continue;
      const first = blocks.get(inputs[0]);
      if (op === 'reshape' && first !== undefined) {
        place(value, first);
        continue;
      }
      if (op === 'reshape') continue; // of a weight or an input: no memory of its own
      const key = `${value.dtype} ${value.shape}`;
      const over = overwritable
        .map((input) => blocks.get(input))
        .find((block) => block?.uses === 1 && sameSize(block, value));
      if (over !== undefined) {
        place(value, over);
        continue;
      }
      const again = value.shape.length > 0 && dead.find(({ block }) => block.key === key);
      if (again) {
        dead = dead.filter((entry) => entry !== again);
        steps[again.at] = undefined;
        place(value, again.block);
        continue;
      }
      const block: Block = { bytes: bytesOf(value), key, uses: 0, value };
      steps.push({ take: block });
      place(value, block);
      if (op !== 'where') continue;
      const selections: Block = { bytes: 2 * block.bytes, key: '', uses: 0, value }; // of both sides, before they are merged
      steps.push({ take: selections }, { free: selections });
    }
    for (const input of inputs) {
      const block = blocks.get(input);
      if (block !== undefined && --block.uses === 0) die(block);
    }
    for (const value of made) {
      const block = blocks.get(value);
      if (block !== undefined && block.uses === 0 && !reads.has(value)) die(block);
    }
  }
  return steps.filter((step) => step !== undefined);
}

const sameSize = (block: Block, value: Value) => block.bytes === bytesOf(value);

/** Every block is aligned to this, and has a header before it. */
const alignment = 64;
const header = 16;

/** Places blocks by best fit in one growing heap; free neighbours are joined, and the end moves back with them. */
function play(steps: readonly Step[]): Footprint {
  let gaps: { start: number; end: number }[] = []; // by start
  const placed = new Map<Block, { start: number; end: number }>();
  let [end, peak, alive, most] = [0, 0, 0, 0];
  let peakAt = -1;
  steps.forEach((step, i) => {
    if ('take' in step) {
      const { take: block } = step;
      const size = Math.ceil((block.bytes + header) / alignment) * alignment;
      let best: { start: number; end: number } | undefined;
      for (const gap of gaps) {
        const room = gap.end - gap.start;
        if (room >= size && (best === undefined || room < best.end - best.start)) best = gap;
      }
      const start = best?.start ?? end;
      placed.set(block, { start, end: start + size });
      if (best === undefined) end = start + size;
      else best.start += size;
      if (best?.start === best?.end) gaps = gaps.filter((gap) => gap !== best);
      alive += block.bytes;
      if (alive > most) [most, peakAt] = [alive, i];
      peak = Math.max(peak, end);
      return;
    }
    const { free: block } = step;
    const freed = placed.get(block);
    if (freed === undefined) return;
    placed.delete(block);
    alive -= block.bytes;
    const before = gaps.find((gap) => gap.end === freed.start);
    const after = gaps.find((gap) => gap.start === freed.end);
    const joined = { start: before?.start ?? freed.start, end: after?.end ?? freed.end };
    gaps = gaps.filter((gap) => gap !== before && gap !== after);
    if (joined.end === end) end = joined.start;
    else gaps.push(joined);
  });
  return { peakBytes: peak, liveBytes: most, live: liveAt(steps, peakAt) };
}

function liveAt(steps: readonly Step[], at: number): Value[] {
  const live = new Set<Value>();
  for (const step of steps.slice(0, at + 1)) {
    if ('take' in step) live.add(step.take.value);
    else live.delete(step.free.value);
  }
  return [...live];
}
