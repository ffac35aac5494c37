// Finds weights that are no numbers before anything is trained on them: one NaN makes every loss NaN, and the sentence
// about a learning rate that is too high would be wrong. Reads each file once, in pieces.
import { closeSync, openSync, readSync } from 'node:fs';
import type { DType } from '../compiler/op.ts';
import { AppError } from '../errors.ts';
import type { Model } from './load.ts';
import type { TensorInfo } from './safetensors.ts';

/** All bits of the exponent are set in infinities and NaN, and in nothing else. */
const exponents: { [Type in DType]?: { words: 'half' | 'single'; mask: number } } = {
  float16: { words: 'half', mask: 0x7c00 },
  bfloat16: { words: 'half', mask: 0x7f80 },
  float32: { words: 'single', mask: 0x7f800000 },
};

const pieceBytes = 1 << 22;

/**
 * Lets others in between pieces.
 * @throws AppError `weights-not-finite` with the first such tensor
 */
export async function requireFiniteWeights(model: Model): Promise<void> {
  const buffer = new ArrayBuffer(pieceBytes);
  for (const { name } of model.specs) {
    const info = model.tensors.get(name);
    if (info === undefined) continue;
    const count = await countNotFinite(info, buffer);
    if (count === 0) continue;
    const total = info.shape.reduce((size, dim) => size * dim, 1);
    throw new AppError(
      'weights-not-finite',
      `"${name}" of "${model.name}" holds NaN or infinity: ${count.toLocaleString('en-US')} of ` +
        `${total.toLocaleString('en-US')} values, so nothing can be learned from it.`,
      'Copy or download the model again.',
    );
  }
}

async function countNotFinite(info: TensorInfo, buffer: ArrayBuffer): Promise<number> {
  const exponent = exponents[info.dtype];
  if (exponent === undefined) return 0;
  const { words, mask } = exponent;
  const descriptor = openSync(info.file, 'r');
  let count = 0;
  try {
    for (let done = 0; done < info.bytes; ) {
      const wanted = Math.min(pieceBytes, info.bytes - done);
      let read = 0;
      while (read < wanted) {
        const got = readSync(
          descriptor,
          new Uint8Array(buffer, read),
          0,
          wanted - read,
          info.offset + done + read,
        );
        if (got === 0) throw new Error('The file ended before its last byte.');
        read += got;
      }
      const values =
        words === 'half' ? new Uint16Array(buffer, 0, read / 2) : new Uint32Array(buffer, 0, read / 4);
      for (let i = 0; i < values.length; i++) if ((values[i] & mask) === mask) count++;
      done += read;
      await new Promise((resolve) => setImmediate(resolve));
    }
  } finally {
    closeSync(descriptor);
  }
  return count;
}
