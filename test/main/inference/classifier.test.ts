// Probabilities of labels: what a batch changes, and what PyTorch computed.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createClassifier } from '../../../main/inference/classifier.ts';
import { openReference, referenceFolder } from '../../helpers/reference-model.ts';

const stored = JSON.parse(
  readFileSync(join(referenceFolder('bert_classifier'), 'reference.json'), 'utf8'),
) as {
  batches: { input_ids: number[][]; attention_mask: number[][]; predictions: number[] }[];
};

function opened() {
  const classifier = createClassifier({ model: openReference('bert_classifier'), threads: 1 });
  onTestFinished(() => classifier.release());
  return classifier;
}

const texts = stored.batches.flatMap(({ input_ids: ids, attention_mask: mask }) =>
  ids.map((row, r) => row.filter((_, place) => mask[r][place] === 1)),
);

test('probabilities add up to 1, and the likeliest label is the one of the reference', async () => {
  const all = await opened().probabilities(texts);
  for (const own of all) expect(own.reduce((sum, one) => sum + one, 0)).toBeCloseTo(1, 9);
  const chosen = all.map((own) => own.indexOf(Math.max(...own)));
  expect(chosen).toEqual(stored.batches.flatMap(({ predictions }) => predictions));
});

test('a text alone has the probabilities that it has among others', async () => {
  const classifier = opened();
  const many = await classifier.probabilities([...texts, ...texts, ...texts, ...texts, ...texts, ...texts]);
  const [alone] = await classifier.probabilities([texts[1]]);
  for (const [label, probability] of alone.entries()) expect(many[1][label]).toBeCloseTo(probability, 5);
});

test('what was cancelled has no probabilities', async () => {
  const [none] = await opened().probabilities([texts[0]], AbortSignal.abort());
  expect(none).toHaveLength(0);
});
