// The tensors of a model as llama.cpp names and lays them out, and back again. Where they lie and which block
// type each gets is decided here; names come from the architecture's entry.
import { assert } from '../../errors.ts';
import type { TunedModel } from '../../inference/weights.ts';
import type { GgufNames, GgufTensorName } from '../../models/blocks/gguf-names.ts';
import type { TensorToWrite } from '../../models/safetensors.ts';
import { type MergedTensor, mergedTensors } from '../merge.ts';
import { dequantize } from './dequantize.ts';
import { blockTypes, type GgufTensorToWrite } from './format.ts';
import { quantize, type WritableType } from './quantize.ts';
import { type GgufFile, readGgufBytes } from './reader.ts';

/** A tensor of a GGUF file, with the one of the model that it is made from. */
export interface MappedTensor {
  target: GgufTensorName;
  source: MergedTensor;
  type: WritableType;
  /** [out, in] */
  shape: readonly number[];
}

/** All tensors of a tuned model, in the order of their names, as llama.cpp's converter has them. */
export function mappedTensors(tuned: TunedModel, names: GgufNames, type: WritableType): MappedTensor[] {
  const inOrder = mergedTensors(tuned).sort((a, b) => (a.name < b.name ? -1 : 1));
  return inOrder.map((source) => {
    const target = names.tensor(source.name);
    assert(target !== undefined, `the architecture maps "${source.name}" to GGUF`);
    const shape = target.layout === 'transposed' ? source.shape.toReversed() : source.shape;
    return { target, source, shape, type: typeFor(target.name, shape, type) };
  });
}

/**
 * Block type of one tensor where the file is mostly `type`. Vectors and learned positions stay float32, as
 * llama.cpp wants them; rows that are no whole blocks become float16. Embedding and output layer keep eight
 * bits: they are what coarser rounding harms most.
 */
export function typeFor(name: string, shape: readonly number[], type: WritableType): WritableType {
  if (shape.length === 1 || name === 'position_embd.weight') return 'F32';
  const { values, bytes } = blockTypes[type];
  if ((shape.at(-1) as number) % values !== 0) return 'F16';
  const outer = name === 'token_embd.weight' || name === 'output.weight';
  return outer && values > 1 && bytes < blockTypes.Q8_0.bytes ? 'Q8_0' : type;
}

export function tensorsToWrite(
  mapped: readonly MappedTensor[],
  names: GgufNames,
  onBytes: () => void,
): GgufTensorToWrite[] {
  const further = (names.extra ?? []).map(({ name, values }) => ({
    name,
    type: 'F32' as const,
    shape: [values.length],
    bytes: () => quantize(values, 'F32'),
  }));
  const own = mapped.map(({ target, source, shape, type }) => ({
    name: target.name,
    type,
    shape,
    bytes: () => {
      onBytes();
      const values = laidOut(source.values(), source.shape, target);
      if (target.added) for (let i = 0; i < values.length; i++) values[i] += target.added;
      return quantize(values, type);
    },
  }));
  return [...own, ...further];
}

/** The tensors of `expected` as they come back out of a file: float32, under the model's names and layout. */
export function restoredTensors(
  file: GgufFile,
  expected: readonly { name: string; shape: readonly number[] }[],
  names: GgufNames,
): TensorToWrite[] {
  return expected.map(({ name, shape }) => {
    const target = names.tensor(name);
    const found = target && file.tensors.get(target.name);
    assert(target !== undefined && found !== undefined, `the file holds "${name}"`);
    const wanted = target.layout === 'transposed' ? shape.toReversed() : shape;
    assert(found.shape.join() === wanted.join(), `"${found.name}" has the shape of "${name}"`);
    return {
      name,
      dtype: 'float32',
      shape,
      bytes: () => {
        const values = dequantize(readGgufBytes(file, found), found.type);
        if (target.added) for (let i = 0; i < values.length; i++) values[i] -= target.added;
        return quantize(restored(values, shape, target), 'F32');
      },
    };
  });
}

function laidOut(values: Float32Array, shape: readonly number[], { layout }: GgufTensorName): Float32Array {
  if (layout === undefined) return values;
  if (layout === 'transposed') return transposed(values, shape[0], shape[1]);
  return swapped(values, shape, layout.heads, 2);
}

/** `shape` is the model's, not the file's. */
function restored(values: Float32Array, shape: readonly number[], { layout }: GgufTensorName): Float32Array {
  if (layout === undefined) return values;
  if (layout === 'transposed') return transposed(values, shape[1], shape[0]);
  return swapped(values, shape, layout.heads, shape[0] / layout.heads / 2);
}

function transposed(values: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++)
      out[column * rows + row] = values[row * columns + column];
  }
  return out;
}

/**
 * Rows of each head, seen as [parts, rest], in the order [rest, parts]: with two parts the halves of a head
 * become neighbours, and with half as many parts as rows they go back.
 */
function swapped(values: Float32Array, shape: readonly number[], heads: number, parts: number): Float32Array {
  const width = values.length / shape[0];
  const perHead = shape[0] / heads;
  const rest = perHead / parts;
  const out = new Float32Array(values.length);
  for (let row = 0; row < shape[0]; row++) {
    const inHead = row % perHead;
    const [part, place] = [Math.floor(inHead / rest), inHead % rest];
    const to = row - inHead + place * parts + part;
    out.set(values.subarray(row * width, (row + 1) * width), to * width);
  }
  return out;
}
