import { Document, HeadingLevel, Packer, Paragraph, Table, TableCell, TableRow } from 'docx';
import { expect, test } from 'vitest';
import { defaultLimits } from '../../../main/documents/limits.ts';
import { failureOf, makeDocx, paragraph, readAll, run } from './packages.ts';

test('headings become the place of the text below them, and table rows stay rows', async () => {
  const cell = (text: string) => new TableCell({ children: [new Paragraph(text)] });
  const bytes = await Packer.toBuffer(
    new Document({
      sections: [
        {
          children: [
            new Paragraph({ text: 'Safety', heading: HeadingLevel.HEADING_1 }),
            new Paragraph('Read this first.'),
            new Paragraph({ text: 'Brakes', heading: HeadingLevel.HEADING_2 }),
            new Table({ rows: [new TableRow({ children: [cell('Disc'), cell('2 mm')] })] }),
            new Paragraph({ text: 'Storage', heading: HeadingLevel.HEADING_1 }),
            new Paragraph('Keep dry.'),
          ],
        },
      ],
    }),
  );
  const { parts } = await readAll('bike.docx', bytes);
  expect(parts.map((part) => [part.place, part.text])).toEqual([
    ['Safety', 'Safety\n\nRead this first.'],
    ['Safety > Brakes', 'Brakes\n\nDisc | 2 mm'],
    ['Storage', 'Storage\n\nKeep dry.'],
  ]);
  expect(parts[1].start).toBe(parts[0].text.length + 2);
});

test('tracked changes are read as accepted and counted (A03)', async () => {
  const deleted = (text: string) => `<w:del w:id="1"><w:r><w:delText>${text}</w:delText></w:r></w:del>`;
  const { text, coverage } = await readAll(
    'contract.docx',
    await makeDocx({
      body: [
        paragraph(`${run('Notice is ')}${deleted('30')}<w:ins w:id="2">${run('60')}</w:ins>${run(' days.')}`),
        paragraph('Test', '<w:rPr><w:del w:id="3"/></w:rPr>'),
        paragraph('Test'),
        paragraph(
          `<w:moveFrom w:id="4">${run('The moved sentence.')}</w:moveFrom>`,
          '<w:rPr><w:moveFrom w:id="5"/></w:rPr>',
        ),
        paragraph('Between.'),
        paragraph(`<w:moveTo w:id="6">${run('The moved sentence.')}</w:moveTo>`),
      ].join(''),
    }),
  );
  expect(text).toBe('Notice is 60 days.\n\nTestTest\n\nBetween.\n\nThe moved sentence.');
  expect(coverage.notes).toContain('contains 4 tracked changes; imported as accepted');
});

const level = (number: number, format: string, text: string, more = '') =>
  `<w:lvl w:ilvl="${number}"><w:start w:val="1"/><w:numFmt w:val="${format}"/>${more}` +
  `<w:lvlText w:val="${text}"/></w:lvl>`;
const clauseNumbers =
  '<w:abstractNum w:abstractNumId="0">' +
  level(0, 'decimal', '%1.') +
  level(1, 'decimal', '%1.%2') +
  level(2, 'lowerLetter', '(%3)') +
  '</w:abstractNum><w:abstractNum w:abstractNumId="1">' +
  level(0, 'bullet', '\uF0B7') +
  '</w:abstractNum><w:abstractNum w:abstractNumId="2">' +
  level(0, 'upperRoman', 'Article %1:') +
  '</w:abstractNum>' +
  '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>' +
  '<w:num w:numId="2"><w:abstractNumId w:val="1"/></w:num>' +
  '<w:num w:numId="3"><w:abstractNumId w:val="2"/></w:num>' +
  '<w:num w:numId="4"><w:abstractNumId w:val="0"/>' +
  '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride></w:num>';
const item = (text: string, number: number, depth = 0) =>
  paragraph(text, `<w:numPr><w:ilvl w:val="${depth}"/><w:numId w:val="${number}"/></w:numPr>`);

test('automatic clause numbers are in the text, across tables and bullet lists (A04)', async () => {
  const body = [
    item('Scope', 1),
    item('Terms', 1),
    item('Price', 1, 1),
    item('first', 1, 2),
    item('second', 1, 2),
    '<w:tbl><w:tr><w:tc><w:p><w:r><w:t>a table</w:t></w:r></w:p></w:tc></w:tr></w:tbl>',
    item('Duration', 1),
    item('a bullet', 2),
    item('End', 1),
    item('Law', 1, 1),
    item('General', 3),
    item('Special', 3),
    item('Again', 4),
  ].join('');
  const { text } = await readAll('clauses.docx', await makeDocx({ body, numbering: clauseNumbers }));
  expect(text.split('\n\n')).toEqual([
    '1. Scope',
    '2. Terms',
    '2.1 Price',
    '(a) first',
    '(b) second',
    'a table',
    '3. Duration',
    '- a bullet',
    '4. End',
    '4.1 Law',
    'Article I: General',
    'Article II: Special',
    '1. Again',
  ]);
});

