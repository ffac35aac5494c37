import { expect, test } from 'vitest';
import { suggest } from '../../../main/datasets/detect.ts';
import { labelledText } from '../../../main/training/tasks/word-records.ts';
import { failureOf, readAll } from './packages.ts';

const short = 'Anna B-PER\nBerg I-PER\nwrote O\n. O\n\nTarn B-ORG\nanswered O\n';

test('each sentence is a row of its words and their tags', async () => {
  const { parts, rows, columns, coverage } = await readAll('names.conll', short);
  expect([rows, columns, coverage.notes]).toEqual([2, ['words', 'tags'], []]);
  expect(parts.map(({ cells }) => cells)).toEqual([
    { words: 'Anna Berg wrote .', tags: 'B-PER I-PER O O' },
    { words: 'Tarn answered', tags: 'B-ORG O' },
  ]);
  expect(parts[1]).toMatchObject({ place: 'sentence 2, line 6', text: 'Tarn answered' });
});

test('of more columns, the first is the word and the last the tag; marks of documents are no words', async () => {
  const { parts } = await readAll(
    'full.iob',
    '-DOCSTART- -X- -X- O\r\n\r\nEU NNP B-NP B-ORG\r\nrejects VBZ B-VP O\r\n# NN I-NP O\r\n\r\n\r\n',
  );
  expect(parts.map(({ cells }) => cells)).toEqual([{ words: 'EU rejects #', tags: 'B-ORG O O' }]);
});

test('numbered words between tabs, with comments above, are read too', async () => {
  const { parts } = await readAll(
    'numbered.conll',
    '# source 4, page 2\n1\tSchartau\tB-PER\n2\tsagte\tO\n\n# source 5\n1\t"\tO\n2\tTarn\tB-ORG\n',
  );
  expect(parts.map(({ cells }) => cells)).toEqual([
    { words: 'Schartau sagte', tags: 'B-PER O' },
    { words: '" Tarn', tags: 'O B-ORG' },
  ]);
});

test('a sentence with a line that has no tag is left out and named', async () => {
  const { rows, coverage } = await readAll('gap.conll', `${short}\nNobody\nknows O\n`);
  expect(rows).toBe(2);
  expect(coverage.notes).toEqual([
    '1 sentence left out, as a line has no word with a tag; the first is line 9: "Nobody" stands alone',
  ]);
});

test('a file of other tags is refused with its first line', async () => {
  const failure = await failureOf('parts-of-speech.conll', 'dogs NNS\nbark VBP\n');
  expect(failure.code).toBe('conll-broken');
  expect(failure.message).toBe(
    '2 lines of 2 in "parts-of-speech.conll" have no word with a tag such as B-PER or O at the end; ' +
      'the first is line 1: "NNS" is no tag.',
  );
  expect(await failureOf('none.conll', '-DOCSTART- O\n\n')).toMatchObject({ code: 'conll-empty' });
});

test('the suggested dataset gives records whose tags are read as labels of words', async () => {
  const { parts, columns } = await readAll('names.conll', short);
  const sample = parts.map((part) => ({ ...part, start: 0 }));
  const { recipe, why } = suggest([{ id: 's', name: 'names.conll', columns, sample }]);
  expect(recipe.shape).toEqual({ type: 'labelled', text: '{words}', label: '{tags}' });
  expect(why).toContain('Each word has a tag.');
  const { words: text, tags: label } = parts[0].cells as Record<string, string>;
  expect(labelledText({ type: 'labelled', text, label })).toMatchObject({
    text: 'Anna Berg wrote .',
    spans: [{ start: 0, end: 9, label: 'PER' }],
    tags: ['B-PER', 'I-PER', 'O', 'O'],
  });
});
