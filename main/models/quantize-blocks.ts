// Numbers to blocks of few bits and back: `block` numbers in a row share one scale. int8 is symmetric, int4 has a zero
// point for each block, nf4 the 16 levels of compiler/nf4.ts. Knows rows of numbers, not models or
// files.
import { nf4Levels } from '../compiler/nf4.ts';
import { assert } from '../errors.ts';

export const quantizationKinds = ['int8', 'int4', 'nf4'] as const;
export type QuantizationKind = (typeof quantizationKinds)[number];

/** How people say it. */
export const bitsOf: Readonly<Record<QuantizationKind, string>> = {
  int8: '8 bits (INT8)',
  int4: '4 bits (INT4)',
  nf4: '4 bits (NF4)',
};

/** Above edge k a number is nearer to level k + 1 than to level k. */
const nf4Edges = Float32Array.from({ length: 15 }, (_, k) => (nf4Levels[k] + nf4Levels[k + 1]) / 2);

export interface QuantizedRows {
  /** int8: one byte a number. int4: two numbers a byte, the first in the lower half. nf4: the first in the upper half. */
  codes: Uint8Array;
  /** One for each block. */
  scales: Float32Array;
  /** int4 only: a code for each block, packed like the codes. */
  zeroPoints?: Uint8Array;
}

/** Bytes of the parts of `count` quantized numbers. */
export function quantizedBytes(kind: QuantizationKind, count: number, block: number) {
  const blocks = count / block;
  return {
    codes: kind === 'int8' ? count : count / 2,
    scales: blocks * 4,
    zeroPoints: kind === 'int4' ? Math.ceil(blocks / 2) : 0,
  };
}

/** Quantizes numbers whose count is a multiple of `block`, which is even. */
export function quantize(kind: QuantizationKind, numbers: Float32Array, block: number): QuantizedRows {
  assert(
    numbers.length % block === 0 && block % 2 === 0,
    `${numbers.length} numbers fill blocks of ${block}`,
  );
  return quantizers[kind](numbers, block);
}

/** The numbers that quantized ones stand for. */
export function dequantize(kind: QuantizationKind, rows: QuantizedRows, block: number): Float32Array {
  const { codes, scales, zeroPoints } = rows;
  const count = scales.length * block;
  if (kind === 'int8') {
    const signed = new Int8Array(codes.buffer, codes.byteOffset, codes.length);
    return Float32Array.from({ length: count }, (_, i) => signed[i] * scales[Math.floor(i / block)]);
  }
  const numbers = new Float32Array(count);
  for (let b = 0; b < scales.length; b++) {
    const scale = scales[b];
    const zero = zeroPoints === undefined ? 0 : half(zeroPoints, b);
    for (let i = b * block; i < (b + 1) * block; i++) {
      numbers[i] = kind === 'nf4' ? nf4Levels[half(codes, i ^ 1)] * scale : (half(codes, i) - zero) * scale;
    }
  }
  return numbers;
}

/** Element i of packed 4-bit codes, the first of each byte in its lower half. */
function half(packed: Uint8Array, i: number): number {
  return (i & 1) === 0 ? packed[i >> 1] & 15 : packed[i >> 1] >> 4;
}

const quantizers = {
  // q = round(w / s), s = max |w| / 127
  int8: (numbers, block) => {
    const scales = new Float32Array(numbers.length / block);
    const codes = new Int8Array(numbers.length);
    for (let b = 0; b < scales.length; b++) {
      const start = b * block;
      scales[b] = largest(numbers, start, block) / 127;
      const inverse = scales[b] === 0 ? 0 : 1 / scales[b];
      for (let i = start; i < start + block; i++) {
        codes[i] = Math.max(-127, Math.min(127, Math.round(numbers[i] * inverse)));
      }
    }
    return { codes: new Uint8Array(codes.buffer), scales };
  },
  // q = round(w / s) + z, s = (max - min) / 15 over a range that holds 0, z = round(-min / s)
  int4: (numbers, block) => {
    const scales = new Float32Array(numbers.length / block);
    const codes = new Uint8Array(numbers.length / 2);
    const zeroPoints = new Uint8Array(Math.ceil(scales.length / 2));
    for (let b = 0; b < scales.length; b++) {
      const start = b * block;
      let [low, high] = [0, 0];
      for (let i = start; i < start + block; i++) {
        if (numbers[i] < low) low = numbers[i];
        else if (numbers[i] > high) high = numbers[i];
      }
      scales[b] = (high - low) / 15;
      const inverse = scales[b] === 0 ? 0 : 1 / scales[b];
      const zero = Math.round(-low * inverse);
      zeroPoints[b >> 1] |= (b & 1) === 0 ? zero : zero << 4;
      for (let i = start; i < start + block; i += 2) {
        const first = Math.max(0, Math.min(15, Math.round(numbers[i] * inverse) + zero));
        const second = Math.max(0, Math.min(15, Math.round(numbers[i + 1] * inverse) + zero));
        codes[i >> 1] = first | (second << 4);
      }
    }
    return { codes, scales, zeroPoints };
  },
  // the level nearest to w / s, s = max |w|
  nf4: (numbers, block) => {
    const scales = new Float32Array(numbers.length / block);
    const codes = new Uint8Array(numbers.length / 2);
    for (let b = 0; b < scales.length; b++) {
      const start = b * block;
      scales[b] = largest(numbers, start, block);
      const inverse = scales[b] === 0 ? 0 : 1 / scales[b];
      for (let i = start; i < start + block; i += 2) {
        codes[i >> 1] = (nf4Code(numbers[i] * inverse) << 4) | nf4Code(numbers[i + 1] * inverse);
      }
    }
    return { codes, scales };
  },
} satisfies Record<QuantizationKind, (numbers: Float32Array, block: number) => QuantizedRows>;

function largest(numbers: Float32Array, start: number, block: number): number {
  let most = 0;
  for (let i = start; i < start + block; i++) most = Math.max(most, Math.abs(numbers[i]));
  return most;
}

/** Four comparisons find one of 16 levels. */
function nf4Code(x: number): number {
  let code = x > nf4Edges[7] ? 8 : 0;
  if (x > nf4Edges[code + 3]) code += 4;
  if (x > nf4Edges[code + 1]) code += 2;
  return x > nf4Edges[code] ? code + 1 : code;
}
