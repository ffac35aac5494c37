// The schedule: unused nodes are dropped, and cheap values are computed again for the backward pass,
// with the same bits.
import { expect, test } from 'vitest';
import { gradientsOf } from '../../../main/compiler/autodiff.ts';
import { Graph } from '../../../main/compiler/graph.ts';
import { lower } from '../../../main/compiler/lowering.ts';
import { schedule } from '../../../main/compiler/rewrite.ts';
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
