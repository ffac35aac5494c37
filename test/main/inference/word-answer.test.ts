import { expect, test } from 'vitest';
import { textOf, withText } from '../../../main/inference/prompt-text.ts';
import { answerWords, type TaggedWord } from '../../../main/inference/word-answer.ts';
import { loadTokenizer } from '../../../main/tokens/tokenizer.ts';
import { openReference, referenceFolder } from '../../helpers/reference-model.ts';

/** Answers with these tags, whatever the model would say. */
async function answered(text: string, tags: readonly string[], ids?: number[]) {
  const tokenizer = await loadTokenizer(referenceFolder('bert_mlm'));
  const model = openReference('bert_mlm');
  const prompt = ids ?? withText([...(await tokenizer.encodePlain(text, { addSpecial: true })).ids], text);
  const given = async (): Promise<TaggedWord[][]> => [tags.map((tag) => ({ tag, probability: 0.9 }))];
  const [answer] = await answerWords({ model, tokenizer, tags: given }, [prompt]);
  return answer;
}

test('the answer is the text as it was typed, with marks, and its pieces spell it', async () => {
  const text = ' The  Cat saw\nDogs!  ';
  const { text: marked, pieces } = await answered(text, ['B-A', 'I-A', 'O', 'B-B', 'O']);
  expect(marked).toBe(' [The  Cat](A) saw\n[Dogs](B)!  ');
  expect(pieces.map((one) => one.text)).toEqual([' [The', '  Cat](A)', ' saw', '\n[Dogs](B)', '!  ']);
});

test('tags are read as seqeval reads them', async () => {
  expect((await answered('the cat saw dogs', ['O', 'I-A', 'I-A', 'B-A'])).text).toBe(
    'the [cat saw](A) [dogs](A)',
  );
});

test('tokens that come from elsewhere are answered in the words that they spell', async () => {
  const tokenizer = await loadTokenizer(referenceFolder('bert_mlm'));
  const { ids } = await tokenizer.encodePlain('The cat', { addSpecial: true });
  expect(textOf(ids)).toBeUndefined();
  expect((await answered('', ['O', 'B-A'], ids)).text).toBe('the [cat](A)');
});

test('what was not computed has no answer', async () => {
  expect(await answered('the cat', [])).toEqual({ text: '', pieces: [] });
});
