// Ops that move numbers: views, permutations, repeats, parts and rows by index.
import type { Op } from '../../../../main/compiler/op.ts';
import type { OpCase } from './case.ts';

const integers = (shape: readonly number[], values: number[], dtype: 'int32' | 'int64' = 'int32') => ({
  shape,
  values,
  dtype,
});

export const layoutCases = {
  reshape: [
    { name: '[2,3,4] to [6,4]', inputs: [{ shape: [2, 3, 4] }], build: (g, [x]) => [g.reshape(x, [6, 4])] },
    {
      name: 'one dimension told',
      inputs: [{ shape: [2, 6] }],
      build: (g, [x]) => [g.reshape(x, [3, -1, 2])],
    },
    { name: 'a scalar to [1,1]', inputs: [{ shape: [] }], build: (g, [x]) => [g.reshape(x, [1, 1])] },
  ],
  transpose: [
    { name: 'a matrix', inputs: [{ shape: [3, 5] }], build: (g, [x]) => [g.transpose(x, [1, 0])] },
    { name: 'heads', inputs: [{ shape: [2, 3, 2, 4] }], build: (g, [x]) => [g.transpose(x, [0, 2, 1, 3])] },
    {
      name: 'a cycle of axes',
      inputs: [{ shape: [2, 3, 4] }],
      build: (g, [x]) => [g.transpose(x, [2, 0, 1])],
    },
    {
      name: 'five axes',
      inputs: [{ shape: [2, 1, 3, 2, 2] }],
      build: (g, [x]) => [g.transpose(x, [0, 2, 3, 1, 4])],
    },
  ],
  expand: [
    { name: 'a scalar', inputs: [{ shape: [] }], build: (g, [x]) => [g.expand(x, [3, 2])] },
    {
      name: 'leading and inner axes',
      inputs: [{ shape: [3, 1] }],
      build: (g, [x]) => [g.expand(x, [2, 3, 4])],
    },
  ],
  slice: [
    { name: 'the start', inputs: [{ shape: [5, 3] }], build: (g, [x]) => [g.slice(x, 0, 0, 2)] },
    {
      name: 'the middle of the last axis',
      inputs: [{ shape: [2, 7] }],
      build: (g, [x]) => [g.slice(x, 1, 2, 5)],
    },
    {
      name: 'the end of an inner axis',
      inputs: [{ shape: [2, 4, 3] }],
      build: (g, [x]) => [g.slice(x, 1, 3, 4)],
    },
  ],
  concat: [
    {
      name: 'rows',
      inputs: [{ shape: [2, 3] }, { shape: [1, 3] }, { shape: [4, 3] }],
      build: (g, x) => [g.concat(x, 0)],
    },
    {
      name: 'an inner axis',
      inputs: [{ shape: [2, 1, 3] }, { shape: [2, 2, 3] }],
      build: (g, x) => [g.concat(x, 1)],
    },
    { name: 'the same value twice', inputs: [{ shape: [2, 2] }], build: (g, [x]) => [g.concat([x, x], 1)] },
  ],
  split: [
    {
      name: 'columns of unequal width',
      inputs: [{ shape: [3, 6] }],
      build: (g, [x]) => g.split(x, 1, [1, 3, 2]),
    },
    {
      name: 'only one part is used',
      inputs: [{ shape: [4, 2] }],
      build: (g, [x]) => [g.split(x, 0, [1, 3])[1]],
    },
  ],
  gather: [
    {
      name: 'repeated rows of a matrix',
      inputs: [{ shape: [4, 3] }, integers([5], [2, 0, 2, 3, 2])],
      build: (g, [table, rows]) => [g.gather(table, rows)],
    },
    {
      name: 'a matrix of int64 indices',
      inputs: [{ shape: [5, 2] }, integers([2, 3], [4, 0, 1, 1, 1, 4], 'int64')],
      build: (g, [table, rows]) => [g.gather(table, rows)],
    },
    {
      name: 'numbers of a vector',
      inputs: [{ shape: [4] }, integers([3], [3, 3, 0])],
      build: (g, [table, rows]) => [g.gather(table, rows)],
    },
  ],
  scatterAdd: [
    {
      name: 'equal indices add up, the rest stays 0',
      inputs: [integers([4], [1, 4, 1, 1]), { shape: [4, 3] }],
      build: (g, [rows, updates]) => [g.scatterAdd(rows, updates, 6)],
    },
    {
      name: 'int64 indices',
      inputs: [integers([2], [0, 2], 'int64'), { shape: [2, 2] }],
      build: (g, [rows, updates]) => [g.scatterAdd(rows, updates, 3)],
    },
    {
      name: 'numbers into a vector',
      inputs: [integers([3], [2, 2, 0]), { shape: [3] }],
      build: (g, [rows, updates]) => [g.scatterAdd(rows, updates, 3)],
    },
  ],
} satisfies Partial<Record<Op, OpCase[]>>;
