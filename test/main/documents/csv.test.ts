import { expect, test } from 'vitest';
import { failureOf, readAll } from './packages.ts';

const longText = Array.from({ length: 6 }, (_, at) => `line ${at + 1}, with, commas`).join('\n');
const semicolons = `id;title;text\n1;One;"${longText}"\n2;Two;"${longText}"\n`;

test('the delimiter is judged on whole records, not on lines inside quotes (A02)', async () => {
  const { parts, rows, columns, coverage } = await readAll('notes.csv', semicolons);
  expect([rows, columns, coverage.delimiter]).toEqual([2, ['id', 'title', 'text'], ';']);
  expect(parts.map((part) => part.cells?.text)).toEqual([longText, longText]);
  expect(parts.map((part) => part.place)).toEqual(['row 1', 'row 2']);
});

test('the line "sep=;" and a byte-order mark are no rows and no text (A02)', async () => {
  for (const start of ['sep=;\r\n', '\uFEFF', '\uFEFFsep=;\n']) {
    const { rows, columns } = await readAll('notes.csv', start + semicolons);
    expect([rows, columns]).toEqual([2, ['id', 'title', 'text']]);
  }
});

test('CRLF inside quotes with LF between records stays inside the cell (A02)', async () => {
  const mixed = 'id,text\n1,"first\r\nsecond"\n2,"third"\n';
  const turned = 'id,text\r\n1,"first\nsecond"\r\n2,"third"\r\n';
  const cells = async (content: string) =>
    (await readAll('mixed.csv', content)).parts.map((part) => part.cells?.text);
  expect(await cells(mixed)).toEqual(['first\r\nsecond', 'third']);
  expect(await cells(turned)).toEqual(['first\nsecond', 'third']);
});

test('record ends of several kinds in one file all end records', async () => {
  const { rows, parts } = await readAll('ends.csv', 'a,b\r\n1,"x\r\ny"\n2,z\r3,w');
  expect(rows).toBe(3);
  expect(parts.map((part) => part.cells?.b)).toEqual(['x\r\ny', 'z', 'w']);
});

test('the user can choose another delimiter', async () => {
  const { columns, rows } = await readAll('notes.csv', 'a|b,c|d\n1|2,3|4\n', { delimiter: ',' });
  expect([columns, rows]).toEqual([['a|b', 'c|d'], 1]);
});

test('one column of sentences with commas stays one column', async () => {
  const { columns, parts, coverage } = await readAll(
    'sentences.csv',
    'text\n"Hello, world"\nYes, it is.\nNo\n',
  );
  expect(columns).toEqual(['text']);
  expect(parts.map((part) => part.text)).toEqual(['Hello, world', 'Yes, it is.', 'No']);
  expect(coverage.notes).toEqual(['no delimiter found; each line is one cell']);
});

test('every cell is the exact string of the file (A08)', async () => {
  const rows = [
    'id,label,text',
    '007,NA,null',
    '12345678901234567890,None,N/A',
    '1e5,true,  two  spaces ',
    '=SUM(A1),"",-',
  ].join('\n');
  const { parts } = await readAll('cells.csv', rows);
  expect(parts.map((part) => Object.values(part.cells ?? {}))).toEqual([
    ['007', 'NA', 'null'],
    ['12345678901234567890', 'None', 'N/A'],
    ['1e5', 'true', '  two  spaces '],
    ['=SUM(A1)', '', '-'],
  ]);
});

test('rows that are longer or shorter than the header are named and nothing is dropped', async () => {
  const { columns, parts, coverage } = await readAll('uneven.csv', 'a,b\n1,2\n1,2,3\n4\n');
  expect(columns).toEqual(['a', 'b', 'column 3']);
  expect(parts[1].cells).toEqual({ a: '1', b: '2', 'column 3': '3' });
  expect(parts[2].cells).toEqual({ a: '4', b: '', 'column 3': '' });
  expect(coverage.notes).toEqual([
    '1 row has more cells than the header (2); the first is row 2. All cells are kept',
    '1 row has fewer cells than the header (2); the first is row 3. They are empty there',
  ]);
});

test('columns without a name or with the same name get one of their own', async () => {
  const { columns } = await readAll('names.csv', 'a,,a\n1,2,3\n');
  expect(columns).toEqual(['a', 'column 2', 'a (2)']);
});

test('tabs are found in a TSV file', async () => {
  const { columns, coverage } = await readAll('table.tsv', 'a\tb\n1, 2\t3\n4, 5\t6\n');
  expect([columns, coverage.delimiter]).toEqual([['a', 'b'], '\t']);
});

test('a quote that is never closed is reported', async () => {
  const { coverage } = await readAll('open.csv', 'a,b\n1,2\n3,"open\n4,5\n');
  expect(coverage.notes.join()).toContain('not closed');
});

test('a file with nothing but a header is refused', async () => {
  expect(await failureOf('header.csv', 'a,b\n')).toMatchObject({ code: 'csv-empty' });
});
