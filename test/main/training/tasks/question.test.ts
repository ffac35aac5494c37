import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Message } from '../../../../main/contract/datasets.ts';
import { loadTokenizer } from '../../../../main/tokens/tokenizer.ts';
import { encodeSources, questionOf } from '../../../../main/training/tasks/question.ts';

const reference = join(import.meta.dirname, '../../../reference');

test('the text is all that the user says before the last answer, without the system message', () => {
  const messages: Message[] = [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'One.' },
    { role: 'assistant', content: 'Yes?' },
    { role: 'user', content: 'Two.' },
    { role: 'assistant', content: ' three ' },
  ];
  expect(questionOf({ type: 'chat', messages })).toEqual({ text: 'One.\nTwo.', answer: 'three' });
});

test('records without an answer ask nothing', () => {
  expect(questionOf({ type: 'text', text: 'a', complete: true })).toBeUndefined();
  expect(questionOf({ type: 'chat', messages: [{ role: 'user', content: 'One.' }] })).toBeUndefined();
});

test('a text that is cut keeps the framing of its tokenizer', async () => {
  const tokenizer = await loadTokenizer(join(reference, 'bert_classifier'));
  const text = 'the cat saw a little dog and ran home';
  const [whole] = await encodeSources(tokenizer, [text], 512);
  const [cut] = await encodeSources(tokenizer, [text], 6);
  expect(cut).toMatchObject({ length: whole.ids.length });
  expect([...cut.ids]).toEqual([...whole.ids.slice(0, 5), tokenizer.idOf('[SEP]')]);
});

test('what a text says is never a control token', async () => {
  const tokenizer = await loadTokenizer(join(reference, 'bert_classifier'));
  const [{ ids }] = await encodeSources(tokenizer, ['a [SEP] b'], 512);
  expect([...ids].filter((id) => id === tokenizer.idOf('[SEP]'))).toHaveLength(1);
});
