// safetensors files: what is written is read back, sixteen-bit numbers are rounded as everywhere, and
// files that do not hold what they say are refused.
import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  fromFloat32,
  readHeader,
  readTensor,
  toFloat32,
  writeSafetensors,
} from '../../../main/models/safetensors.ts';
import { toBfloat16 } from '../../helpers/interpreter.ts';
import { temporaryFolder } from '../../helpers/tiny-model.ts';

const numbers = Float32Array.of(
  0,
  -0,
  1,
  -1.5,
  3.3333333,
  65504,
  1e-8,
  1e30,
  Number.POSITIVE_INFINITY,
  Number.NaN,
);

function written(dtype: 'float32' | 'float16' | 'bfloat16' = 'float32'): string {
  const file = join(temporaryFolder(), 'weights.safetensors');
  writeSafetensors(
    file,
    [
      { name: 'größe.weight', dtype, shape: [2, 5], bytes: () => fromFloat32(numbers, dtype) },
      { name: 'empty', dtype, shape: [0], bytes: () => new Uint8Array() },
      { name: 'last', dtype, shape: [], bytes: () => fromFloat32(Float32Array.of(7), dtype) },
    ],
    { format: 'pt', note: 'made for a test' },
  );
  return file;
}

describe('a file', () => {
  test('is read back with names, shapes, offsets and numbers', () => {
    const header = readHeader(written());
    expect([...header.keys()]).toEqual(['größe.weight', 'empty', 'last']);
    expect(header.get('größe.weight')).toMatchObject({ shape: [2, 5], dtype: 'float32', bytes: 40 });
    expect([...readTensor(header.get('größe.weight')!)]).toEqual([...numbers]);
    expect([...readTensor(header.get('last')!)]).toEqual([7]);
    expect(readTensor(header.get('empty')!)).toHaveLength(0);
  });

  test('begins with the length of a JSON header that is padded to 8 bytes', () => {
    const bytes = readFileSync(written());
    const length = Number(bytes.readBigUInt64LE());
    expect(length % 8).toBe(0);
    const header = JSON.parse(bytes.subarray(8, 8 + length).toString());
    expect(header.__metadata__).toEqual({ format: 'pt', note: 'made for a test' });
    expect(header['größe.weight']).toEqual({ dtype: 'F32', shape: [2, 5], data_offsets: [0, 40] });
    expect(bytes).toHaveLength(8 + length + 44);
  });

  test('leaves nothing under a temporary name', () => {
    const file = written();
    expect(readdirSync(join(file, '..'))).toEqual(['weights.safetensors']);
  });
});

describe('sixteen bits', () => {
  test('float16 and bfloat16 are rounded to the nearest, ties to even', () => {
    const anything = fc.float({ noNaN: true }).map(Math.fround);
    fc.assert(
      fc.property(anything, (x) => {
        const half = toFloat32(fromFloat32(Float32Array.of(x), 'float16'), 'float16')[0];
        const brain = toFloat32(fromFloat32(Float32Array.of(x), 'bfloat16'), 'bfloat16')[0];
        expect(half).toBe(Math.f16round(x));
        expect(brain).toBe(toBfloat16(x));
      }),
    );
  });

  test('infinity and NaN stay what they are', () => {
    for (const dtype of ['float16', 'bfloat16'] as const) {
      const back = readTensor(readHeader(written(dtype)).get('größe.weight')!);
      expect(back[8]).toBe(Number.POSITIVE_INFINITY);
      expect(back[9]).toBeNaN();
    }
  });

  test('ties go to the even number', () => {
    // 1 + 2^-8 lies between 1 and 1 + 2^-7, 1 + 3 2^-8 between 1 + 2^-7 and 1 + 2^-6
    const ties = Float32Array.of(1 + 2 ** -8, 1 + 3 * 2 ** -8);
    expect([...toFloat32(fromFloat32(ties, 'bfloat16'), 'bfloat16')]).toEqual([1, 1 + 2 ** -6]);
  });
});

describe('refusals', () => {
  const rewritten = (
    change: (header: Record<string, { shape: number[]; dtype: string; data_offsets: number[] }>) => void,
  ) => {
    const file = written();
    const bytes = readFileSync(file);
    const length = Number(bytes.readBigUInt64LE());
    const header = JSON.parse(bytes.subarray(8, 8 + length).toString());
    change(header);
    const json = Buffer.from(JSON.stringify(header));
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(BigInt(json.length));
    writeFileSync(file, Buffer.concat([size, json, bytes.subarray(8 + length)]));
    return file;
  };

  test('a file that was cut says how much of it is there', () => {
    const file = written();
    truncateSync(file, readFileSync(file).length - 22);
    expect(() => readHeader(file)).toThrow(
      expect.objectContaining({
        code: 'weights-damaged',
        message: expect.stringMatching(/it is 9\d % complete/),
      }),
    );
  });

  test('an empty file, one without a header, and one whose header is no JSON', () => {
    const file = join(temporaryFolder(), 'x.safetensors');
    writeFileSync(file, '');
    expect(() => readHeader(file)).toThrow(/header does not fit/);
    writeFileSync(file, '<html>not weights at all</html>');
    expect(() => readHeader(file)).toThrow(/header does not fit/);
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(4n);
    writeFileSync(file, Buffer.concat([size, Buffer.from('{"a:')]));
    expect(() => readHeader(file)).toThrow(/header is not JSON/);
  });

  test('a header that claims a gigabyte of itself is not read', () => {
    const file = join(temporaryFolder(), 'x.safetensors');
    const size = Buffer.alloc(16);
    size.writeBigUInt64LE(2n ** 40n);
    writeFileSync(file, size);
    expect(() => readHeader(file)).toThrow(/header does not fit/);
  });

  test('a tensor whose bytes do not fit its shape', () => {
    const file = rewritten((header) => {
      header['größe.weight'].shape = [2, 4];
    });
    expect(() => readHeader(file)).toThrow(/größe\.weight" \[2, 4\] does not have the bytes/);
  });

  test('a number format that cannot be trained', () => {
    const file = rewritten((header) => {
      header.last.dtype = 'F8_E4M3';
    });
    expect(() => readHeader(file)).toThrow(
      expect.objectContaining({ code: 'weights-dtype', message: expect.stringContaining('F8_E4M3') }),
    );
  });
});
