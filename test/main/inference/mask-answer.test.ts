import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { answer, answerBatch } from '../../../main/inference/answer.ts';
import { createMaskSpeaker } from '../../../main/inference/mask-answer.ts';
import { promptsFor } from '../../../main/inference/prompts.ts';
import { readHeader, readTensor, type TensorInfo } from '../../../main/models/safetensors.ts';
import { loadTokenizer } from '../../../main/tokens/tokenizer.ts';
import { openReference, referenceFolder } from '../../helpers/reference-model.ts';

async function opened() {
  const tokenizer = await loadTokenizer(referenceFolder('bert_mlm'));
  const model = openReference('bert_mlm');
  const speaker = createMaskSpeaker({ model, tokenizer, threads: 1 });
  onTestFinished(() => speaker.release());
  const ask = promptsFor(model, tokenizer);
  return { speaker, ask, tokenizer };
}

test('each mask of a typed text gets its likeliest word, with its probability', async () => {
  const { speaker, ask } = await opened();
  const { ids } = await ask.ofText('the [MASK] saw a [MASK]');
  const said = await answer(speaker, { promptIds: ids, options: {} });
  expect(said.newTokens).toBe(2);
  expect(said.tokens.map(({ text }) => text).join('')).toBe(said.text);
  const places = [...ids.keys()].filter((place) => ids[place] === 4 || ids[place] === ids[2]);
  const all = await speaker.probabilities(ids, places.slice(0, 1));
  expect(all[0].reduce((sum, one) => sum + one, 0)).toBeCloseTo(1, 6);
  expect(Math.max(...all[0])).toBeCloseTo(said.tokens[0].probability, 5);
  const [batched] = await answerBatch(speaker, [ids], {});
  expect(batched).toMatchObject({ text: said.text, stopped: true, newTokens: 2 });
});

test('probabilities are those of the logits that PyTorch computed', async () => {
  const { speaker } = await opened();
  const folder = referenceFolder('bert_mlm');
  const stored = JSON.parse(readFileSync(join(folder, 'reference.json'), 'utf8')) as {
    batches: { input_ids: number[][]; attention_mask: number[][] }[];
  };
  const [{ input_ids: rows, attention_mask: mask }] = stored.batches;
  const ids = rows[0].filter((_, place) => mask[0][place] === 1);
  const info = readHeader(join(folder, 'reference.safetensors')).get('batch.0.logits') as TensorInfo;
  const outputs = info.shape.at(-1) as number;
  const logits = readTensor(info);
  const [found] = await speaker.probabilities(ids, [2]);
  const expected = logits.subarray(2 * outputs, 3 * outputs);
  const sum = expected.reduce((total, logit) => total + Math.exp(logit), 0);
  for (const [id, logit] of expected.entries()) expect(found[id]).toBeCloseTo(Math.exp(logit) / sum, 5);
});

test('records ask nothing: they are only scored', async () => {
  const { ask } = await opened();
  expect(await ask.ofRecord({ type: 'completion', prompt: 'a', completion: 'b' })).toBeUndefined();
});
