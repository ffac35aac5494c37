// Numbers to blocks: F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q5_0 and Q5_1, byte for byte as ggml's reference
// implementation writes them (https://github.com/ggml-org/ggml, ggml-quants.c). Arithmetic is in float32
// where the reference's is. Knows nothing of tensors or files.
import { fromFloat32 } from '../../models/safetensors.ts';
import { type BlockType, blockTypes } from './format.ts';

/** Block types that can be written, in the order of lists. */
export const writableTypes = ['F32', 'F16', 'BF16', 'Q8_0', 'Q5_1', 'Q5_0', 'Q4_1', 'Q4_0'] as const;
export type WritableType = (typeof writableTypes)[number];

const { fround } = Math;
const blockSize = 32;

/** Blocks of `numbers`, whose length is a multiple of the block's. */
export function quantize(numbers: Float32Array, type: WritableType): Uint8Array {
  switch (type) {
    case 'F32':
      return fromFloat32(numbers, 'float32');
    case 'F16':
      return fromFloat32(numbers, 'float16');
    case 'BF16':
      return fromFloat32(numbers, 'bfloat16');
    case 'Q8_0':
      return blocks(numbers, type, q8);
    case 'Q4_0':
      return blocks(numbers, type, (x, out, at) => symmetric(x, out, at, 4));
    case 'Q5_0':
      return blocks(numbers, type, (x, out, at) => symmetric(x, out, at, 5));
    case 'Q4_1':
      return blocks(numbers, type, (x, out, at) => offset(x, out, at, 4));
    case 'Q5_1':
      return blocks(numbers, type, (x, out, at) => offset(x, out, at, 5));
  }
}

function blocks(
  numbers: Float32Array,
  type: BlockType,
  write: (block: Float32Array, out: DataView, at: number) => void,
): Uint8Array {
  const { bytes } = blockTypes[type];
  const count = numbers.length / blockSize;
  const out = new Uint8Array(count * bytes);
  const view = new DataView(out.buffer);
  for (let i = 0; i < count; i++) {
    write(numbers.subarray(i * blockSize, (i + 1) * blockSize), view, i * bytes);
  }
  return out;
}

/** Eight bits: scale = largest / 127, halves rounded away from zero. */
function q8(x: Float32Array, out: DataView, at: number): void {
  let largest = 0;
  for (const value of x) largest = Math.max(largest, Math.abs(value));
  const scale = fround(largest / 127);
  const inverse = scale === 0 ? 0 : fround(1 / scale);
  out.setFloat16(at, scale, true);
  for (let i = 0; i < blockSize; i++) {
    const size = Math.abs(fround(x[i] * inverse));
    const whole = Math.floor(size);
    const rounded = whole + Math.floor(2 * (size - whole));
    out.setInt8(at + 2 + i, x[i] < 0 ? -rounded : rounded);
  }
}

/** Four or five bits around zero: the value farthest from zero becomes the lowest code. */
function symmetric(x: Float32Array, out: DataView, at: number, bits: 4 | 5): void {
  let farthest = 0;
  for (const value of x) if (Math.abs(value) > Math.abs(farthest)) farthest = value;
  const half = 1 << (bits - 1);
  const scale = fround(farthest / -half);
  const inverse = scale === 0 ? 0 : fround(1 / scale);
  out.setFloat16(at, scale, true);
  // the product and the sum are in float64 here, as the reference's fused instruction has it
  packed(out, at + 2, bits, (i) => fround(x[i] * inverse + (half + 0.5)));
}

/** Four or five bits from the smallest value to the largest. */
function offset(x: Float32Array, out: DataView, at: number, bits: 4 | 5): void {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (const value of x) {
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  const scale = fround(fround(most - least) / ((1 << bits) - 1));
  const inverse = scale === 0 ? 0 : fround(1 / scale);
  out.setFloat16(at, scale, true);
  out.setFloat16(at + 2, least, true);
  packed(out, at + 4, bits, (i) => fround(fround(fround(x[i] - least) * inverse) + 0.5));
}

/** Codes of a block: fifth bits first where there are any, then value i and value i + 16 in one byte. */
function packed(out: DataView, at: number, bits: 4 | 5, code: (i: number) => number): void {
  const start = bits === 5 ? at + 4 : at;
  const most = (1 << bits) - 1;
  let high = 0;
  for (let i = 0; i < blockSize; i++) {
    const value = Math.min(most, Math.max(0, Math.trunc(code(i))));
    high |= (value >> 4) << i;
    const place = start + (i % 16);
    out.setUint8(place, i < 16 ? value & 15 : out.getUint8(place) | ((value & 15) << 4));
  }
  if (bits === 5) out.setUint32(at, high >>> 0, true);
}
