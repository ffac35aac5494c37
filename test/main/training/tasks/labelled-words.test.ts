import { beforeAll, expect, test } from 'vitest';
import { labelsOf } from '../../../../main/models/new-head.ts';
import { loadTokenizer, type Tokenizer } from '../../../../main/tokens/tokenizer.ts';
import { taskTypeOf } from '../../../../main/training/tasks/index.ts';
import { encodeWords, labelledWords } from '../../../../main/training/tasks/labelled-words.ts';
import { openReference, referenceFolder } from '../../../helpers/reference-model.ts';
import { completion, record } from '../../../helpers/tiny-model.ts';

const of = (pairs: readonly [string, string][]) =>
  pairs.map(([text, answer], i) => record(`${i}`, 'train', completion(text, answer)));
const records = of([
  ['the cat saw happyly dogs', '[the cat](A) saw [happyly dogs](B)'],
  ['a dog', 'a [dog](A)'],
]);
let tokenizer: Tokenizer;
beforeAll(async () => {
  tokenizer = await loadTokenizer(referenceFolder('bert_mlm'));
});

test('the labels of the records become tags, outside first', () => {
  const model = labelledWords.prepare(openReference('bert_mlm'), records, null, 1);
  expect(labelsOf(model)).toEqual(['O', 'B-A', 'I-A', 'B-B', 'I-B']);
  expect(taskTypeOf(model)).toBe(labelledWords);
  expect(model.rawConfig.architectures).toEqual(['BertForTokenClassification']);
  expect(model.headModules).toEqual(['classifier']);
  // a model that has these tags keeps its output layer, in its own order
  const id2label = { 0: 'I-B', 1: 'B-B', 2: 'I-A', 3: 'B-A', 4: 'O' };
  const own = { ...model, rawConfig: { ...model.rawConfig, id2label } };
  expect(labelsOf(labelledWords.prepare(own, records, null, 1))).toEqual(Object.values(id2label));
});

test('a model with another output layer gets one for tags', () => {
  const model = labelledWords.prepare(openReference('distilbert'), records, null, 1);
  expect([model.headModules, model.objective]).toEqual([['classifier'], 'token-classification']);
  expect(model.rawConfig.architectures).toEqual(['DistilBertForTokenClassification']);
  expect(model.rawConfig).not.toHaveProperty('problem_type');
});

test('the first token of a word has its tag, and its other tokens have none', async () => {
  const model = labelledWords.prepare(openReference('bert_mlm'), records, null, 1);
  const data = await labelledWords.encode({ tokenizer, model, records, maxLength: 32 });
  const { ids, target, labels } = data.records[0];
  // [CLS] the cat saw happy ##ly dogs [SEP]
  expect([...(target ?? [])]).toEqual([-100, 1, 2, 0, 3, -100, 4, -100]);
  expect(labels).toBe(5);
  const rows = data.records.map((one, i) => [{ record: i, start: 0, length: one.ids.length }]);
  const batch = labelledWords.lay(data.records, { rows, width: 32 }, model, 0);
  expect([...batch.labels]).toEqual([1, 2, 0, 3, 4, 0, 1]);
  expect([...batch.labelRows].slice(0, 4)).toEqual([1, 2, 3, 4]);
  expect(batch.labelRows[5]).toBe(33);
  expect(batch.tokens).toBe(ids.length + data.records[1].ids.length);
});

test.each(['bpe_roberta', 'wordpiece_uncased', 'wordpiece_cased', 'unigram_xlmr', 'bpe_gpt2'])(
  'words are found in the tokens of %s',
  async (name) => {
    const other = await loadTokenizer(referenceFolder(`tokenizers/${name}`));
    const text = 'The  cat, saw 😀 a dog.';
    const [{ ids, words, places }] = await encodeWords(other, [text], 64);
    const { offsets } = await other.encodePlain(text, { addSpecial: true });
    expect(words.map(([start, end]) => text.slice(start, end))).toEqual([
      'The',
      'cat',
      ',',
      'saw',
      '😀',
      'a',
      'dog',
      '.',
    ]);
    expect(ids.length).toBe(offsets.length);
    places.forEach((place, i) => {
      if (place < 0) return; // inside the token of the word before
      const [start, end] = offsets[place];
      expect(start <= words[i][0] && end > words[i][0], `${name}: word ${i}`).toBe(true);
      expect(offsets.slice(0, place).every(([from, to]) => to <= words[i][0] || from === to)).toBe(true);
    });
    expect(places.filter((place) => place >= 0).length).toBeGreaterThan(5);
  },
);

test('words behind a cut have no token; a cut text keeps its frame', async () => {
  const [whole, cut] = [
    (await encodeWords(tokenizer, ['the cat saw a dog'], 64))[0],
    (await encodeWords(tokenizer, ['the cat saw a dog'], 4))[0],
  ];
  expect([...cut.ids]).toEqual([...whole.ids.slice(0, 3), whole.ids.at(-1)]);
  expect(cut.places).toEqual([1, 2, -1, -1, -1]);
  expect(cut.length).toBe(whole.length);
  const model = labelledWords.prepare(openReference('bert_mlm'), records, null, 1);
  const { withoutLabel } = await labelledWords.encode({ tokenizer, model, records, maxLength: 2 });
  expect(withoutLabel).toEqual(['0', '1']);
});

test('a label that the model lacks is unknown, and what labels no words is refused', async () => {
  const model = labelledWords.prepare(openReference('bert_mlm'), records, null, 1);
  const others = of([
    ['a dog', 'a [dog](C)'],
    ['a dog', 'cat'],
  ]);
  const data = await labelledWords.encode({ tokenizer, model, records: others, maxLength: 32 });
  expect(data.unknown).toMatchObject([{ recordId: '0', labels: 0 }]);
  expect(data.refused).toMatchObject([{ recordId: '1', sentence: expect.stringContaining('row 1 differs') }]);
  const surveyed = await labelledWords.survey({ tokenizer, model, records: others }, async () => {});
  expect(
    surveyed.map(({ refused, trained }) => [refused === null, [...trained].filter(Boolean).length]),
  ).toEqual([
    [true, 2],
    [false, 0],
  ]);
});

test('a record is shown with its tags, also before a run has given the model an output layer', async () => {
  const shown = await taskTypeOf(openReference('bert_mlm')).render(
    tokenizer,
    openReference('bert_mlm'),
    records[1],
  );
  expect(shown.tokens.filter(({ trained }) => trained).map(({ text }) => text)).toEqual(['B-A']);
  expect(shown.tokens.at(-2)).toEqual({ id: -1, text: 'B-A', trained: true });
  expect(shown).toMatchObject({ text: 'a dog', trainedTokens: 2 });
});

test.each([
  ['words-unreadable', [['a dog', 'cat']]],
  ['labels-missing', [['a dog', 'a dog']]],
  ['labels-too-many', Array.from({ length: 201 }, (_, i) => ['a dog', `a [dog](L${i})`])],
])('%s is refused', (code, pairs) => {
  const train = of(pairs as [string, string][]);
  expect(() => labelledWords.prepare(openReference('bert_mlm'), train, null, 1)).toThrowError(
    expect.objectContaining({ code }),
  );
});
