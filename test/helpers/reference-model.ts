// Holds a stored model of test/reference against what PyTorch computed for it: logits, losses and gradients.
import { join } from 'node:path';
import { type Model, openModel } from '../../main/models/load.ts';
import { createTrainer } from '../../main/training/trainer.ts';
import type { Row } from '../conformance/check.ts';
import { largest, Reference, readStored, type StoredModel, toBatch } from '../conformance/reference.ts';
import { gradientRows, logitsOf, plain, withoutPadding } from '../conformance/training.ts';

export const referenceFolder = (name: string) => join(import.meta.dirname, '../reference', name);

export const openReference = (name: string): Model => openModel(referenceFolder(name));

/**
 * What failed: quantities whose difference is beyond the tolerance of test/reference/README.md. Empty = all
 * is equal.
 */
export async function wrongIn(name: string): Promise<string[]> {
  const folder = referenceFolder(name);
  const model = openModel(folder);
  const stored = readStored<StoredModel>(folder);
  const reference = new Reference(folder);
  const wrong: string[] = [];
  for (const [i, batch] of stored.batches.entries()) {
    const logits = await logitsOf(model, 'cpu', toBatch(batch));
    const real = withoutPadding(logits, batch.attention_mask);
    const difference = largest(real, reference.get(`batch.${i}.logits`));
    if (!(difference <= 1e-4)) wrong.push(`logits of batch ${i}: ${difference}`);
  }
  const trainer = await createTrainer({ model, ...plain });
  const expected = { loss: stored.full?.loss_batch_0 as number, reference, prefix: 'full.grad.' };
  const rows: AsyncIterable<Row> = gradientRows(name, trainer, [toBatch(stored.batches[0])], expected);
  for await (const row of rows)
    if (row.status !== 'passed') wrong.push(`${row.quantity}: ${row.difference} ${row.note}`);
  await trainer.release();
  return wrong;
}
