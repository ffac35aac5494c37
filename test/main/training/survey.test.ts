import { expect, test } from 'vitest';
import { createTokenizer, loadTokenizer } from '../../../main/tokens/tokenizer.ts';
import { readTokenizerFolder } from '../../../main/tokens/tokenizer-file.ts';
import { labelsAt, renderRecord, surveyRecords, tokenStats } from '../../../main/training/survey.ts';
import { completion, conversation, llamaFolder, record } from '../../helpers/tiny-model.ts';

test('labels at a length are what the renderer learns there', async () => {
  const tokenizer = await loadTokenizer(llamaFolder);
  const one = record('a', 'train', conversation('Question?', 'A rather long answer.'));
  const [surveyed] = await surveyRecords(tokenizer, [one]);
  const shown = await renderRecord(tokenizer, one, 256);
  expect(surveyed.length).toBe(shown.tokens.length);
  expect(labelsAt(surveyed, 256)).toBe(shown.trainedTokens);
  const first = shown.tokens.findIndex(({ trained }) => trained);
  expect(labelsAt(surveyed, first)).toBe(0);
  expect(labelsAt(surveyed, first + 1)).toBe(1);
  expect(surveyed.end).toEqual({ id: tokenizer.eosId, expected: true });
});

test('a text that goes on elsewhere is not expected to end', async () => {
  const tokenizer = await loadTokenizer(llamaFolder);
  const texts = [true, false].map((complete) =>
    record(`${complete}`, 'train', { type: 'text', text: 'A text.', complete }),
  );
  const [whole, part] = await surveyRecords(tokenizer, texts);
  expect(whole.end).toEqual({ id: tokenizer.eosId, expected: true });
  expect(part.end.expected).toBe(false);
});

test('records that the template refuses are counted by its own sentence, not as lengths', async () => {
  const { file, settings } = await readTokenizerFolder(llamaFolder);
  const chatTemplate =
    "{% if messages|length > 2 %}{{ raise_exception('Two turns.') }}{% endif %}{{ messages[1].content }}";
  const tokenizer = createTokenizer(file, { ...settings, chatTemplate });
  const long = record('l', 'train', {
    type: 'chat',
    messages: [
      { role: 'user', content: 'a' },
      { role: 'assistant', content: 'b' },
      { role: 'user', content: 'c' },
    ],
  });
  const stats = tokenStats(
    await surveyRecords(tokenizer, [long, record('s', 'train', completion('x', 'y'))]),
    64,
  );
  expect(stats.problems).toEqual(['The chat template refuses 1 of 2 records: Two turns.']);
  expect(stats.histogram.reduce((sum, { records }) => sum + records, 0)).toBe(1);
});

test('records that no template refuses are told without one', async () => {
  const tokenizer = await loadTokenizer(llamaFolder);
  const label = record('l', 'train', { type: 'labelled', text: 'a', label: 'b' });
  const { problems } = tokenStats(
    await surveyRecords(tokenizer, [label, record('s', 'train', completion('x', 'y'))]),
    64,
  );
  expect(problems).toEqual([
    '1 of 2 records cannot be learned: Records of type "labelled" cannot be trained on by this method yet.',
  ]);
});

test('every length falls into one of at most 32 buckets of equal width', () => {
  const surveyed = Array.from({ length: 500 }, (_, i) => ({
    id: `${i}`,
    split: 'train' as const,
    hash: `${i}`,
    length: i + 1,
    trained: new Uint8Array(i + 1).fill(1),
    end: { id: 2, expected: true },
    refused: null,
  }));
  const { histogram, longest } = tokenStats(surveyed, 1000);
  expect(longest).toBe(500);
  expect(histogram.length).toBeLessThanOrEqual(32);
  expect(histogram.map(({ upTo }) => upTo)).toEqual(Array.from({ length: 32 }, (_, i) => (i + 1) * 16));
  expect(histogram[0].records).toBe(16);
  expect(histogram.at(-1)?.records).toBe(4);
});
