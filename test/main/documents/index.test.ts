import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { importerFor, importers } from '../../../main/documents/index.ts';
import { writeZip } from '../../../main/documents/zip.ts';
import { failureOf, makeDocx, makePdf, paragraph, readAll } from './packages.ts';

test('no extension belongs to two importers', () => {
  const all = importers.flatMap((importer) => importer.extensions);
  expect(new Set(all).size).toBe(all.length);
});

test('an empty file is refused', async () => {
  expect((await failureOf('empty.txt', '')).message).toBe('"empty.txt" is empty (0 bytes).');
});

test('binary data under the name .txt is refused', async () => {
  const bytes = Buffer.from(Array.from({ length: 4096 }, (_, at) => (at * 7919) % 256));
  expect(await failureOf('data.txt', bytes)).toMatchObject({
    code: 'file-binary',
    message: '"data.txt" holds binary data, not Plain text.',
  });
  const picture = Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), Buffer.alloc(50)]);
  expect((await failureOf('data.txt', picture)).message).toBe('"data.txt" is a PNG picture, not Plain text.');
  expect((await failureOf('data.csv', gzipSync('a,b'))).message).toBe(
    '"data.csv" is a gzip archive, not CSV and TSV.',
  );
});

test('a PDF and a Word document under another name are read as what they are, and it is said', async () => {
  const pdf = await readAll('letter.txt', await makePdf((page) => page.text('Dear all')));
  expect([pdf.format, pdf.text]).toEqual(['pdf', 'Dear all']);
  expect(pdf.coverage.notes).toEqual(['named .txt, but it is a PDF; read as PDF']);
  const docx = await readAll('letter.txt', await makeDocx({ body: paragraph('Dear all') }));
  expect([docx.format, docx.text]).toEqual(['docx', 'Dear all']);
});

test('an archive is refused with the advice to unpack it', async () => {
  const zip = await writeZip({ 'a.txt': 'text' });
  for (const name of ['files.zip', 'files.txt']) {
    expect(await failureOf(name, zip)).toMatchObject({ code: 'file-is-archive' });
  }
});

test('types that come later are refused with the list of supported ones', async () => {
  const rtf = await failureOf('letter.rtf', '{\\rtf1 Hello}');
  expect(rtf.code).toBe('type-not-supported');
  expect(rtf.message).toBe('Tunesmith cannot read "letter.rtf": RTF files are not supported yet.');
  for (const importer of importers) expect(rtf.remedy).toContain(importer.label);
  expect(await failureOf('table.parquet', 'PAR1')).toMatchObject({ code: 'type-not-supported' });
  expect((await failureOf('notes.xyz', 'text')).message).toContain('.xyz is not supported');
});

test('text under the name of a binary type is refused', async () => {
  expect(await failureOf('report.pdf', 'just text')).toMatchObject({ code: 'pdf-broken' });
  expect(await failureOf('report.docx', 'just text')).toMatchObject({ code: 'docx-broken' });
});

test('text that starts like another format by chance stays text', () => {
  expect(importerFor('cars.txt', Buffer.from('BMW and MZ are makers of cars.')).importer.id).toBe('text');
});
