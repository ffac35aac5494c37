import { expect, onTestFinished, test } from 'vitest';
import { answer, answerBatch, createSpeaker } from '../../../main/inference/answer.ts';
import { loadTokenizer } from '../../../main/tokens/tokenizer.ts';
import { openReference, referenceFolder } from '../../helpers/reference-model.ts';

async function opened(name: string) {
  const tokenizer = await loadTokenizer(referenceFolder(name));
  const speaker = await createSpeaker({ model: openReference(name), tokenizer, threads: 1 });
  onTestFinished(() => speaker.release());
  const { ids } = await tokenizer.encodePlain('the cat saw a dog', { addSpecial: true });
  return { speaker, ids };
}

test('the likeliest label is the answer, told at once with its probability', async () => {
  const { speaker, ids } = await opened('bert_classifier');
  const heard: string[] = [];
  const said = await answer(speaker, { promptIds: ids, options: {}, onText: (text) => heard.push(text) });
  expect(['NEGATIVE', 'NEUTRAL', 'POSITIVE']).toContain(said.text);
  expect(heard).toEqual([said.text]);
  expect(said).toMatchObject({ finish: 'stop', newTokens: 1, promptTokens: ids.length });
  const [batched] = await answerBatch(speaker, [ids], {});
  expect(batched).toMatchObject({ text: said.text, stopped: true });
  expect(Math.max(...(batched.probabilities ?? []))).toBeCloseTo(said.tokens[0].probability, 6);
});

test('an encoder that tells masked words says so where there is no mask', async () => {
  const { speaker, ids } = await opened('bert_mlm');
  expect((await answer(speaker, { promptIds: ids, options: {} })).text).toContain('write [MASK]');
});

test('an answer that was cancelled is empty', async () => {
  const { speaker, ids } = await opened('bert_classifier');
  const said = await answer(speaker, { promptIds: ids, options: {}, signal: AbortSignal.abort() });
  expect(said).toMatchObject({ text: '', finish: 'cancelled', newTokens: 0, tokens: [] });
});
