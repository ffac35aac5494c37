// Blocks back to numbers: all that quantize.ts writes, and Q2_K to Q6_K, IQ4_NL and IQ4_XS, which are only
// read. Same bits as ggml's reference implementation (ggml-quants.c): every product and sum in float32.
import { toFloat32 } from '../../models/safetensors.ts';
import { type BlockType, blockTypes } from './format.ts';

const { fround } = Math;

/** Codes of IQ4_NL and IQ4_XS. */
const nonlinear = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

/** Writes the values of the block at byte `at` to `out` from `to` on. */
type Read = (bytes: DataView, at: number, out: Float32Array, to: number) => void;

export function dequantize(bytes: Uint8Array, type: BlockType): Float32Array<ArrayBuffer> {
  if (type === 'F32') return toFloat32(bytes, 'float32');
  if (type === 'F16') return toFloat32(bytes, 'float16');
  if (type === 'BF16') return toFloat32(bytes, 'bfloat16');
  const { values, bytes: size } = blockTypes[type];
  const count = bytes.length / size;
  const out = new Float32Array(count * values);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const read = readers[type];
  for (let i = 0; i < count; i++) read(view, i * size, out, i * values);
  return out;
}

const half = (bytes: DataView, at: number): number => bytes.getFloat16(at, true);

/** Four-bit code i of 32: the low halves of 16 bytes, then the high ones. */
const nibble = (bytes: DataView, at: number, i: number): number =>
  (bytes.getUint8(at + (i % 16)) >> (i < 16 ? 0 : 4)) & 15;

/** Code with its fifth bit from a 32-bit mask. */
const fiveBits = (bytes: DataView, mask: number, at: number, i: number): number =>
  nibble(bytes, at, i) | (((bytes.getUint32(mask, true) >>> i) & 1) << 4);

/** Two-bit code i of 256: 32 bytes hold four runs of 32. */
const twoBits = (bytes: DataView, at: number, i: number): number =>
  (bytes.getUint8(at + (i >> 7) * 32 + (i % 32)) >> (2 * ((i >> 5) & 3))) & 3;

/** Four-bit code i of 256 where 32 bytes hold two runs of 32. */
const fourBits = (bytes: DataView, at: number, i: number): number =>
  (bytes.getUint8(at + (i >> 6) * 32 + (i % 32)) >> (4 * ((i >> 5) & 1))) & 15;

/** Bit of value i of 256 where bit b of byte j belongs to value 32 b + j. */
const oneBit = (bytes: DataView, at: number, i: number): number =>
  (bytes.getUint8(at + (i % 32)) >> (i >> 5)) & 1;

/** Six-bit scale and minimum of run j of eight, packed into twelve bytes (Q4_K, Q5_K). */
function scaleAndMinimum(bytes: DataView, at: number, j: number): [scale: number, minimum: number] {
  const byte = (i: number) => bytes.getUint8(at + i);
  if (j < 4) return [byte(j) & 63, byte(j + 4) & 63];
  return [(byte(j + 4) & 15) | ((byte(j - 4) >> 2) & 0x30), (byte(j + 4) >> 4) | ((byte(j) >> 2) & 0x30)];
}

/** Runs of 32 with a scale and a minimum each: value = d * scale * code - dmin * minimum. */
const withMinimum =
  (code: (bytes: DataView, at: number, i: number) => number): Read =>
  (bytes, at, out, to) => {
    const [d, dmin] = [half(bytes, at), half(bytes, at + 2)];
    for (let run = 0; run < 8; run++) {
      const [scale, minimum] = scaleAndMinimum(bytes, at + 4, run);
      const [step, low] = [fround(d * scale), fround(dmin * minimum)];
      for (let i = run * 32; i < run * 32 + 32; i++) {
        out[to + i] = fround(step * code(bytes, at, i)) - low;
      }
    }
  };

