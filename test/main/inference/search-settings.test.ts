// Beams as the user sets them: for encoder-decoders, and never together with drawing by chance.
import { expect, onTestFinished, test } from 'vitest';
import { answer, answerBatch, createSpeaker } from '../../../main/inference/answer.ts';
import { searchOf } from '../../../main/inference/search-settings.ts';
import { createTargetWriter } from '../../../main/inference/targets.ts';
import { loadTokenizer } from '../../../main/tokens/tokenizer.ts';
import { openReference, referenceFolder } from '../../helpers/reference-model.ts';

const t5 = { name: 'T', task: 'seq2seq' } as const;

test('one beam is no search, whatever else is set', () => {
  expect(searchOf({ name: 'L', task: 'causal' }, { temperature: 1, lengthPenalty: 2 })).toBeUndefined();
  expect(searchOf(t5, { beams: 1, temperature: 1 })).toBeUndefined();
  expect(searchOf(t5, { beams: 4, lengthPenalty: 0.6, temperature: 0 })).toEqual({
    beams: 4,
    lengthPenalty: 0.6,
  });
});

test('what does not search says so, and so do beams with chance or a penalty', () => {
  expect(() => searchOf({ name: 'L', task: 'causal' }, { beams: 4 })).toThrow('"L" does not search: 4 beams');
  expect(() => searchOf({ name: 'B', task: 'encoder' }, { beams: 4 })).toThrow('encoder-decoders such as T5');
  expect(() => searchOf(t5, { beams: 4, temperature: 0.7 })).toThrow('a temperature of 0.7');
  expect(() => searchOf(t5, { beams: 4, repetitionPenalty: 1.3 })).toThrow('without a repetition penalty');
});

async function speakerOf(name: string) {
  const tokenizer = await loadTokenizer(referenceFolder(name));
  const speaker = await createSpeaker({ model: openReference(name), tokenizer, threads: 1 });
  onTestFinished(() => speaker.release());
  return speaker;
}

test('an answer with beams is the one that the search finds, alone and among others', async () => {
  const speaker = await speakerOf('t5_v1_1');
  const promptIds = [22, 54, 7, 57, 56, 28, 15, 14, 53, 2, 284, 7, 1];
  const options = { beams: 4, lengthPenalty: 0.5, maxNewTokens: 6 };
  const found = await answer(speaker, { promptIds, options });
  const writer = createTargetWriter({ model: speaker.model, threads: 1 });
  onTestFinished(() => writer.release());
  const [target] = await writer.write([{ ids: promptIds }], {
    eosIds: [1],
    maxNewTokens: 6,
    search: { beams: 4, lengthPenalty: 0.5 },
  });
  expect(found.newTokens).toBe(target.ids.length);
  expect(found.tokens.map(({ text }) => text).join('')).toBe(found.text);
  const greedy = await answer(speaker, { promptIds, options: { maxNewTokens: 6 } });
  expect(found.text).not.toBe(greedy.text);
  const [, again] = await answerBatch(speaker, [[22, 23, 8, 4, 63, 53, 1], promptIds], options);
  expect(again.text).toBe(found.text);
});

test('a decoder that is asked for beams refuses with a sentence', async () => {
  const speaker = await speakerOf('llama');
  const asked = { promptIds: [1, 2], options: { beams: 3, maxNewTokens: 2 } };
  await expect(answer(speaker, asked)).rejects.toThrow('does not search: 3 beams');
});
