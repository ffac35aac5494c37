// Products that read quantized weights as they lie in their files: against the same products with the numbers that the
// codes stand for.
import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Graph } from '../../../main/compiler/graph.ts';
import { lower } from '../../../main/compiler/lowering.ts';
import type { PackedProducts } from '../../../main/compiler/packed-product.ts';
import { unpacked } from '../../../main/models/blocks/quantized.ts';
import { type Model, openModel } from '../../../main/models/load.ts';
import { packedProductsOf, rowsOfBytes } from '../../../main/models/packed-weights.ts';
import {
  openQuantized,
  planQuantized,
  type QuantizedWeight,
  readQuantized,
} from '../../../main/models/quantize.ts';
import { quantizationKinds } from '../../../main/models/quantize-blocks.ts';
import { readTensor, type TensorInfo } from '../../../main/models/safetensors.ts';
import { createSession } from '../../../main/training/session.ts';
import { normals } from '../../helpers/gradients.ts';
import { scratchModel, temporaryFolder } from '../../helpers/tiny-model.ts';

/** Blocks of 64 and, for the layer that reads 96 numbers, of 32: one and three a row, both odd. */
const wide = { hidden_size: 64, intermediate_size: 96, num_attention_heads: 4, num_key_value_heads: 2 };
const down = 'model.layers.0.mlp.down_proj.weight';
const up = 'model.layers.0.mlp.up_proj.weight';

/** x Wᵀ + c as a graph computes it with the weights of `packed`, and in plain TypeScript. */
async function products(model: Model, name: string, rows: number, packed: PackedProducts | undefined) {
  const weight = model.quantized?.weights.get(name) as QuantizedWeight;
  const [height, width] = weight.shape;
  const x = normals(rows * width, 4);
  const c = normals(height, 6);
  const g = new Graph();
  const matrix = unpacked(g, name, weight, model.locate(weight.file));
  const sum = g.constant(c, [height]);
  g.output('y', g.gemm(g.input('x', [rows, width]), matrix, { transB: true, c: sum }));
  const program = lower(g, 'cpu', packed);
  const session = await createSession(program, {
    threads: 1,
    weightsFolder: model.weightsFolder,
    prepack: true,
  });
  onTestFinished(() => session.release());
  const { y } = await session.run({ x });
  const numbers = readQuantized(model, name);
  const expected = Float32Array.from({ length: rows * height }, (_, i) => {
    const [row, column] = [Math.floor(i / height), i % height];
    let total = c[column];
    for (let k = 0; k < width; k++) total += x[row * width + k] * numbers[column * width + k];
    return total;
  });
  return { program, found: y as Float32Array, expected };
}

/** |a - b| / |b|. */
function distance(a: Float32Array, b: Float32Array): number {
  return Math.hypot(...a.map((value, i) => value - b[i])) / Math.hypot(...b);
}

const open = async (kind: (typeof quantizationKinds)[number]) =>
  openQuantized(openModel(scratchModel(64, wide)), kind, temporaryFolder());

