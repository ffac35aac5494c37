// Rotary embedding: frequencies and tables of every scaling against transformers, and the rotation itself.
import { expect, test } from 'vitest';
import { Graph } from '../../../../main/compiler/graph.ts';
import {
  inverseFrequencies,
  placedTables,
  ropeTypes,
  rotaryTables,
} from '../../../../main/models/blocks/rotary.ts';
import { differencesOf } from '../../../helpers/gradients.ts';
import { storedRotary } from '../../../helpers/operators.ts';

const stored = storedRotary();

test('every scaling that a model may ask for has a reference', () => {
  expect(new Set(stored.map(({ scaling }) => scaling.rope_type))).toEqual(new Set(Object.keys(ropeTypes)));
});

test.each(stored)('$what: frequencies and tables as in transformers', (one) => {
  const settings = {
    theta: one.theta,
    scaling: one.scaling,
    maxPositionEmbeddings: one.max_position_embeddings,
    partial: one.partial,
  };
  const { frequencies, factor } = inverseFrequencies(one.head_dim, settings, one.positions);
  expect(factor).toBeCloseTo(one.factor, 7);
  expect(frequencies).toHaveLength(one.inverse_frequencies.length);
  frequencies.forEach((frequency, i) => {
    expect(Math.abs(frequency / one.inverse_frequencies[i] - 1)).toBeLessThan(3e-7); // two float32 roundings
  });
  const { cos, sin } = rotaryTables(new Graph(), one.head_dim, settings, one.positions);
  for (const [table, last] of [
    [cos, one.cos_last],
    [sin, one.sin_last],
  ] as const) {
    const data = (table.source as { data: Float32Array }).data.slice(-last.length);
    data.forEach((value, i) => {
      expect(Math.abs(value - last[i])).toBeLessThan(3e-5); // float32 angles up to 300
    });
  }
});

test.each(stored)('$what: the rotation is equal to finite differences', async (one) => {
  const headDim = Math.floor(one.head_dim * one.partial);
  const settings = {
    theta: one.theta,
    scaling: one.scaling,
    maxPositionEmbeddings: one.max_position_embeddings,
    partial: one.partial,
  };
  const worst = await differencesOf(
    (g, [x, positions]) => {
      const { cos, sin } = rotaryTables(g, one.head_dim, settings, 8);
      return [g.rotary(x, positions, cos, sin)];
    },
    [{ shape: [1, 3, 2 * headDim] }, { shape: [1, 3], values: [0, 7, 4], dtype: 'int64' }],
    { samples: 6 },
  );
  expect(worst.forward).toBeLessThan(1e-6);
  expect(worst.gradient).toBeLessThan(1e-6);
});

test('tables of single places are rows of the tables of a whole text', () => {
  const factors = { short_factor: [1, 2], long_factor: [3, 4] };
  const scaling = { rope_type: 'longrope', original_max_position_embeddings: 6, ...factors };
  const settings = { theta: 100, scaling, maxPositionEmbeddings: 12 };
  const [positions, lengths] = [Int32Array.of(5, 0, 5), Int32Array.of(6, 6, 7)];
  const tables = placedTables(4, settings, positions, lengths);
  const rowOf = (which: 'cos' | 'sin', position: number, length: number) => {
    const { source } = rotaryTables(new Graph(), 4, settings, length)[which];
    return [...(source as { data: Float32Array }).data.slice(2 * position, 2 * position + 2)];
  };
  const expected = (['cos', 'sin'] as const).flatMap((which) =>
    [...positions].flatMap((position, i) => rowOf(which, position, lengths[i])),
  );
  expect([...tables]).toEqual(expected);
  expect(rowOf('cos', 5, 6)).not.toEqual(rowOf('cos', 5, 7));
});
