import { expect, test } from 'vitest';
import { failureOf, readAll } from './packages.ts';

test('line separators inside a string do not end a line (A01)', async () => {
  const { parts, rows } = await readAll(
    'separators.jsonl',
    '{"text":"a\u2028b"}\n{"text":"c\u0085d\u2029e"}\n',
  );
  expect(rows).toBe(2);
  expect(parts.map((part) => part.cells?.text)).toEqual(['a\u2028b', 'c\u0085d\u2029e']);
  expect(parts.map((part) => part.text.length)).toEqual([3, 5]);
});

test('CRLF ends and blank lines make no rows', async () => {
  const { rows } = await readAll('crlf.jsonl', '{"a":"1"}\r\n\r\n{"a":"2"}\r\n');
  expect(rows).toBe(2);
});

test('numbers keep the form of the file', async () => {
  const { parts } = await readAll(
    'numbers.jsonl',
    '{"id":12345678901234567890,"rate":1.0,"big":1e5,"zero":-0,"n":7}\n',
  );
  expect(parts[0].cells).toEqual({ id: '12345678901234567890', rate: '1.0', big: '1e5', zero: '-0', n: '7' });
});

test('nested rows keep their value, and objects become columns with dotted names', async () => {
  const row = { id: 'x', meta: { split: 'train' }, messages: [{ role: 'user', content: 'Hi' }] };
  const { parts, columns } = await readAll('nested.jsonl', JSON.stringify(row));
  expect(columns).toEqual(['id', 'meta.split', 'messages']);
  expect(parts[0].cells).toEqual({ id: 'x', 'meta.split': 'train' });
  expect(parts[0].value).toEqual(row);
  expect(parts[0].text).toContain('user: Hi');
});

test('lines that are no JSON are left out and named', async () => {
  const { rows, coverage } = await readAll('bad.jsonl', '{"a":"1"}\n{"a":,}\n{"a":"3"}\n');
  expect(rows).toBe(2);
  expect(coverage.notes[0]).toMatch(/^1 line of 3 left out as no JSON; the first is line 2, column 6: /);
});

test('a file whose lines are mostly no JSON is refused with the first place', async () => {
  const failure = await failureOf('prose.jsonl', 'This is prose.\nAnd more.\n{"a":1}\n');
  expect(failure.code).toBe('jsonl-broken');
  expect(failure.message).toContain('2 lines of 3');
  expect(failure.message).toContain('line 1, column 1');
});
