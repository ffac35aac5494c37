import { expect, test } from 'vitest';
import {
  type LabelledSpan,
  markedText,
  readMarks,
  spacedWords,
  spansOf,
  tagsOf,
  wordsOf,
} from '../../../../main/training/tasks/word-marks.ts';

const texts = (text: string) => wordsOf(text).map(([start, end]) => text.slice(start, end));
const read = (text: string, answer: string) => {
  const marks = readMarks(text, answer);
  if ('differsAt' in marks) return marks.differsAt;
  return marks.spans.map(({ start, end, label }) => `${text.slice(start, end)}=${label}`);
};

test('words are runs of letters and digits; marks, signs and characters of scripts without spaces are their own', () => {
  expect(texts("Anna's flat-rate: 3.5 €!")).toEqual([
    ...['Anna', "'", 's', 'flat', '-', 'rate', ':', '3', '.', '5', '€', '!'],
  ]);
  expect(texts('Zoe\u0308 住在Tarn')).toEqual(['Zoe\u0308', '住', '在', 'Tarn']);
  expect(texts('a 😀 b')).toEqual(['a', '😀', 'b']);
  expect(texts(' \n')).toEqual([]);
});

test('marks are read against the text, whatever its spaces', () => {
  const text = 'Anna Berg  wrote\nto Tarn.';
  expect(read(text, '[Anna Berg](PER) wrote to [Tarn](ORG).')).toEqual(['Anna Berg=PER', 'Tarn=ORG']);
  expect(read(text, text)).toEqual([]);
  expect(read('Rio, Oslo', '[Rio](LOC), [Oslo](LOC)')).toEqual(['Rio=LOC', 'Oslo=LOC']);
  expect(read('😀 Anna', '😀 [Anna](a b)')).toEqual(['Anna=a b']);
});

test('brackets and links of the text itself are no marks', () => {
  expect(read('see [1] and Anna [sic]', 'see [1] and [Anna [sic]](PER)')).toEqual(['Anna [sic]=PER']);
  expect(read('a [link](to) Tarn', 'a [link](to) [Tarn](ORG)')).toEqual(['Tarn=ORG']);
  expect(read('a [link](to) b', 'a [[link](to)](URL) b')).toEqual(['[link](to)=URL']);
});

test.each([
  ['Anna wrote', '[Anna](PER) wrte', 'te'],
  ['Anna wrote', '[Anna](PER)', 'wrote'],
  ['Anna', '[Anna](PER) wrote', 'wrote'],
  ['Anna', '[Bert](PER)', '[Bert](PER)'],
  ['Anna', '[](PER)Anna', '[](PER)Anna'],
  ['Anna', 'yes', 'yes'],
])('%j with %j differs at %j', (text, answer, at) => {
  expect(read(text, answer)).toBe(at);
});

test('a text with its marks is read back', () => {
  const text = 'Anna Berg, Tarn and [x]';
  const spans: LabelledSpan[] = [
    { start: 0, end: 9, label: 'PER' },
    { start: 11, end: 15, label: 'ORG' },
    { start: 20, end: 23, label: 'X' },
  ];
  expect(markedText(text, spans)).toBe('[Anna Berg](PER), [Tarn](ORG) and [[x]](X)');
  expect(readMarks(text, markedText(text, spans))).toEqual({ spans });
  expect(markedText(text, [])).toBe(text);
});

test('spans become BIO tags of words and come back; what ends inside a word is said', () => {
  const text = 'Anna Berg Rio Oslo.';
  const spans: LabelledSpan[] = [
    { start: 0, end: 9, label: 'PER' },
    { start: 10, end: 13, label: 'LOC' },
    { start: 14, end: 18, label: 'LOC' },
  ];
  const tags = tagsOf(wordsOf(text), spans);
  expect(tags).toEqual(['B-PER', 'I-PER', 'B-LOC', 'B-LOC', 'O']);
  expect(spansOf(wordsOf(text), tags as string[])).toEqual(spans);
  expect(tagsOf(wordsOf(text), [{ start: 0, end: 3, label: 'PER' }])).toEqual({
    span: { start: 0, end: 3, label: 'PER' },
    word: [0, 4],
  });
  expect(tagsOf(wordsOf(text), [{ start: 2, end: 9, label: 'PER' }])).toMatchObject({ word: [0, 4] });
});

test.each([
  ['I without B begins a span', ['O', 'I-A', 'I-A', 'O'], ['b c=A']],
  ['I of another label begins a span', ['B-A', 'I-B', 'I-B', 'O'], ['a=A', 'b c=B']],
  ['adjacent spans of one label are told apart by B', ['B-A', 'B-A', 'I-A', 'O'], ['a=A', 'b c=A']],
  ['I behind a gap begins a span', ['B-A', 'O', 'I-A', 'I-A'], ['a=A', 'c d=A']],
  ['ends and single words of other schemes', ['B-A', 'E-A', 'S-A', 'U-B'], ['a b=A', 'c=A', 'd=B']],
  ['I behind an end begins a span', ['B-A', 'L-A', 'I-A', 'O'], ['a b=A', 'c=A']],
  ['a label without a prefix is of one word', ['NOUN', 'NOUN', 'O', 'VERB'], ['a=NOUN', 'b=NOUN', 'd=VERB']],
  ['labels may hold hyphens', ['B-a-b', 'I-a-b', 'O', 'O'], ['a b=a-b']],
])('%s', (_, tags, expected) => {
  const text = 'a b c d';
  const spans = spansOf(spacedWords(text), tags);
  expect(spans.map(({ start, end, label }) => `${text.slice(start, end)}=${label}`)).toEqual(expected);
});
