// Nodes of graphs as text.
import { expect, test } from 'vitest';
import { gradientsOf } from '../../../main/compiler/autodiff.ts';
import { Graph } from '../../../main/compiler/graph.ts';
import { kindOf, printNode } from '../../../main/compiler/print.ts';

test('a node is printed with what it makes, what it reads, its attributes and its phase', () => {
  const g = new Graph();
  const x = g.input('x', [2, 3]);
  const table = g.weight('embed', [3, 4], 'bfloat16', 'model.safetensors', 8, 24);
  const y = g.matmul(g.mul(x, 0.5), g.cast(table, 'float32'));
  const loss = g.reduceSum(y, [0, 1]);
  const [dx] = gradientsOf(g, loss, [x]);
  g.output('loss', loss);
  g.output('dx', dx);
  expect(g.nodes.map(printNode).join('\n')).toBe(
    [
      '%3 float32[2,3] = mul(%0:x, 0.5)',
      '%4 float32[3,4] = cast(weight(embed)) {to: float32}',
      '%5 float32[2,4] = matmul(%3, %4)',
      '%6 float32[] = reduceSum(%5) {axes: [0,1], keepDims: false}',
      '%8 float32[] = expand(1) {shape: []}   # backward',
      '%9 float32[1,1] = reshape(%8) {shape: [1,1]}   # backward',
      '%10 float32[2,4] = expand(%9) {shape: [2,4]}   # backward',
      '%11 float32[2,3] = matmul(%10, %4) {transB: true, alpha: 1}   # backward',
      '%12 float32[2,3] = mul(%11, 0.5)   # backward',
    ].join('\n'),
  );
});

test('nodes of one kind do the same work: op, dtypes, shapes and attributes', () => {
  const g = new Graph();
  const [a, b] = [g.input('a', [2]), g.input('b', [2])];
  const kinds = [g.add(a, b), g.add(b, a), g.add(a, 1), g.cast(a, 'int32')].map((value) =>
    kindOf(value.node!),
  );
  expect(kinds).toEqual([
    'add float32[2] float32[2]',
    'add float32[2] float32[2]',
    'add float32[2] float32[]',
    'cast float32[2] {to: int32}',
  ]);
});
