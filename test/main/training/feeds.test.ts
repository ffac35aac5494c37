// What a program takes of a batch, and the inputs that are computed from its positions.
import { expect, test } from 'vitest';
import { Graph } from '../../../main/compiler/graph.ts';
import { lower } from '../../../main/compiler/lowering.ts';
import { openModel } from '../../../main/models/load.ts';
import { declaredFeeds } from '../../../main/training/feeds.ts';
import { lossesInParts } from '../../../main/training/loss-in-parts.ts';
import { readStored, type StoredModel, toBatch } from '../../conformance/reference.ts';
import { referenceFolder } from '../../helpers/reference-model.ts';

test('inputs that follow from positions are computed with the length of the longest text of the batch', () => {
  const g = new Graph();
  const table = g.input('table', [4]);
  g.derived.set('table', (positions, lengths) => Float32Array.from(positions, (p, i) => 10 * lengths[i] + p));
  g.derived.set('unread', () => new Float32Array(1));
  g.output('y', g.add(table, g.input('x', [4])));
  const x = Float32Array.of(1, 2, 3, 4);
  const feeds = declaredFeeds(lower(g, 'cpu'), { x, positions: Int32Array.of(0, 6, 1, 0) });
  expect(feeds).toEqual({ x, table: Float32Array.of(70, 76, 71, 70) });
});

test.each(['phi3_outgrown', 'llama_dynamic_far'])(
  '%s: a model that runs in parts gets them too',
  async (name) => {
    const folder = referenceFolder(`decoders/${name}`);
    const [batch] = readStored<StoredModel>(folder).batches;
    const losses = await lossesInParts(openModel(folder), toBatch(batch), { threads: 1, weightBytes: 4000 });
    const mean = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
    expect(Math.abs(mean - Number(batch.loss))).toBeLessThan(1e-5);
  },
);
