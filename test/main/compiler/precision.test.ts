// Mixed precision as a rewrite of graphs: which nodes become half, which casts there are, and that rounding by casts on
// the processor is what a product of halves gives.
import { describe, expect, test } from 'vitest';
import { gradientsOf } from '../../../main/compiler/autodiff.ts';
import { Graph, type Value } from '../../../main/compiler/graph.ts';
import { lower } from '../../../main/compiler/lowering.ts';
import { type Half, halfBytes, halveProducts, requirePrecision } from '../../../main/compiler/precision.ts';
import { schedule } from '../../../main/compiler/rewrite.ts';
import { verify } from '../../../main/compiler/verify.ts';
import { createSession } from '../../../main/training/session.ts';
import { normals } from '../../helpers/gradients.ts';

/** What a graph computes, in order: `gemm bfloat16`, `cast float32`, .. */
function opsOf(g: Graph): string[] {
  const nodes = schedule(g);
  verify(g, nodes);
  return nodes.map(({ op, outputs }) => `${op} ${outputs[0].dtype}`);
}

function halved(build: (g: Graph) => void, half: Half = 'bfloat16', native = true): Graph {
  const g = new Graph();
  build(g);
  halveProducts(g, half, native);
  return g;
}

const count = (ops: readonly string[], op: string) => ops.filter((one) => one === op).length;

const weightOf = (g: Graph, dtype: 'float32' | 'float16' | 'bfloat16', name = 'w') =>
  g.weight(name, [4, 4], dtype, 'w.safetensors', 0, dtype === 'float32' ? 64 : 32);

describe('casts', () => {
  test('a value that two products read is rounded once', () => {
    const g = halved((g) => {
      const x = g.exp(g.input('x', [4, 4]));
      g.output('y', g.add(g.gemm(x, g.input('a', [4, 4])), g.gemm(x, g.input('b', [4, 4]))));
    });
    const ops = opsOf(g);
    expect(count(ops, 'cast bfloat16')).toBe(3); // x, a, b
    expect(ops.filter((op) => op.startsWith('gemm'))).toEqual(['gemm bfloat16', 'gemm bfloat16']);
    expect(ops.at(-1)).toBe('add float32');
  });

  test('what lies between two products is moved as halves, without a cast', () => {
    const g = halved((g) => {
      const first = g.gemm(g.input('x', [4, 4]), g.input('a', [4, 4]));
      const [left, right] = g.split(g.transpose(g.reshape(first, [2, 2, 4]), [1, 0, 2]), 2, [2, 2]);
      g.output('y', g.matmul(g.concat([left, right], 2), g.input('b', [2, 4, 3])));
    });
    const ops = opsOf(g);
    expect(ops.filter((op) => op.startsWith('cast'))).toEqual([
      'cast bfloat16',
      'cast bfloat16',
      'cast bfloat16',
      'cast float32', // the output
    ]);
    for (const op of ['reshape', 'transpose', 'split', 'concat']) expect(ops).toContain(`${op} bfloat16`);
  });

  test('what is moved for products alone is rounded before, once', () => {
    const build = (alsoSummed: boolean) =>
      opsOf(
        halved((g) => {
          const x = g.exp(g.input('x', [4, 4]));
          const turned = g.transpose(g.reshape(x, [2, 2, 4]), [1, 0, 2]);
          const [a, b] = ['a', 'b'].map((name) => g.input(name, [2, 4, 3]));
          g.output('y', g.add(g.matmul(turned, a), g.matmul(turned, b)));
          if (alsoSummed) g.output('sum', g.reduceSum(turned, [0, 1, 2]));
        }),
      );
    const alone = build(false);
    expect(alone.filter((op) => op.startsWith('transpose'))).toEqual(['transpose bfloat16']);
    expect(count(alone, 'cast bfloat16')).toBe(3); // x, a, b
    expect(build(true).filter((op) => op.startsWith('transpose'))).toEqual(['transpose float32']);
  });

  test('a table is not rounded whole for a few of its rows', () => {
    const g = halved((g) => {
      const rows = g.gather(g.input('table', [100, 4]), g.input('ids', [2], 'int32'));
      g.output('y', g.gemm(rows, g.input('w', [4, 4])));
    });
    expect(opsOf(g)).toContain('gather float32');
  });

  test('weights of a file in the same type are read as they are, others are rounded once a pass', () => {
    const opsWith = (dtype: 'float32' | 'float16' | 'bfloat16') =>
      opsOf(
        halved((g) => {
          const weight = g.cheap(g.cast(weightOf(g, dtype), 'float32'));
          g.output('y', g.gemm(g.gemm(g.input('x', [4, 4]), weight), weight));
        }),
      );
    expect(opsWith('bfloat16')).toEqual(['cast bfloat16', 'gemm bfloat16', 'gemm bfloat16', 'cast float32']);
    expect(count(opsWith('float16'), 'cast bfloat16')).toBe(2); // from float16 at once, and x
    expect(count(opsWith('float32'), 'cast bfloat16')).toBe(2);
  });

  test('rows of a table are looked up before they are widened', () => {
    const g = halved((g) => {
      const table = g.cheap(g.cast(weightOf(g, 'bfloat16'), 'float32'));
      const rows = g.gather(table, g.input('ids', [2], 'int32'));
      g.output('y', g.mul(g.gemm(g.input('x', [2, 4]), table), rows));
    });
    expect(opsOf(g).slice(0, 2)).toContain('gather bfloat16');
  });
});

