import { expect, test } from 'vitest';
import { failureOf, readAll } from './packages.ts';

test('a list of objects gives one row each', async () => {
  const { rows, columns, parts } = await readAll('list.json', '[{"q":"a","n":1.50},{"q":"b","m":null}]');
  expect([rows, columns]).toEqual([2, ['q', 'n', 'm']]);
  expect(parts.map((part) => part.cells)).toEqual([
    { q: 'a', n: '1.50' },
    { q: 'b', m: '' },
  ]);
});

test('rows are taken from the one list inside an object', async () => {
  const { rows, coverage } = await readAll('data.json', '{"version":2,"data":[{"a":"1"},{"a":"2"}]}');
  expect(rows).toBe(2);
  expect(coverage.notes).toEqual(['the rows were taken from "data"']);
});

test('a single conversation is one row', async () => {
  const { rows, columns } = await readAll('chat.json', '{"messages":[{"role":"user","content":"Hi"}]}');
  expect([rows, columns]).toEqual([1, ['messages']]);
});

test('JSON Lines under the name .json are read as such', async () => {
  const { rows, coverage } = await readAll('lines.json', '{"a":"1"}\n{"a":"2"}\n');
  expect(rows).toBe(2);
  expect(coverage.notes).toContain('read as JSON Lines');
});

test('a fault is named by line and column', async () => {
  const failure = await failureOf('comma.json', '{\n  "id": 0,\n}');
  expect(failure.code).toBe('json-broken');
  expect(failure.message).toContain('(line 3, column 1)');
  expect((await failureOf('cut.json', '{"a": [1, 2')).message).toContain('(line 1, column 12)');
});

test('deep nesting is refused before the parser meets it', async () => {
  const failure = await failureOf('deep.json', '['.repeat(100_000));
  expect(failure.message).toBe('"deep.json" nests more than 512 levels deep (line 1, column 513).');
});

test('UTF-16 with a mark is read', async () => {
  const { parts, coverage } = await readAll('wide.json', Buffer.from('\uFEFF["é"]', 'utf16le'));
  expect([parts[0].text, coverage.encoding]).toEqual(['é', 'utf-16le']);
});
