import { expect, onTestFinished, test } from 'vitest';
import { answer, answerBatch, createSpeaker, type Speaker } from '../../../main/inference/answer.ts';
import { typedPrompt } from '../../../main/inference/prompt.ts';
import { openModel } from '../../../main/models/load.ts';
import { loadTokenizer } from '../../../main/tokens/tokenizer.ts';
import { llamaFolder } from '../../helpers/tiny-model.ts';

async function speakerOf(): Promise<Speaker> {
  const model = openModel(llamaFolder);
  const speaker = await createSpeaker({ model, tokenizer: await loadTokenizer(llamaFolder), threads: 1 });
  onTestFinished(() => speaker.release());
  return speaker;
}

const promptIds = async ({ tokenizer }: Speaker, text = 'What is it?') =>
  (await typedPrompt(tokenizer, text)).ids;

test('what is streamed is the text, piece by piece, and the tokens spell it', async () => {
  const speaker = await speakerOf();
  const pieces: string[] = [];
  const options = { maxNewTokens: 40 };
  const whole = await answer(speaker, {
    promptIds: await promptIds(speaker),
    options,
    onText: (text) => pieces.push(text),
  });
  expect(pieces.length).toBeGreaterThan(1);
  expect(pieces.join('')).toBe(whole.text);
  expect(whole.tokens.map(({ text }) => text).join('')).toBe(whole.text);
  expect(whole.tokens).toHaveLength(whole.newTokens);
  for (const { probability } of whole.tokens) {
    expect(probability).toBeGreaterThan(0);
    expect(probability).toBeLessThanOrEqual(1);
  }
  expect(whole.promptTokens).toBe((await promptIds(speaker)).length);
});

test('of a stop string not one character gets out, wherever it lies in the text', async () => {
  const speaker = await speakerOf();
  const ids = await promptIds(speaker);
  const { text } = await answer(speaker, { promptIds: ids, options: { maxNewTokens: 24 } });
  for (const [start, length] of [
    [3, 2],
    [5, 7],
    [8, 5],
  ]) {
    const stop = text.slice(start, start + length);
    const pieces: string[] = [];
    const options = { maxNewTokens: 24, stop: [stop] };
    const cut = await answer(speaker, { promptIds: ids, options, onText: (piece) => pieces.push(piece) });
    expect(cut.text).toBe(text.slice(0, text.indexOf(stop)));
    expect(pieces.join('')).toBe(cut.text);
    expect(cut.tokens.map((token) => token.text).join('')).toBe(cut.text);
    expect(cut.finish).toBe('stop');
  }
});

test('answers of a batch are the streamed ones, collected, with stop strings cut too', async () => {
  const speaker = await speakerOf();
  const prompts = [await promptIds(speaker), await promptIds(speaker, 'Another one?')];
  const [first] = await answerBatch(speaker, prompts, { maxNewTokens: 20 });
  const alone = await answer(speaker, { promptIds: prompts[0], options: { maxNewTokens: 20 } });
  expect(first).toEqual({ text: alone.text, stopped: alone.finish === 'stop', newTokens: alone.newTokens });
  const stop = alone.text.slice(2, 5);
  const [cut] = await answerBatch(speaker, prompts, { maxNewTokens: 20, stop: [stop] });
  expect(cut.text).toBe(alone.text.slice(0, alone.text.indexOf(stop)));
  expect(cut.stopped).toBe(true);
});

test('an answer that is cancelled keeps its text so far', async () => {
  const speaker = await speakerOf();
  const abort = new AbortController();
  const cancelled = await answer(speaker, {
    promptIds: await promptIds(speaker),
    options: { maxNewTokens: 200 },
    signal: abort.signal,
    onText: () => abort.abort(),
  });
  expect(cancelled.finish).toBe('cancelled');
  expect(cancelled.text).not.toBe('');
  expect(cancelled.newTokens).toBeLessThan(20);
});