describe('what stays in float32', () => {
  test('sums, softmax, norms and elementwise ops', () => {
    const g = halved((g) => {
      const y = g.gemm(g.input('x', [4, 4]), g.input('w', [4, 4]), { c: g.input('bias', [4]) });
      const [normal] = g.rmsNorm(y, g.input('gain', [4]), 1e-5);
      g.output('y', g.reduceSum(g.silu(g.softmax(normal)), [0, 1]));
    });
    const ops = opsOf(g);
    expect(ops.filter((op) => op.endsWith('bfloat16'))).toEqual([
      ...Array(3).fill('cast bfloat16'),
      'gemm bfloat16',
    ]);
    for (const op of ['rmsNorm', 'softmax', 'silu', 'reduceSum']) expect(ops).toContain(`${op} float32`);
  });

  test('products that ask for it, and sums of gradients of weights', () => {
    const g = halved((g) => {
      const [x, dy] = [g.input('x', [4, 4]), g.input('dy', [4, 4])];
      g.output('exact', g.gemm(x, dy, { exact: true }));
      g.output('dw', g.gemm(x, dy, { transA: true, c: g.gemm(x, dy, { transA: true }) }));
    });
    const ops = opsOf(g);
    expect(count(ops, 'gemm float32')).toBe(1);
    expect(ops.filter((op) => op.startsWith('add'))).toEqual(['add float32']);
  });

  test('gradients come out in float32', () => {
    const g = new Graph();
    const [x, w] = [g.input('x', [4, 4]), g.input('w', [4, 4])];
    const [dw] = gradientsOf(g, g.reduceSum(g.tanh(g.gemm(x, w)), [0, 1]), [w]);
    g.output('dw', dw);
    halveProducts(g, 'float16', true);
    expect(opsOf(g)).toContain('gemm float16');
    expect(g.outputs[0].value.dtype).toBe('float32');
  });
});

describe('the backward pass', () => {
  /** Values of the forward pass that the backward pass reads. */
  const keptOf = (g: Graph) => {
    const read = schedule(g).flatMap(({ phase, inputs }) => (phase === 'backward' ? inputs : []));
    return [...new Set(read.filter(({ node }) => node?.phase === 'forward'))].map(({ dtype }) => dtype);
  };

  test('keeps what only products read, and products themselves, as halves', () => {
    const g = new Graph();
    const [x, a, b] = ['x', 'a', 'b'].map((name) => g.input(name, [4, 4]));
    const y = g.gemm(g.exp(x), a);
    const z = g.gemm(g.tanh(y), b);
    const gradients = gradientsOf(g, g.reduceSum(z, [0, 1]), [a, b]);
    g.phase = 'backward';
    for (const [i, gradient] of gradients.entries()) g.output(`g${i}`, gradient);
    halveProducts(g, 'bfloat16', true);
    // exp x, b and tanh y for products; tanh y is kept in float32 for its own slope, and rounded again
    expect(keptOf(g).filter((dtype) => dtype === 'float32')).toHaveLength(1);
    expect(keptOf(g).filter((dtype) => dtype === 'bfloat16')).toHaveLength(1);
  });
});

