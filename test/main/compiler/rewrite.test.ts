// The schedule: unused nodes are dropped, and cheap values are computed again for the backward pass,
// with the same bits.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { gradientsOf } from '../../../main/compiler/autodiff.ts';
import { Graph } from '../../../main/compiler/graph.ts';
import { lower } from '../../../main/compiler/lowering.ts';
import { runOrder, schedule } from '../../../main/compiler/rewrite.ts';
import { verify } from '../../../main/compiler/verify.ts';
import { createSession } from '../../../main/training/session.ts';
import { normals } from '../../helpers/gradients.ts';

/** tanh(x W)^2 summed; the square reads the tanh in the backward pass. */
function squareOfTanh(cheap: boolean): Graph {
  const g = new Graph();
  const x = g.input('x', [8, 4]);
  const weight = g.input('w', [4, 4]);
  const product = g.cheap(g.matmul(x, weight), cheap);
  const y = g.cheap(g.tanh(product), cheap);
  const [dw] = gradientsOf(g, g.reduceSum(g.mul(y, y), [0, 1]), [weight]);
  g.phase = 'backward';
  g.output('dw', dw);
  return g;
}

const opsOf = (g: Graph) => schedule(g).map(({ op, phase }) => `${op} ${phase}`);

test('nodes that no output needs are dropped', () => {
  const g = new Graph();
  const x = g.input('x', [2]);
  g.exp(x);
  g.output('y', g.neg(x));
  expect(opsOf(g)).toEqual(['neg forward']);
});

test('cheap values are made once more in the backward pass, each once', () => {
  const kept = opsOf(squareOfTanh(false));
  const again = opsOf(squareOfTanh(true));
  expect(kept.filter((op) => op.startsWith('tanh'))).toEqual(['tanh forward']);
  expect(again.filter((op) => op.startsWith('tanh'))).toEqual(['tanh backward']);
  expect(again.filter((op) => op.startsWith('matmul'))).toEqual(['matmul backward', 'matmul backward']);
});

test('what the forward pass still needs is kept beside the copy', () => {
  const g = squareOfTanh(true);
  const forward = g.nodes.find(({ op }) => op === 'tanh')?.outputs[0];
  g.output('y', forward as NonNullable<typeof forward>);
  expect(opsOf(g).filter((op) => op.startsWith('tanh'))).toEqual(['tanh forward', 'tanh backward']);
});

test('a schedule with copies is legal', () => {
  const g = squareOfTanh(true);
  const nodes = schedule(g);
  expect(() => verify(g, nodes)).not.toThrow();
});

test('recomputed values keep their bits', async () => {
  const feeds = { x: normals(32, 1), w: normals(16, 2) };
  const run = async (cheap: boolean) => {
    const session = await createSession(lower(squareOfTanh(cheap), 'cpu'), { threads: 1 });
    const { dw } = await session.run(feeds);
    await session.release();
    return dw;
  };
  expect(await run(true)).toEqual(await run(false));
});

/** Two layers x -> tanh(x W)^2, whose loss is the sum of the last. */
function twoLayers(again: boolean): Graph {
  const g = new Graph();
  let x = g.input('x', [8, 4]);
  const weights = [0, 1].map((i) => g.input(`w${i}`, [4, 4]));
  for (const [i, weight] of weights.entries()) {
    if (again) g.layer = `layer ${i}`;
    const y = g.tanh(g.matmul(x, weight));
    x = g.mul(y, y);
  }
  g.layer = undefined;
  const gradients = gradientsOf(g, g.reduceSum(x, [0, 1]), weights);
  g.phase = 'backward';
  gradients.forEach((gradient, i) => {
    g.output(`dw${i}`, g.reshape(gradient, [16]));
  });
  return g;
}

test('of a layer that is computed again only its input is kept', () => {
  const kept = (g: Graph) => {
    const nodes = schedule(g);
    const read = new Set(nodes.flatMap(({ phase, inputs }) => (phase === 'backward' ? inputs : [])));
    const first = nodes.findIndex(({ phase }) => phase === 'backward');
    return nodes.slice(0, first).filter(({ outputs }) => outputs.some((value) => read.has(value)));
  };
  expect(kept(twoLayers(false)).map(({ op }) => op)).toEqual(['tanh', 'mul', 'tanh']);
  expect(kept(twoLayers(true)).map(({ op, layer }) => `${op} ${layer}`)).toEqual(['mul layer 0']);
});

test('layers are computed again one after the other, the last one first', () => {
  const g = twoLayers(true);
  const nodes = schedule(g);
  expect(() => verify(g, nodes)).not.toThrow();
  const order = runOrder(g, nodes).map(({ op, inputs }) => (op === 'matmul' ? (inputs[1].source ?? 0) : op));
  const again = order.slice(order.indexOf('expand')).filter((one) => typeof one === 'object');
  expect(again.map((source) => (source as { name?: string }).name)).toEqual(['w1', 'w1', 'w0']);
});

test('what joins values to an output comes right behind the last of them', () => {
  const ops = schedule(twoLayers(false)).map(({ op, outputs }) => `${op} ${outputs[0].shape}`);
  const [first, second] = ops.flatMap((op, i) => (op === 'reshape 16' ? [i] : []));
  expect(ops[first - 1]).toBe('matmul 4,4');
  expect(second).toBe(ops.length - 1);
  expect(first).toBeLessThan(second - 1);
});

test('the order in which nodes run is the one of onnxruntime', async () => {
  const g = twoLayers(true);
  const expected = runOrder(g, schedule(twoLayers(true))).map(({ op }) => op);
  const prefix = join(mkdtempSync(join(tmpdir(), 'tunesmith-order-')), 'profile');
  onTestFinished(() => rmSync(dirname(prefix), { recursive: true }));
  const session = await createSession(lower(g, 'cpu'), { threads: 1, profile: prefix });
  await session.run({ x: normals(32, 1), w0: normals(16, 2), w1: normals(16, 3) });
  session.endProfiling();
  await session.release();
  const [file] = readdirSync(dirname(prefix));
  const events = JSON.parse(readFileSync(join(dirname(prefix), file), 'utf8')) as {
    cat: string;
    name: string;
    args: { op_name?: string };
  }[];
  const ran = events.filter(({ cat, name }) => cat === 'Node' && name.endsWith('_kernel_time'));
  const names: Record<string, string> = { FusedMatMul: 'matmul', ReduceSum: 'reducesum' };
  const run = ran.map(({ args }) => names[args.op_name ?? ''] ?? args.op_name?.toLowerCase());
  expect(run.filter((op) => op !== 'identity')).toEqual(expected.map((op) => op.toLowerCase()));
});
