import { expect, test } from 'vitest';
import { compareParity, parityTexts } from '../../../main/exporters/parity.ts';
import { openTuned } from '../../../main/inference/weights.ts';
import { openModel } from '../../../main/models/load.ts';
import { loadTokenizer } from '../../../main/tokens/tokenizer.ts';
import { adapterFolder, llamaFolder } from '../../helpers/tiny-model.ts';

const adapter = { kind: 'adapter', folder: adapterFolder } as const;

test('the fixed texts are cut to what the model sees', async () => {
  const tokenizer = await loadTokenizer(llamaFolder);
  const ids = await parityTexts(tokenizer, 16);
  expect(ids).toHaveLength(4);
  for (const text of ids) expect(text).toHaveLength(16);
});

test('a difference beyond rounding is told in numbers', async () => {
  const base = openModel(llamaFolder);
  const live = openTuned(base, adapter);
  const written = openTuned(base, adapter);
  const page = written.weights!.parameters.arrays[0];
  for (let i = 0; i < page.length; i++) page[i] *= 1.5;
  const parity = await compareParity(live, written, llamaFolder, 'float32');
  expect(parity.same).toBe(false);
  expect(parity.sentence).toMatch(
    /^Differs: \d+ of \d+ next tokens are others, and logits differ by up to [\d.]+ \(float32\)\.$/,
  );
  expect(parity.maxLogitDifference).toBeGreaterThan(0.01);
});

test('weights that are not numbers never count as the same', async () => {
  const base = openModel(llamaFolder);
  const live = openTuned(base, null);
  const written = openTuned(base, adapter);
  written.weights!.parameters.arrays[0].fill(Number.NaN);
  const parity = await compareParity(live, written, llamaFolder, 'bfloat16');
  expect(parity.same).toBe(false);
  expect(Number.isFinite(parity.maxLogitDifference)).toBe(true); // it is stored as JSON
});
