// The pass as it is played: what lives when, which memory is shared, and where blocks lie.
import { expect, test } from 'vitest';
import { Graph } from '../../../main/compiler/graph.ts';
import { schedule } from '../../../main/compiler/rewrite.ts';
import { footprintOf } from '../../../main/training/footprint.ts';

const footprint = (g: Graph) => footprintOf(g, schedule(g));

test('a chain of steps holds at most the value that is read and the one that is made', () => {
  const g = new Graph();
  let x = g.matmul(g.input('x', [10, 10]), g.input('w', [10, 10])); // 400 bytes
  for (let i = 0; i < 5; i++) x = g.matmul(x, g.input(`w${i}`, [10, 10]));
  g.output('y', x);
  expect(footprint(g).liveBytes).toBe(800);
});

test('what is needed later stays alive, a reshape takes nothing, elementwise steps reuse inputs', () => {
  const g = new Graph();
  const kept = g.matmul(g.input('x', [10, 10]), g.input('w', [10, 10]));
  const flat = g.reshape(kept, [100]); // the same memory
  const a = g.exp(flat); // 400 more: `kept` is read again below
  const b = g.tanh(a); // in the memory of a
  g.output('y', g.add(b, flat));
  const { liveBytes, live } = footprint(g);
  expect(liveBytes).toBe(800);
  expect(live).toContain(kept);
});

test('a dead block of the same shape is taken over, and so is not free for others in between', () => {
  const shapes = (first: number[], last: number[]) => {
    const g = new Graph();
    const input = (name: string, [rows, columns]: number[]) =>
      g.matmul(g.input(name, [rows, 4]), g.input(`${name}w`, [4, columns]));
    const a = g.reduceSum(input('a', first), [0, 1]); // 4,000 bytes that die here
    const b = g.add(g.reduceSum(input('b', [100, 10]), [0, 1]), a); // 4,000 bytes of another shape
    const c = g.add(g.reduceSum(input('c', last), [0, 1]), b);
    g.output('y', c);
    return footprint(g).liveBytes;
  };
  expect(shapes([10, 100], [10, 100])).toBeGreaterThan(8000); // kept from a to c
  expect(shapes([10, 100], [100, 10])).toBeLessThan(4100);
});

test('gaps between live values count', () => {
  const g = new Graph();
  const make = (name: string, rows: number) =>
    g.matmul(g.input(name, [rows, 4]), g.input(`${name}w`, [4, 64]));
  const small = make('a', 64);
  const between = make('b', 8);
  const sum = g.reduceSum(small, [0, 1]); // frees the first 16 kB, too few for what follows
  const large = g.reduceSum(g.add(make('c', 128), sum), [0, 1]);
  g.output('y', g.add(g.add(large, g.reduceSum(between, [0, 1])), sum));
  const { peakBytes, liveBytes } = footprint(g);
  expect(peakBytes).toBeGreaterThanOrEqual(liveBytes);
});

test('a product that is added to a matrix of many rows takes its memory, of few rows it does not', () => {
  const live = (rows: number) => {
    const g = new Graph();
    const c = g.matmul(g.input('x', [rows, 4]), g.input('w', [4, 100]));
    const sum = g.gemm(g.input('a', [rows, 8]), g.input('b', [8, 100]), { c });
    g.output('y', g.reduceSum(sum, [0, 1]));
    return footprint(g).liveBytes;
  };
  expect(live(64)).toBe(64 * 400);
  expect(live(16)).toBe(2 * 16 * 400);
});
