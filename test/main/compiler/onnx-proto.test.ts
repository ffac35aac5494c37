// ONNX models are read back as they were written.
import { expect, test } from 'vitest';
import { dataTypes, type OnnxModel, opset, writeModel } from '../../../main/compiler/onnx-proto.ts';
import { readModel } from '../../helpers/onnx-reader.ts';

const model: OnnxModel = {
  nodes: [
    {
      opType: 'Gemm',
      domain: '',
      inputs: ['x', 'w', ''],
      outputs: ['y'],
      attributes: { alpha: { float: -0.5 }, transB: 1 },
    },
    { opType: 'QuickGelu', domain: 'com.microsoft', inputs: ['y'], outputs: ['größe 語'], attributes: {} },
    {
      opType: 'Transpose',
      domain: '',
      inputs: ['größe 語'],
      outputs: ['z'],
      attributes: { perm: [1, 0], axis: -1, mode: 'linear' },
    },
  ],
  initializers: [
    { name: 'small', dtype: 'int64', shape: [2], raw: Uint8Array.from({ length: 16 }, (_, i) => i) },
    // larger than 2^32: offsets in large files need 64 bits
    {
      name: 'w',
      dtype: 'bfloat16',
      shape: [300, 128],
      location: 'Ordner ø/w.safetensors',
      offset: 6_442_450_944,
      length: 76_800,
    },
  ],
  inputs: [{ name: 'x', dtype: 'float32', shape: [200, 128] }],
  outputs: [
    { name: 'z', dtype: 'float32', shape: [300, 200] },
    { name: 'scalar', dtype: 'bool', shape: [] },
  ],
};

test('a model is read back with its nodes, attributes, tensors and shapes', () => {
  const read = readModel(writeModel(model));
  expect(read.nodes).toEqual([
    { ...model.nodes[0], attributes: { alpha: -0.5, transB: 1 } },
    { ...model.nodes[1] },
    { ...model.nodes[2] },
  ]);
  expect(read.tensors[0]).toEqual({
    name: 'small',
    dataType: dataTypes.int64,
    shape: [2],
    raw: Uint8Array.from({ length: 16 }, (_, i) => i),
    external: {},
  });
  expect(read.tensors[1]).toEqual({
    name: 'w',
    dataType: dataTypes.bfloat16,
    shape: [300, 128],
    raw: undefined,
    external: { location: 'Ordner ø/w.safetensors', offset: '6442450944', length: '76800' },
  });
  expect(read.inputs).toEqual([{ name: 'x', dataType: dataTypes.float32, shape: [200, 128] }]);
  expect(read.outputs[1]).toEqual({ name: 'scalar', dataType: dataTypes.bool, shape: [] });
});

test('both domains of operators are declared', () => {
  expect(readModel(writeModel(model)).opsets).toEqual({ '': opset, 'com.microsoft': 1 });
});

test('many and long messages do not overrun the buffer', () => {
  const many = {
    ...model,
    nodes: Array.from({ length: 5000 }, (_, i) => ({
      opType: 'Identity',
      domain: '',
      inputs: [`value ${i} ${'x'.repeat(i % 300)}`],
      outputs: [`value ${i + 1}`],
      attributes: {},
    })),
  };
  const read = readModel(writeModel(many));
  expect(read.nodes).toHaveLength(5000);
  expect(read.nodes[4999].inputs).toEqual(many.nodes[4999].inputs);
});
