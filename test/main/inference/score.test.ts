import { expect, onTestFinished, test } from 'vitest';
import { createScorer } from '../../../main/inference/score.ts';
import { openTuned } from '../../../main/inference/weights.ts';
import { openModel } from '../../../main/models/load.ts';
import { loadTokenizer } from '../../../main/tokens/tokenizer.ts';
import { encodeRecords, type TrainingRecord } from '../../../main/training/data.ts';
import { adapterFolder, adapterTrainer, completion, llamaFolder, record } from '../../helpers/tiny-model.ts';

async function encoded(count: number): Promise<TrainingRecord[]> {
  const tokenizer = await loadTokenizer(llamaFolder);
  const texts = Array.from({ length: count }, (_, i) =>
    completion(`Question ${i}: `, 'word '.repeat(1 + ((i * 5) % 17))),
  );
  return (
    await encodeRecords(
      tokenizer,
      texts.map((content, i) => record(`${i}`, 'test', content)),
      256,
    )
  ).records;
}

test('the loss of a record does not depend on the records beside it', async () => {
  const records = await encoded(9);
  const scorer = await createScorer(openTuned(openModel(llamaFolder), null), 1, 0);
  onTestFinished(() => scorer.release());
  const together = await scorer.losses(records);
  for (const [i, one] of records.entries()) {
    const [alone] = await scorer.losses([one]);
    expect(together[i].tokens).toBe(one.labels);
    expect(alone.tokens).toBe(one.labels);
    expect(Math.abs(alone.sum - together[i].sum)).toBeLessThan(1e-3);
  }
});

test('losses of an adapter are those of its trainer', async () => {
  const trainer = await adapterTrainer();
  const [one] = await encoded(1);
  const scorer = await createScorer(
    openTuned(openModel(llamaFolder), { kind: 'adapter', folder: adapterFolder }),
    1,
    0,
  );
  onTestFinished(() => scorer.release());
  const [{ sum }] = await scorer.losses([one]);
  const width = one.ids.length;
  const places = Array.from(one.trained.keys()).filter((i) => i > 0 && one.trained[i] === 1);
  const losses = await trainer.losses({
    rows: 1,
    width,
    inputIds: one.ids,
    positionIds: one.ids.map((_, i) => i),
    labelRows: Int32Array.from(places, (i) => i - 1),
    labels: Int32Array.from(places, (i) => one.ids[i]),
    weights: new Float32Array(places.length).fill(1),
  });
  expect(Math.abs(losses.reduce((total, loss) => total + loss, 0) - sum)).toBeLessThan(1e-3);
});
