// Public files of other projects, hard to import; the expected text stands beside each. They are not part
// of this repository: without the folder the tests are skipped.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { failureOf, readAll } from './packages.ts';

const folder = join(import.meta.dirname, '../../../../shared/real/documents');
const read = (name: string) => readFileSync(join(folder, name));

describe.skipIf(!existsSync(folder))('real files (skipped without ../shared/real/documents)', () => {
  const contains: [name: string, ...texts: string[]][] = [
    ['copy_paste_ligatures.pdf', 'abcdeffffiflffifflſtstghijklmno'],
    ['issue15516_reduced.pdf', 'ffi fi ffl ff fl ft Th fh'],
    ['issue13226.pdf', 'Mitarbeiterinnen und Mitarbeiter arbeiten in über 100 Ländern'],
    ['vertical.pdf', 'あいうえお', '日本語'],
    ['poppler-67295-0.pdf', 'TestString123'],
    [
      'tracemonkey.pdf',
      'Dynamic languages such as JavaScript are more difficult to compile than statically typed ones. ' +
        'Since no concrete type information is available',
    ],
    ['testExtraSpaces.pdf', 'Here is some formatted text'],
    ['multi-column-2p.pdf', 'Dense Passage Retrieval for Open-Domain Question Answering\n'],
    [
      'rotated-page-90.pdf',
      'Hello World Test Text\n',
      'Second line of text here\n',
      '\nRotated page fixture',
    ],
    ['footnotes.docx', 'Ouch.', 'A tachyon walks into a bar.', 'Fin.'],
    ['strict-format.docx', 'Test'],
    ['utf8-bom.docx', 'This XML has a byte order mark.'],
    [
      'docx_list_resumed_numbering.docx',
      '1. First ordered item',
      '2. Second ordered item',
      '3. Third ordered item',
    ],
    ['docx_rich_cells.docx', 'First Paragraph\n', '\nSecond Paragraph'],
    ['testHTML_charset_utf16le.html', 'This is a sample text'],
    ['big-preamble.html', 'Агентство недвижимости'],
    ['fake-text-utf-16-be.txt', 'This is a test d'],
    ['umlauts-non-utf8.md', 'können', 'äöüß'],
    ['i_string_UTF-16LE_with_BOM.json', 'é'],
  ];
  test.each(contains)('%s holds its text', async (name, ...texts) => {
    const { text } = await readAll(name, read(name));
    for (const expected of texts) expect(text).toContain(expected);
    expect(text).not.toContain('\u00AD');
  });

  test('columns of a paper are not mixed', async () => {
    const { text } = await readAll('multi-column-2p.pdf', read('multi-column-2p.pdf'));
    expect(text).toContain(
      'relies on efficient passage retrieval to select candidate contexts, where traditional',
    );
    expect(text).toContain(
      'In this work, we show that retrieval can be practically implemented using dense representations',
    );
  });

  test('a text box is read once', async () => {
    const { text } = await readAll('testWORD_text_box.docx', read('testWORD_text_box.docx'));
    const sentence = 'This text is inside of a text box in the body of the document.';
    expect(text.split(sentence)).toHaveLength(2);
    expect(text.split('This text is directly in the body of the document.')).toHaveLength(2);
  });

  test('a page that says UTF-8 and is windows-1256 gives Arabic letters', async () => {
    const { text, coverage } = await readAll('arabic.html', read('testArabicMisleadingCharset.html'));
    expect(coverage).toMatchObject({ encoding: 'windows-1256', unreadableCharacters: 0 });
    expect(text).toMatch(/^[\u0600-\u06ff\s.]+$/);
  });

  test('a CP932 table with an extension character is read', async () => {
    const { columns, parts } = await readAll('test_mskanji.csv', read('test_mskanji.csv'));
    expect(columns).toEqual(['名前', '年齢', '住所']);
    expect(parts[2].cells?.名前).toBe('髙橋淳');
  });

  test('a row longer than the header is reported', async () => {
    const { coverage, parts } = await readAll('long.csv', read('csv-too-many-columns.csv'));
    expect(coverage.notes[0]).toContain('the first is row 2');
    expect(parts[1].text).toContain('column 5: e');
  });

  test('a password opens what it should', async () => {
    const name = 'issue6010_2.pdf';
    expect(await failureOf(name, read(name))).toMatchObject({ code: 'pdf-encrypted' });
    expect((await readAll(name, read(name), { password: 'æøå' })).text).toBe('Issue 6010');
  });

  const refused: [name: string, code: string, sentence: string][] = [
    ['empty_protected.pdf', 'pdf-no-text', 'no text on 1 page. The author restricts copying'],
    ['MEDRPT-2024-PAT-3847_medical_report_scan.pdf', 'pdf-no-text', '3 pages, no text: scanned'],
    ['bug1020226.pdf', 'pdf-broken', 'Invalid PDF structure'],
    ['n_structure_100000_opening_arrays.json', 'json-too-deep', 'line 1, column 513'],
    ['n_object_trailing_comma.json', 'json-broken', 'line 1, column 9'],
    ['alltypes_plain.snappy.parquet', 'type-not-supported', 'Parquet'],
    ['testRTFWordPadCzechCharacters.rtf', 'type-not-supported', 'RTF'],
  ];
  test.each(refused)('%s is refused (%s)', async (name, code, sentence) => {
    const failure = await failureOf(name, read(name));
    expect(failure.code).toBe(code);
    expect(failure.message).toContain(sentence);
  });
});
