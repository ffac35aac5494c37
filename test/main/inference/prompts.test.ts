import { expect, test } from 'vitest';
import type { Message } from '../../../main/contract/datasets.ts';
import { promptOf } from '../../../main/inference/prompt.ts';
import { textOf } from '../../../main/inference/prompt-text.ts';
import { promptsFor } from '../../../main/inference/prompts.ts';
import { openModel } from '../../../main/models/load.ts';
import { withNewHead } from '../../../main/models/new-head.ts';
import { loadTokenizer } from '../../../main/tokens/tokenizer.ts';
import { referenceFolder } from '../../helpers/reference-model.ts';
import { conversation } from '../../helpers/tiny-model.ts';

async function opened(name: string) {
  const folder = referenceFolder(name);
  const tokenizer = await loadTokenizer(folder);
  return { tokenizer, prompts: promptsFor(openModel(folder), tokenizer) };
}

const messages: Message[] = [
  { role: 'system', content: 'Be brief.' },
  { role: 'user', content: 'the cat' },
  { role: 'assistant', content: 'yes' },
  { role: 'user', content: 'the dog' },
];

test('a decoder is asked as before', async () => {
  const { tokenizer, prompts } = await opened('llama');
  const content = conversation('How much is it?', 'Seven.');
  expect(await prompts.ofRecord(content)).toEqual(await promptOf(tokenizer, content));
  expect(prompts.sharesContext).toBe(true);
});

test('an encoder that labels words is asked the text, and should repeat it with marks', async () => {
  const base = openModel(referenceFolder('bert_mlm'));
  const tokenizer = await loadTokenizer(referenceFolder('bert_mlm'));
  const head = { objective: 'token-classification', labels: ['O', 'B-A', 'I-A'] } as const;
  const prompts = promptsFor(withNewHead(base, head, null, 1), tokenizer);
  const { ids } = await tokenizer.encode('The dog', { addSpecial: true });
  const expected = { ids, text: 'The dog', reference: 'The [dog](A)' };
  const tagged = { type: 'labelled', text: '["The", "dog"]', label: '["O", "B-A"]' } as const;
  for (const content of [conversation('The dog', 'The [dog](A)'), tagged]) {
    const prompt = await prompts.ofRecord(content);
    expect(prompt).toEqual(expected);
    expect(textOf(prompt?.ids ?? [])).toBe('The dog');
  }
  expect(await prompts.ofRecord(conversation('The dog', 'no'))).toMatchObject({ reference: 'no' });
});

test.each(['bert_classifier', 't5'])('%s is asked the framed text alone', async (name) => {
  const { tokenizer, prompts } = await opened(name);
  const { ids } = await tokenizer.encode('the dog', { addSpecial: true });
  expect(await prompts.ofText('the dog')).toEqual({ ids, text: 'the dog', reference: null });
  expect(await prompts.ofRecord(conversation('the dog', ' no '))).toEqual({
    ids,
    text: 'the dog',
    reference: 'no',
  });
  expect(await prompts.ofMessages(messages)).toEqual(ids);
  expect(await prompts.ofRecord({ type: 'text', text: 'a', complete: true })).toBeUndefined();
});
