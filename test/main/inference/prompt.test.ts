import { expect, test } from 'vitest';
import { conversationPrompt, endIdsOf, promptOf, typedPrompt } from '../../../main/inference/prompt.ts';
import { openModel } from '../../../main/models/load.ts';
import { renderCompletion, renderConversation } from '../../../main/tokens/render.ts';
import { createTokenizer, loadTokenizer } from '../../../main/tokens/tokenizer.ts';
import { readTokenizerFolder } from '../../../main/tokens/tokenizer-file.ts';
import { completion, conversation, llamaFolder } from '../../helpers/tiny-model.ts';

test('the prompt of a conversation is what training puts in front of the answer', async () => {
  const tokenizer = await loadTokenizer(llamaFolder);
  const content = conversation('How much is it?', 'Seven.');
  const prompt = await promptOf(tokenizer, content);
  const messages = content.type === 'chat' ? content.messages : [];
  const trained = await renderConversation(tokenizer, { messages }, { train: 'assistant' });
  expect(prompt?.ids).toEqual(trained.ids.slice(0, prompt?.ids.length));
  expect(trained.trained[prompt!.ids.length]).toBe(1); // the answer begins right behind it
  expect(trained.trained[prompt!.ids.length - 1]).toBe(0);
  expect(prompt).toMatchObject({ text: 'How much is it?', reference: 'Seven.' });
});

test('the prompt of a completion is what training puts in front of it, without an end token', async () => {
  const tokenizer = await loadTokenizer(llamaFolder);
  const prompt = await promptOf(tokenizer, completion('Price: ', 'seven'));
  const trained = await renderCompletion(tokenizer, { prompt: 'Price: ', completion: 'seven' });
  expect(prompt?.ids).toEqual(trained.ids.slice(0, trained.trained.indexOf(1)));
  expect(prompt?.ids).not.toContain(tokenizer.eosId);
});

test('of several turns the last answer is asked for, and the text tells who said what', async () => {
  const tokenizer = await loadTokenizer(llamaFolder);
  const prompt = await promptOf(tokenizer, {
    type: 'chat',
    messages: [
      { role: 'user', content: 'A?' },
      { role: 'assistant', content: 'B.' },
      { role: 'user', content: 'C?' },
      { role: 'assistant', content: 'D.' },
    ],
  });
  expect(prompt).toMatchObject({ text: 'user: A?\nassistant: B.\nuser: C?', reference: 'D.' });
});

test('texts ask nothing', async () => {
  const tokenizer = await loadTokenizer(llamaFolder);
  expect(await promptOf(tokenizer, { type: 'text', text: 'A text.', complete: true })).toBeUndefined();
});

test('a typed line is a question where there is a chat template, else the text itself', async () => {
  const { file, settings } = await readTokenizerFolder(llamaFolder);
  const chat = createTokenizer(file, settings);
  const plain = createTokenizer(file, { ...settings, chatTemplate: undefined });
  expect((await typedPrompt(chat, 'Hello')).ids).toEqual(
    await conversationPrompt(chat, [{ role: 'user', content: 'Hello' }]),
  );
  expect((await typedPrompt(plain, 'Hello')).ids).toEqual(
    (await plain.encodePlain('Hello', { addSpecial: true })).ids,
  );
});

test('the token that the chat template puts behind an answer ends answers too', async () => {
  const model = openModel(llamaFolder);
  const { file, settings } = await readTokenizerFolder(llamaFolder);
  const chatTemplate =
    "{% for m in messages %}{{ m['role'] + ': ' + m['content'] + '<unk>\\n' }}{% endfor %}" +
    "{% if add_generation_prompt %}{{ 'assistant: ' }}{% endif %}";
  const tokenizer = createTokenizer(file, { ...settings, chatTemplate });
  expect(await endIdsOf(model, createTokenizer(file, settings))).toEqual([2]);
  expect((await endIdsOf(model, tokenizer)).sort()).toEqual([2, 3]); // </s> and <unk>
});

test('a template that refuses is an error of the record, with its own sentence', async () => {
  const { file, settings } = await readTokenizerFolder(llamaFolder);
  const tokenizer = createTokenizer(file, {
    ...settings,
    chatTemplate: "{{ raise_exception('Only one turn.') }}",
  });
  await expect(promptOf(tokenizer, conversation('a', 'b'))).rejects.toThrow('Only one turn.');
  expect(await endIdsOf(openModel(llamaFolder), tokenizer)).toEqual([2]);
});
