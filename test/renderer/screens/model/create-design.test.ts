import { expect, test } from 'vitest';
import type { CreatedModel, DesignPlan } from '../../../../main/contract/models.ts';
import {
  createdSentence,
  designOf,
  draftOf,
  faultOf,
  reservedWords,
  withFamily,
} from '../../../../renderer/screens/model/create-design.ts';
import { families } from '../../fake/designs.ts';

const [llama, bert] = families;
const plain = (text: string): string => text.replaceAll('\u00a0', ' ');

test('a draft begins with the small model of its family', () => {
  expect(designOf(draftOf(llama))).toEqual(llama.start);
});

test('what is typed becomes numbers, and special tokens are cut at blanks and commas', () => {
  const draft = { ...draftOf(llama), special: ' <|table|>, <|row|>  <|cell|>' };
  draft.sizes = { ...draft.sizes, layers: '', width: '128' };
  expect(designOf(draft)).toMatchObject({
    layers: 0,
    width: 128,
    specialTokens: ['<|table|>', '<|row|>', '<|cell|>'],
  });
});

test('another family keeps the sizes, and brings its own vocabulary unless one was chosen', () => {
  const draft = withFamily({ ...draftOf(llama), name: 'Mine' }, llama, bert);
  expect(draft).toMatchObject({ name: 'Mine', family: 'bert', vocabulary: 'wordpiece' });
  expect(draft.sizes).toMatchObject({ layers: 6, kvHeads: 8 });
  expect(withFamily({ ...draftOf(llama), vocabulary: 'unigram' }, llama, bert).vocabulary).toBe('unigram');
  expect(withFamily(draftOf(bert), bert, llama).vocabulary).toBe('bpe');
});

test('all faults of a field are shown at it', () => {
  const fault = (field: 'width' | 'layers', message: string) => ({ field, message, remedy: 'Change it.' });
  const plan = {
    problems: [fault('width', 'A.'), fault('layers', 'B.'), fault('width', 'C.')],
  } as DesignPlan;
  expect(faultOf(plan, 'width')).toBe('A. Change it. C. Change it.');
  expect(faultOf(plan, 'heads')).toBeUndefined();
  expect(faultOf(null, 'width')).toBeUndefined();
});

test('a hundred sentinels are named in a few words', () => {
  const sentinels = Array.from({ length: 100 }, (_, i) => `<extra_id_${99 - i}>`);
  expect(reservedWords(['<pad>', '</s>', ...sentinels])).toBe(
    '<pad> </s> and 100 sentinels, <extra_id_0> to <extra_id_99>',
  );
  expect(reservedWords(['[PAD]', '[CLS]'])).toBe('[PAD] [CLS]');
});

test('the verdict on a vocabulary compares it, and says when the text had no more to offer', () => {
  const own = { name: 'Mine', vocabularySize: 2490, tokensPerWord: 1.5, charactersPerToken: 4 };
  const base = { ...own, name: 'Starter', tokensPerWord: 3 };
  const made: CreatedModel = {
    modelId: 'm',
    own,
    base,
    words: 8649,
    heldOut: false,
    wantedSize: 4096,
    textShare: 1,
    notes: [],
  };
  expect(plain(createdSentence(made))).toBe(
    'The text offers 2,490 of the 4,096 entries that were asked for. ' +
      'Your text takes 50 % fewer tokens than with Starter, measured on 8,649 words of its own text.',
  );
  const worse = { ...made, wantedSize: 2490, heldOut: true, base: { ...base, tokensPerWord: 1.2 } };
  expect(plain(createdSentence(worse))).toBe(
    'Your text takes 25 % more tokens than with Starter, measured on 8,649 words that it was made without.',
  );
  expect(createdSentence({ ...made, wantedSize: 2490, base: { ...own, name: 'Same' } })).toContain(
    'as many tokens as with Same',
  );
  expect(plain(createdSentence({ ...made, textShare: 0.4 }))).toContain(
    'Made of 40 % of your text, drawn at',
  );
  expect(createdSentence({ ...made, notes: ['Of the most frequent words.'] })).toMatch(
    /^Of the most frequent words\. The text offers/,
  );
  expect(createdSentence({ ...made, base: null })).toContain('1.50 tokens per word');
});