describe.each(quantizationKinds)('%s', (kind) => {
  test.each([
    { rows: 1, name: down },
    { rows: 5, name: down },
    { rows: 3, name: up },
  ])('products of $rows rows with $name read the codes', async ({ rows, name }) => {
    const model = await open(kind);
    const packed = (await packedProductsOf(model)) as PackedProducts;
    const exact = await products(model, name, rows, { ...packed, accuracyLevel: 1 });
    const rounded = await products(model, name, rows, packed);
    const unpackedFirst = await products(model, name, rows, undefined);
    expect(Buffer.from(rounded.program.model).includes('MatMulNBits')).toBe(true);
    expect(Buffer.from(unpackedFirst.program.model).includes('MatMulNBits')).toBe(false);
    expect(distance(unpackedFirst.found, unpackedFirst.expected)).toBeLessThan(1e-5);
    // the 16 levels of NF4 are not multiples of a step: as 8-bit codes they are up to half a step off
    expect(distance(exact.found, exact.expected)).toBeLessThan(kind === 'nf4' ? 1e-2 : 1e-4);
    expect(distance(rounded.found, rounded.expected)).toBeLessThan(kind === 'nf4' ? 1.5e-2 : 1e-2);
  });

  test('a matrix that something else reads too is unpacked as well', async () => {
    const model = await open(kind);
    const weight = model.quantized?.weights.get(up) as QuantizedWeight;
    const g = new Graph();
    const matrix = unpacked(g, up, weight, model.locate(weight.file));
    g.output('y', g.gemm(g.input('x', [2, 64]), matrix, { transB: true }));
    g.output('squares', g.sumSquare(matrix));
    const session = await createSession(lower(g, 'cpu', await packedProductsOf(model)), {
      threads: 1,
      weightsFolder: model.weightsFolder,
      prepack: true,
    });
    onTestFinished(() => session.release());
    const { squares } = await session.run({ x: normals(128, 4) });
    const expected = readQuantized(model, up).reduce((sum, value) => sum + value * value, 0);
    expect(Math.abs((squares as Float32Array)[0] / expected - 1)).toBeLessThan(1e-4);
  });

  test('what the products read beside the codes is written once, and again when it is damaged', async () => {
    const model = await open(kind);
    // the model that another process opens
    const openAgain = () => packedProductsOf({ ...model });
    await openAgain();
    const file = join(model.weightsFolder, 'products-2.bin');
    const { mtimeMs, size } = statSync(file);
    const bytes = readFileSync(file);
    await openAgain();
    expect(statSync(file).mtimeMs).toBe(mtimeMs);
    truncateSync(file, size - 1);
    await openAgain();
    expect(readFileSync(file).equals(bytes)).toBe(true);
    writeFileSync(
      file,
      bytes.map((byte, i) => (i === 100 ? byte ^ 1 : byte)),
    );
    await openAgain();
    expect(readFileSync(file).equals(bytes)).toBe(true);
    expect(readdirSync(model.weightsFolder).sort()).toEqual([
      'manifest.json',
      'products-2.bin',
      'products-2.bin.sha256',
      'weights.bin',
    ]);
  });
});

test('the output layer is read in 8 bits, its own matrix or the embedding', async () => {
  for (const tied of [true, false]) {
    const model = await openQuantized(
      openModel(scratchModel(64, { ...wide, tie_word_embeddings: tied })),
      'int4',
      temporaryFolder(),
    );
    const name = tied ? 'model.embed_tokens.weight' : 'lm_head.weight';
    const packed = (await packedProductsOf(model)) as PackedProducts;
    const info = model.tensors.get(name) as TensorInfo;
    const g = new Graph();
    const table = g.weight(name, info.shape, info.dtype, model.locate(info.file), info.offset, info.bytes);
    const wideTable = info.dtype === 'float32' ? table : g.cast(table, 'float32');
    g.output('y', g.gemm(g.input('x', [2, 64]), wideTable, { transB: true }));
    const program = lower(g, 'cpu', packed);
    expect(Buffer.from(program.model).includes('MatMulNBits')).toBe(true);
    const session = await createSession(program, {
      threads: 1,
      weightsFolder: model.weightsFolder,
      prepack: true,
    });
    onTestFinished(() => session.release());
    const x = normals(128, 4);
    const { y } = await session.run({ x });
    const numbers = readTensor(info);
    const [rows] = info.shape;
    const expected = Float32Array.from({ length: 2 * rows }, (_, i) => {
      let total = 0;
      for (let k = 0; k < 64; k++) total += x[Math.floor(i / rows) * 64 + k] * numbers[(i % rows) * 64 + k];
      return total;
    });
    expect(distance(y as Float32Array, expected)).toBeLessThan(1.5e-2);
  }
});

test('products are as they were where a model is not quantized, or its file is not there', async () => {
  const model = openModel(scratchModel(64, wide));
  expect(await packedProductsOf(model)).toBeUndefined();
  expect(await packedProductsOf(planQuantized(model, 'nf4', temporaryFolder()))).toBeUndefined();
});

test('graphs for graphics cards unpack the weights', async () => {
  const model = await open('int4');
  const weight = model.quantized?.weights.get(up) as QuantizedWeight;
  const g = new Graph();
  const matrix = unpacked(g, up, weight, model.locate(weight.file));
  g.output('y', g.gemm(g.input('x', [2, 64]), matrix, { transB: true }));
  const program = Buffer.from(lower(g, 'webgpu', await packedProductsOf(model)).model);
  expect(program.includes('MatMulNBits')).toBe(false);
  expect(program.includes('DequantizeLinear')).toBe(true);
});

test('rows of packed numbers begin with a byte each', () => {
  expect([...rowsOfBytes(Uint8Array.of(0x21, 0x43, 0x65), 2, 3)]).toEqual([0x21, 0x03, 0x54, 0x06]);
  expect([...rowsOfBytes(Uint8Array.of(0x21, 0x43), 2, 2)]).toEqual([0x21, 0x43]);
});
