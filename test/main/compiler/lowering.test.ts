// What graphs become: names, order, weights by reference, and other ops for graphics cards.
import { expect, test } from 'vitest';
import { gradientsOf } from '../../../main/compiler/autodiff.ts';
import { Graph } from '../../../main/compiler/graph.ts';
import { lower } from '../../../main/compiler/lowering.ts';
import { readModel } from '../../helpers/onnx-reader.ts';

const opsOf = (g: Graph, provider: 'cpu' | 'webgpu') =>
  readModel(lower(g, provider).model).nodes.map(({ opType }) => opType);

function norms(): Graph {
  const g = new Graph();
  const x = g.input('x', [2, 4]);
  const [y] = g.rmsNorm(x, g.input('w', [4]), 1e-5);
  const [z] = g.layerNorm(y, g.input('v', [4]), g.input('b', [4]), 1e-5);
  g.output('y', g.matmul(z, z, { transB: true, alpha: 2 }));
  return g;
}

test('norms and fused products are single operators on the processor', () => {
  expect(opsOf(norms(), 'cpu').sort()).toEqual([
    'FusedMatMul',
    'LayerNormalization',
    'SimplifiedLayerNormalization',
  ]);
});

test('graphics cards get primitives: WebGPU leaves the second output of the fused norm unset', () => {
  const ops = opsOf(norms(), 'webgpu');
  expect(ops).not.toContain('SimplifiedLayerNormalization');
  expect(ops).not.toContain('LayerNormalization');
  expect(ops).not.toContain('FusedMatMul');
});

test('a product on top of a large matrix is written over it on the processor; a small or a broadcast sum is not', () => {
  const sums = (rows: number, sum: number[], provider: 'cpu' | 'webgpu' = 'cpu') => {
    const g = new Graph();
    const c = g.neg(g.input('c', sum));
    const first = g.gemm(g.input('a', [rows, 8]), g.input('b', [8, 16]), { c });
    g.output('y', g.gemm(g.input('u', [rows, 4]), g.input('v', [16, 4]), { transB: true, c: first }));
    return opsOf(g, provider);
  };
  const joined = sums(64, [64, 16]);
  expect(joined).not.toContain('Gemm');
  expect(joined.filter((op) => op === 'FusedConv')).toHaveLength(2);
  // between the two products the sum keeps the form that they want: one way in and one way out
  expect(joined.filter((op) => op === 'Reshape')).toHaveLength(2 + 2 + 2);
  expect(sums(8, [8, 16])).toEqual(['Gemm', 'Gemm', 'Neg']);
  expect(sums(64, [16])).toContain('Gemm');
  expect(sums(64, [64, 16], 'webgpu')).not.toContain('FusedConv');
});

test('a split into many parts is slices on graphics cards, which have few buffers for one shader', () => {
  const parts = (count: number) => {
    const g = new Graph();
    const sizes = Array.from({ length: count }, () => 1);
    const made = g.split(g.input('x', [count]), 0, sizes);
    for (const [i, part] of made.entries()) g.output(`y${i}`, part);
    return g;
  };
  expect(opsOf(parts(7), 'webgpu')).toEqual(['Split']);
  expect(opsOf(parts(20), 'webgpu')).toEqual(Array.from({ length: 20 }, () => 'Slice'));
  expect(opsOf(parts(20), 'cpu')).toEqual(['Split']);
});

test('outputs have the names that were asked for, also when an input or one value twice is given out', () => {
  const g = new Graph();
  const x = g.input('x', [2]);
  const y = g.neg(x);
  g.output('same', x);
  g.output('first', y);
  g.output('second', y);
  const { outputs, nodes } = readModel(lower(g, 'cpu').model);
  expect(outputs.map(({ name }) => name)).toEqual(['same', 'first', 'second']);
  const made = nodes.flatMap((node) => node.outputs);
  expect(made).toEqual(expect.arrayContaining(['same', 'first', 'second']));
});

test('nodes stand in reverse order, which onnxruntime walks in ours', () => {
  const g = new Graph();
  g.output('y', g.exp(g.neg(g.input('x', [2]))));
  expect(opsOf(g, 'cpu')).toEqual(['Exp', 'Neg']);
});

test('weights are references into their file, and constants lie in the model once', () => {
  const g = new Graph();
  const weight = g.weight('embed', [3, 4], 'bfloat16', 'sub folder/model.safetensors', 512, 24);
  const x = g.add(g.cast(weight, 'float32'), 0.5);
  g.output('y', g.mul(x, 0.5));
  const { tensors } = readModel(lower(g, 'cpu').model);
  expect(tensors.find(({ external }) => external.location !== undefined)?.external).toEqual({
    location: 'sub folder/model.safetensors',
    offset: '512',
    length: '24',
  });
  expect(tensors.filter(({ raw }) => raw?.length === 4)).toHaveLength(1);
});

test('a weight whose bytes do not fit its shape is refused', () => {
  const g = new Graph();
  g.output('y', g.cast(g.weight('embed', [3, 4], 'bfloat16', 'model.safetensors', 0, 48), 'float32'));
  expect(() => lower(g, 'cpu')).toThrow('embed [3,4] of bfloat16 has 48 bytes');
});

test('a program tells its inputs, outputs and nodes', () => {
  const g = new Graph();
  const w = g.input('w', [3]);
  const loss = g.sumSquare(w);
  g.output('loss', loss);
  g.output('dw', gradientsOf(g, loss, [w])[0]);
  const program = lower(g, 'cpu');
  expect(program.inputs.get('w')).toEqual({ shape: [3], dtype: 'float32' });
  expect([...program.outputs.keys()]).toEqual(['loss', 'dw']);
  expect(program.nodes).toBe(readModel(program.model).nodes.length);
});