const readers: Readonly<Record<Exclude<BlockType, 'F32' | 'F16' | 'BF16'>, Read>> = {
  Q8_0: (bytes, at, out, to) => {
    const d = half(bytes, at);
    for (let i = 0; i < 32; i++) out[to + i] = d * bytes.getInt8(at + 2 + i);
  },
  Q4_0: (bytes, at, out, to) => {
    const d = half(bytes, at);
    for (let i = 0; i < 32; i++) out[to + i] = d * (nibble(bytes, at + 2, i) - 8);
  },
  Q4_1: (bytes, at, out, to) => {
    const [d, m] = [half(bytes, at), half(bytes, at + 2)];
    for (let i = 0; i < 32; i++) out[to + i] = fround(d * nibble(bytes, at + 4, i)) + m;
  },
  Q5_0: (bytes, at, out, to) => {
    const d = half(bytes, at);
    for (let i = 0; i < 32; i++) out[to + i] = d * (fiveBits(bytes, at + 2, at + 6, i) - 16);
  },
  Q5_1: (bytes, at, out, to) => {
    const [d, m] = [half(bytes, at), half(bytes, at + 2)];
    for (let i = 0; i < 32; i++) out[to + i] = fround(d * fiveBits(bytes, at + 4, at + 8, i)) + m;
  },
  Q2_K: (bytes, at, out, to) => {
    const [d, dmin] = [half(bytes, at + 80), half(bytes, at + 82)];
    for (let i = 0; i < 256; i++) {
      const scale = bytes.getUint8(at + (i >> 4));
      const step = fround(d * (scale & 15));
      out[to + i] = fround(step * twoBits(bytes, at + 16, i)) - fround(dmin * (scale >> 4));
    }
  },
  Q3_K: (bytes, at, out, to) => {
    const d = half(bytes, at + 108);
    for (let i = 0; i < 256; i++) {
      const group = i >> 4;
      const low = (bytes.getUint8(at + 96 + (group % 8)) >> (group < 8 ? 0 : 4)) & 15;
      const high = (bytes.getUint8(at + 104 + (group % 4)) >> (2 * (group >> 2))) & 3;
      const step = fround(d * ((low | (high << 4)) - 32));
      const code = twoBits(bytes, at + 32, i) - (oneBit(bytes, at, i) === 1 ? 0 : 4);
      out[to + i] = step * code;
    }
  },
  Q4_K: withMinimum((bytes, at, i) => fourBits(bytes, at + 16, i)),
  Q5_K: withMinimum((bytes, at, i) => fourBits(bytes, at + 48, i) | (oneBit(bytes, at + 16, i) << 4)),
  Q6_K: (bytes, at, out, to) => {
    const d = half(bytes, at + 208);
    for (let i = 0; i < 256; i++) {
      // 64 bytes hold two runs of 64
      const low = (bytes.getUint8(at + (i >> 7) * 64 + (i % 64)) >> (4 * ((i >> 6) & 1))) & 15;
      const code = (low | (twoBits(bytes, at + 128, i) << 4)) - 32;
      out[to + i] = fround(d * bytes.getInt8(at + 192 + (i >> 4))) * code;
    }
  },
  IQ4_NL: (bytes, at, out, to) => {
    const d = half(bytes, at);
    for (let i = 0; i < 32; i++) out[to + i] = d * nonlinear[nibble(bytes, at + 2, i)];
  },
  IQ4_XS: (bytes, at, out, to) => {
    const d = half(bytes, at);
    const high = bytes.getUint16(at + 2, true);
    for (let run = 0; run < 8; run++) {
      const low = (bytes.getUint8(at + 4 + (run >> 1)) >> (4 * (run & 1))) & 15;
      const step = fround(d * ((low | (((high >> (2 * run)) & 3) << 4)) - 32));
      for (let i = 0; i < 32; i++) {
        out[to + run * 32 + i] = step * nonlinear[nibble(bytes, at + 8 + run * 16, i)];
      }
    }
  },
};
