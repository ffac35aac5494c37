import { expect, test } from 'vitest';
import { openModel } from '../../../../main/models/load.ts';
import { loadTokenizer } from '../../../../main/tokens/tokenizer.ts';
import { encodeRecords } from '../../../../main/training/data.ts';
import { taskTypeOf } from '../../../../main/training/tasks/index.ts';
import { batchArrays } from '../../../../main/training/updates.ts';
import { conversation, llamaFolder, record } from '../../../helpers/tiny-model.ts';

test('a decoder learns the answers of rendered conversations, as before it had a name', async () => {
  const model = openModel(llamaFolder);
  const tokenizer = await loadTokenizer(llamaFolder);
  const records = [record('a', 'train', conversation('How much?', 'Seven.'))];
  const causal = taskTypeOf(model);
  expect(causal).toMatchObject({ id: 'CAUSAL_LM', packs: true });
  expect(causal.prepare(model, records, null, 1)).toBe(model);
  const encoded = await causal.encode({ tokenizer, model, records, maxLength: 64 });
  expect(encoded).toEqual(await encodeRecords(tokenizer, records, 64));
  const plan = { rows: [[{ record: 0, start: 0, length: encoded.records[0].ids.length }]], width: 64 };
  const batch = causal.lay(encoded.records, plan, model, 0);
  expect(batch).toEqual(batchArrays(encoded.records, plan, 0));
  expect(causal.placesOf(batch)).toBe(64);
});
