import { expect, onTestFinished, test } from 'vitest';
import { chunksOf, createDecoder } from '../../../main/inference/decoder.ts';
import { openModel } from '../../../main/models/load.ts';
import { scratchModel } from '../../helpers/tiny-model.ts';

test('chunks cover a prompt without gaps, with large ones where they are mostly full', () => {
  expect(chunksOf(1)).toEqual([{ start: 0, tokens: 64 }]);
  expect(chunksOf(130).map(({ tokens }) => tokens)).toEqual([64, 64, 64]);
  expect(chunksOf(193).map(({ tokens }) => tokens)).toEqual([256]);
  expect(chunksOf(450)).toEqual([
    { start: 0, tokens: 256 },
    { start: 256, tokens: 256 },
  ]);
  expect(chunksOf(0)).toEqual([]);
});

test('a decoder counts its own seconds only, however many compute at the same time', async () => {
  const model = openModel(scratchModel(256));
  const decoders = [createDecoder({ model, threads: 1 }), createDecoder({ model, threads: 1 })];
  onTestFinished(async () => {
    for (const decoder of decoders) await decoder.release();
  });
  const start = performance.now();
  await Promise.all(decoders.map((decoder) => decoder.prefill(decoder.newCache(1, 128), [1, 2, 3])));
  const wall = (performance.now() - start) / 1000;
  const busy = decoders.map((decoder) => decoder.busySeconds());
  expect(Math.min(...busy)).toBeGreaterThan(0);
  expect(busy[0] + busy[1]).toBeLessThanOrEqual(wall);
});

test('more shapes than sessions are kept still give right answers', async () => {
  const model = openModel(scratchModel(1024));
  const decoder = createDecoder({ model, threads: 1, maxSessions: 1 });
  onTestFinished(() => decoder.release());
  const ids = Array.from({ length: 70 }, (_, i) => i % 60);
  const first = await decoder.prefill(decoder.newCache(1, 128), ids);
  await decoder.prefill(decoder.newCache(1, 256), ids.slice(0, 5));
  const again = await decoder.prefill(decoder.newCache(1, 128), ids);
  expect(again).toEqual(first);
});
