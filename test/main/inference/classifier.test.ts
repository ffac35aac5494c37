// Outputs of classifiers: what a batch changes, and what PyTorch computed.
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
  const all = await opened().outputs(texts);
  for (const own of all) expect(own.reduce((sum, one) => sum + one, 0)).toBeCloseTo(1, 9);
  const chosen = all.map((own) => own.indexOf(Math.max(...own)));
  expect(chosen).toEqual(stored.batches.flatMap(({ predictions }) => predictions));
});

test('a text alone has the probabilities that it has among others', async () => {
  const classifier = opened();
  const many = await classifier.outputs([...texts, ...texts, ...texts, ...texts, ...texts, ...texts]);
  const [alone] = await classifier.outputs([texts[1]]);
  for (const [label, probability] of alone.entries()) expect(many[1][label]).toBeCloseTo(probability, 5);
});

test('what was cancelled has no probabilities', async () => {
  const [none] = await opened().outputs([texts[0]], AbortSignal.abort());
  expect(none).toHaveLength(0);
});

interface Stored {
  batches: {
    input_ids: number[][];
    attention_mask: number[][];
    token_type_ids?: number[][];
    predictions: (number | number[])[];
  }[];
}

async function outputsOf(name: string) {
  const { batches } = JSON.parse(
    readFileSync(join(referenceFolder(name), 'reference.json'), 'utf8'),
  ) as Stored;
  const types = new Map<number[], Int32Array>();
  const texts = batches.flatMap(({ input_ids: ids, attention_mask: mask, token_type_ids: typeIds }) =>
    ids.map((row, r) => {
      const isReal = (_: number, place: number) => mask[r][place] === 1;
      const text = row.filter(isReal);
      if (typeIds !== undefined) types.set(text, Int32Array.from(typeIds[r].filter(isReal)));
      return text;
    }),
  );
  const typesOf = (ids: ArrayLike<number>) => types.get(ids as number[]);
  const classifier = createClassifier({ model: openReference(name), threads: 1, typesOf });
  onTestFinished(() => classifier.release());
  const outputs = await classifier.outputs(texts);
  return { outputs, predictions: batches.flatMap((batch) => batch.predictions) };
}

test('a regression gives the numbers of the reference, also for pairs with token types', async () => {
  const { outputs, predictions } = await outputsOf('relatives/bert_regression');
  expect(outputs).toHaveLength(4);
  for (const [i, [number]] of outputs.entries()) expect(number).toBeCloseTo(predictions[i] as number, 5);
});

test('several labels have a probability each, and those over one half are the ones of the reference', async () => {
  const { outputs, predictions } = await outputsOf('relatives/roberta_classifier');
  expect(outputs.map((own) => [...own].map((one) => (one > 0.5 ? 1 : 0)))).toEqual(predictions);
});