test('numbers that come from a style are written too, and a paragraph may opt out', async () => {
  const styles =
    '<w:style w:type="paragraph" w:styleId="Clause"><w:name w:val="Clause"/>' +
    '<w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style>' +
    '<w:style w:type="paragraph" w:styleId="Sub"><w:name w:val="Sub"/><w:basedOn w:val="Clause"/></w:style>';
  const body =
    paragraph('One', '<w:pStyle w:val="Clause"/>') +
    paragraph('Two', '<w:pStyle w:val="Sub"/>') +
    paragraph('Plain', '<w:pStyle w:val="Sub"/><w:numPr><w:numId w:val="0"/></w:numPr>');
  const { text } = await readAll('styled.docx', await makeDocx({ body, styles, numbering: clauseNumbers }));
  expect(text).toBe('1. One\n\n2. Two\n\nPlain');
});

const box = (content: string) => `<w:txbxContent>${content}</w:txbxContent>`;
const shape = (content: string) =>
  `<w:drawing><wp:anchor><a:graphic><a:graphicData><wps:wsp><wps:txbx>${box(content)}</wps:txbx></wps:wsp>` +
  '</a:graphicData></a:graphic></wp:anchor></w:drawing>';
const alternate = (content: string) =>
  `<w:r><mc:AlternateContent><mc:Choice Requires="wps">${shape(content)}</mc:Choice>` +
  `<mc:Fallback><w:pict><v:shape><v:textbox>${box(content)}</v:textbox></v:shape></w:pict></mc:Fallback>` +
  '</mc:AlternateContent></w:r>';

test('a text box is read once, also in a cell and thirteen levels deep (A05)', async () => {
  const inCell = paragraph(`${alternate(paragraph('CELLBOX'))}${run('CELL')}`);
  let nested = paragraph('INNERMOST');
  for (let depth = 0; depth < 13; depth++) nested = paragraph(`<w:r>${shape(nested)}</w:r>`);
  const body =
    paragraph(`${alternate(paragraph('BOX'))}${run('AFTER')}`) +
    `<w:tbl><w:tr><w:tc>${inCell}</w:tc></w:tr></w:tbl>` +
    nested +
    paragraph('LAST');
  const { text } = await readAll('boxes.docx', await makeDocx({ body }));
  const times = (word: string) => text.match(new RegExp(`\\b${word}\\b`, 'g'))?.length;
  expect(['BOX', 'AFTER', 'CELLBOX', 'CELL', 'INNERMOST', 'LAST'].map(times)).toEqual([1, 1, 1, 1, 1, 1]);
});

test('footnotes follow their paragraph', async () => {
  const { text, coverage } = await readAll(
    'notes.docx',
    await makeDocx({
      body:
        paragraph(`${run('The rate is 4 %')}<w:r><w:footnoteReference w:id="2"/></w:r>${run('.')}`) +
        paragraph('Next.'),
      footnotes: `<w:footnote w:id="2">${paragraph('Since May.')}</w:footnote>`,
    }),
  );
  expect(text).toBe('The rate is 4 %.\n\nSince May.\n\nNext.');
  expect(coverage.notes).toContain('1 note placed after their paragraphs');
});

test('paragraphs of one cell are not glued together', async () => {
  const cell = `<w:tc>${paragraph('First Paragraph')}${paragraph('Second Paragraph')}</w:tc>`;
  const { text } = await readAll(
    'cells.docx',
    await makeDocx({ body: `<w:tbl><w:tr>${cell}</w:tr></w:tbl>` }),
  );
  expect(text).toBe('First Paragraph\nSecond Paragraph');
});

test('superscript digits stay superscript', async () => {
  const raised = '<w:r><w:rPr><w:vertAlign w:val="superscript"/></w:rPr><w:t>-3</w:t></w:r>';
  const { text } = await readAll(
    'unit.docx',
    await makeDocx({ body: paragraph(`${run('10')}${raised}${run(' mol')}`) }),
  );
  expect(text).toBe('10⁻³ mol');
});

test('a broken, an empty and an encrypted document each get a sentence', async () => {
  const whole = await makeDocx({ body: paragraph('text') });
  expect(await failureOf('cut.docx', whole.subarray(0, whole.length - 100))).toMatchObject({
    code: 'docx-broken',
  });
  expect(await failureOf('blank.docx', await makeDocx({ body: paragraph('') }))).toMatchObject({
    code: 'docx-no-text',
  });
  const ole = Buffer.concat([
    Buffer.from('d0cf11e0a1b11ae1', 'hex'),
    Buffer.alloc(600),
    Buffer.from('EncryptedPackage', 'utf16le'),
  ]);
  const encrypted = await failureOf('secret.docx', ole);
  expect(encrypted.code).toBe('docx-encrypted');
  expect(encrypted.message).toBe('"secret.docx" is protected with a password.');
});

test('unpacked bytes and nesting are counted, not believed', async () => {
  const bomb = await makeDocx({ body: paragraph('x'.repeat(100_000)) });
  const limits = { ...defaultLimits, inflatedBytes: 50_000 };
  expect(await failureOf('bomb.docx', bomb, {}, limits)).toMatchObject({ code: 'file-over-limit' });
  const deep = await makeDocx({ body: `${'<w:sdt>'.repeat(2000)}${'</w:sdt>'.repeat(2000)}` });
  expect(await failureOf('deep.docx', deep)).toMatchObject({ code: 'xml-too-deep' });
});