describe('on the processor', () => {
  const run = async (g: Graph, feeds: Record<string, Float32Array>) => {
    const session = await createSession(lower(g, 'cpu'), { threads: 1 });
    const outputs = await session.run(feeds);
    await session.release();
    return outputs;
  };

  /** Rounded to `digits` binary digits, ties to even. */
  const round = (digits: number) => (value: number) => {
    if (value === 0) return 0;
    const unit = 2 ** (Math.floor(Math.log2(Math.abs(value))) - digits + 1);
    const [low, rest] = [Math.floor(value / unit), value / unit - Math.floor(value / unit)];
    return (rest > 0.5 || (rest === 0.5 && low % 2 !== 0) ? low + 1 : low) * unit;
  };

  test.each<[Half, number]>([
    ['bfloat16', 8],
    ['float16', 11],
  ])('factors and products are rounded to %s', async (half, digits) => {
    const [a, b] = [normals(64, 1), normals(64, 2)];
    const g = halved((g) => g.output('y', g.gemm(g.input('a', [8, 8]), g.input('b', [8, 8]))), half, false);
    const { y } = await run(g, { a, b });
    const [ra, rb] = [a, b].map((list) => Array.from(list, round(digits)));
    for (let i = 0; i < 8; i++)
      for (let j = 0; j < 8; j++) {
        const sum = Array.from({ length: 8 }, (_, k) => ra[8 * i + k] * rb[8 * k + j]).reduce(
          (s, v) => s + v,
        );
        // the sum is one of float32, which may round to the neighbour
        expect(Math.abs(Number(y[8 * i + j]) - sum)).toBeLessThanOrEqual(2 ** -digits * 1.01 * Math.abs(sum));
        expect(round(digits)(Number(y[8 * i + j]))).toBe(Number(y[8 * i + j]));
      }
  });

  test('an overflow of float16 is infinite', async () => {
    const g = halved(
      (g) => g.output('y', g.gemm(g.input('a', [1, 1]), g.input('b', [1, 1]))),
      'float16',
      false,
    );
    expect((await run(g, { a: Float32Array.of(300), b: Float32Array.of(300) })).y[0]).toBe(Infinity);
  });
});

test('single numbers are rounded to the nearest half', () => {
  const bits = (value: number, half: Half) => new Uint16Array(halfBytes(value, half).buffer)[0];
  expect([1, -2, 0.125, 65504].map((value) => bits(value, 'float16'))).toEqual([
    0x3c00, 0xc000, 0x3000, 0x7bff,
  ]);
  expect([1, -2, 0.125].map((value) => bits(value, 'bfloat16'))).toEqual([0x3f80, 0xc000, 0x3e00]);
  // 1 + 1/256 lies between two of them, and goes to the even one; a little more goes up
  expect([1 + 2 ** -8, 1 + 2 ** -8 + 2 ** -16].map((value) => bits(value, 'bfloat16'))).toEqual([
    0x3f80, 0x3f81,
  ]);
});

test('the loss scale multiplies every gradient and leaves the loss', async () => {
  const build = (scaled: boolean) => {
    const g = new Graph();
    const [x, w] = [g.input('x', [4, 4]), g.input('w', [4, 4])];
    if (scaled) g.lossScale = g.input('lossScale', []);
    const loss: Value = g.reduceSum(g.tanh(g.gemm(x, w)), [0, 1]);
    const [dw] = gradientsOf(g, loss, [w]);
    g.phase = 'backward';
    g.output('loss', loss);
    g.output('dw', dw);
    return g;
  };
  const feeds = { x: normals(16, 1), w: normals(16, 2) };
  const results = [];
  for (const scaled of [false, true]) {
    const session = await createSession(lower(build(scaled), 'cpu'), { threads: 1 });
    results.push(await session.run(scaled ? { ...feeds, lossScale: Float32Array.of(1024) } : feeds));
    await session.release();
  }
  expect(results[1].loss).toEqual(results[0].loss);
  expect(Array.from(results[1].dw as Float32Array, (value) => value / 1024)).toEqual([
    ...(results[0].dw as Float32Array),
  ]);
});

test('what a device does not have is refused with what it has', () => {
  expect(() => requirePrecision('bf16', 'webgpu')).toThrow(
    'webgpu has no bf16 products; it has fp32 and fp16.',
  );
  expect(() => requirePrecision('fp16', 'webgpu')).not.toThrow();
  for (const precision of ['fp32', 'bf16', 'fp16'] as const)
    for (const provider of ['cpu', 'cuda'] as const)
      expect(() => requirePrecision(precision, provider)).not.toThrow();
});
