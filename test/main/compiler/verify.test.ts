// What verify refuses, and what may be written over an input.
import { expect, test } from 'vitest';
import { Graph, type Value } from '../../../main/compiler/graph.ts';
import { verify, verifyInPlace } from '../../../main/compiler/verify.ts';

function simple(): { g: Graph; x: Value; y: Value } {
  const g = new Graph();
  const x = g.input('x', [2, 3]);
  const y = g.mul(g.add(x, 1), 2);
  g.output('y', y);
  return { g, x, y };
}

test('a graph as the builder makes it is legal', () => {
  expect(() => verify(simple().g)).not.toThrow();
});

test('a node before its input is refused, with the node in the message', () => {
  const { g } = simple();
  g.nodes.reverse();
  expect(() => verify(g)).toThrow(/is made before it is read in %\d+ float32\[2,3\] = mul/);
});

test('an input of another graph is refused', () => {
  const { g } = simple();
  const other = new Graph().input('z', [2, 3]);
  g.output('w', g.neg(other));
  expect(() => verify(g)).toThrow(/is an input/);
});

test('a wrong shape is refused', () => {
  const { g } = simple();
  Object.assign(g.nodes[0].outputs[0], { shape: [3, 2] });
  expect(() => verify(g)).toThrow(/makes float32\[2,3\]/);
});

test('two outputs of one name, or an output named as an input, are refused', () => {
  const { g, y } = simple();
  g.output('y', y);
  expect(() => verify(g)).toThrow(/each output has a name of its own/);
  const second = simple();
  second.g.output('x', second.y);
  expect(() => verify(second.g)).toThrow(/each output has a name of its own/);
});

test('a forward node that reads a backward value is refused', () => {
  const { g, x } = simple();
  g.phase = 'backward';
  const d = g.neg(x);
  g.phase = 'forward';
  g.output('z', g.exp(d));
  expect(() => verify(g)).toThrow(/reads nothing of the backward pass/);
});

test('an elementwise result may be written over its input', () => {
  const g = new Graph();
  const p = g.input('p', [4]);
  const next = g.sub(p, g.mul(p, 0.1)); // the product has to run first
  g.output('p.next', next);
  expect(() => verifyInPlace(g, [{ input: p, output: next }])).not.toThrow();
});

test('an input that somebody may read later is not overwritten', () => {
  const g = new Graph();
  const p = g.input('p', [4]);
  const next = g.sub(p, 0.1);
  g.output('p.next', next);
  g.output('norm', g.sumSquare(p)); // nothing says that it runs before
  expect(() => verifyInPlace(g, [{ input: p, output: next }])).toThrow(/reduceSumSquare.*reads %0 before/);
});

test('a result that mixes elements is not written over its input', () => {
  const g = new Graph();
  const p = g.input('p', [2, 2]);
  const next = g.matmul(p, p);
  g.output('p.next', next);
  expect(() => verifyInPlace(g, [{ input: p, output: next }])).toThrow(/element by element, not by/);
  const broadcast = new Graph();
  const q = broadcast.input('q', [1]);
  const wide = broadcast.add(q, broadcast.input('r', [3]));
  expect(() => verifyInPlace(broadcast, [{ input: q, output: wide }])).toThrow(/element by element/);
});
