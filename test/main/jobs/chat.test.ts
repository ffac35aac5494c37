import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { ChatAnswer } from '../../../main/contract/chat.ts';
import { chat } from '../../../main/jobs/chat.ts';
import {
  adapterFolder,
  interactive,
  llamaFolder,
  scratchModel,
  temporaryFolder,
} from '../../helpers/tiny-model.ts';

const options = { maxNewTokens: 24, temperature: 0 };
const question = [{ role: 'user', content: 'What is it?' }];

async function openChat(columns: { id: string; tuned: { kind: 'adapter'; folder: string } | null }[]) {
  const input = { modelFolder: llamaFolder, columns, threads: 1 };
  const opened = await interactive<'chat'>((context) => chat.run(input, context));
  onTestFinished(() => opened.stop());
  return opened;
}

test('base and tuned answer side by side, and the streamed text is the answer', async () => {
  const { ask, collected } = await openChat([
    { id: 'base', tuned: null },
    { id: 'run', tuned: { kind: 'adapter', folder: adapterFolder } },
  ]);
  const answers: ChatAnswer[] = await ask('send', {
    conversations: { base: question, run: question },
    options,
  });
  expect(answers.map(({ columnId }) => columnId)).toEqual(['base', 'run']);
  expect(answers[0].text).not.toBe(answers[1].text);
  const deltas = collected.events.map(
    ({ payload }) => payload as { askId: number; columnId: string; text: string },
  );
  for (const { columnId, text } of answers) {
    const own = deltas.filter((delta) => delta.columnId === columnId);
    expect(own.map((delta) => delta.text).join('')).toBe(text);
    expect(own.every(({ askId }) => askId === 1)).toBe(true);
  }
  const order = deltas.map(({ columnId }) => columnId).join(' ');
  expect(order).toContain('base run base'); // interleaved, not one after the other
  expect(answers[0]).toMatchObject({
    newTokens: 24,
    finish: 'length',
    promptTokens: answers[1].promptTokens,
  });
});

test('a run that was trained over a quantized base answers over that base', async () => {
  const cacheFolder = temporaryFolder();
  const tuned = { kind: 'adapter', folder: adapterFolder, quantized: { kind: 'int4', cacheFolder } } as const;
  const { ask } = await openChat([{ id: 'run', tuned }]);
  const [answer]: ChatAnswer[] = await ask('send', { conversations: { run: question }, options });
  expect(answer.newTokens).toBe(24);
  const [made] = readdirSync(cacheFolder);
  expect(readdirSync(join(cacheFolder, made))).toContain('products-2.bin');
});

test('a cancelled question ends with what was written so far', async () => {
  const { ask } = await openChat([{ id: 'base', tuned: null }]);
  const abort = new AbortController();
  setTimeout(() => abort.abort(), 50);
  const [answer]: ChatAnswer[] = await ask(
    'send',
    { conversations: { base: question }, options: { ...options, maxNewTokens: 200 } },
    abort.signal,
  );
  expect(answer.finish).toBe('cancelled');
  expect(answer.newTokens).toBeLessThan(200);
});

test('a conversation longer than the window is refused with both numbers (E07)', async () => {
  const { ask } = await openChat([{ id: 'base', tuned: null }]);
  const long = [{ role: 'user', content: 'word and number 4711. '.repeat(200) }];
  await expect(ask('send', { conversations: { base: long }, options })).rejects.toMatchObject({
    code: 'context-length-exceeded',
    message: expect.stringMatching(
      /^The prompt has \d{4} tokens, but this model sees 256, its answer included\.$/,
    ),
    remedy: 'Shorten the prompt, or start a new conversation.',
  });
  await expect(ask('send', { conversations: { other: question }, options })).rejects.toMatchObject({
    code: 'column-unknown',
  });
  const [after]: ChatAnswer[] = await ask('send', { conversations: { base: question }, options });
  expect(after.newTokens).toBe(24); // the chat goes on
});

test('a folder without a tokenizer ends the job with the reason', async () => {
  const input = { modelFolder: scratchModel(64), columns: [], threads: 1 };
  await expect(interactive<'chat'>((context) => chat.run(input, context))).rejects.toMatchObject({
    code: 'tokenizer-missing',
  });
});
