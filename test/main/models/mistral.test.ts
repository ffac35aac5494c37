// Mistral against PyTorch's numbers, and what its window does.
import { expect, test } from 'vitest';
import { readStored, type StoredModel, toBatch } from '../../conformance/reference.ts';
import { logitsOf } from '../../conformance/training.ts';
import { openReference, referenceFolder, wrongIn } from '../../helpers/reference-model.ts';

test('logits, losses and gradients are those of transformers', async () => {
  expect(await wrongIn('mistral')).toEqual([]);
});

test('a token that no layer can reach through its window does not change a prediction', async () => {
  const model = openReference('mistral'); // two layers, each of which sees 8 tokens: 14 back at most
  const [, , full] = readStored<StoredModel>(referenceFolder('mistral')).batches;
  const batch = toBatch(full);
  const changed = { ...batch, inputIds: batch.inputIds.with(0, (batch.inputIds[0] + 1) % 512) };
  const [before, after] = [await logitsOf(model, 'cpu', batch), await logitsOf(model, 'cpu', changed)];
  const row = (logits: Float32Array, place: number) => logits.slice(place * 512, (place + 1) * 512);
  expect(batch.width).toBeGreaterThan(15);
  expect(row(after, 15)).toEqual(row(before, 15));
  expect(row(after, 14)).not.toEqual(row(before, 14));
});
