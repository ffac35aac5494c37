import { expect, test } from 'vitest';
import { failureOf, makePdf, readAll, writeLines } from './packages.ts';

const left = ['The tenant shall keep the', 'garden in order.'];
const right = ['The landlord shall repair', 'the roof each year.'];
const title = 'Agreement on the house and the garden between both of the parties';

test('two columns are read one after the other, between title and footer (A06)', async () => {
  const bytes = await makePdf((page) => {
    page.fontSize(14);
    writeLines(page, 60, 60, [title]);
    page.fontSize(12);
    writeLines(page, 60, 130, left);
    writeLines(page, 330, 130, right);
    page.fontSize(9);
    writeLines(page, 60, 760, ['Page 1']);
  });
  const { text } = await readAll('columns.pdf', bytes);
  expect(text).toBe(`${title}\n\n${left.join(' ')}\n\n${right.join(' ')}\n\nPage 1`);
});

test('the same page rotated by 90 degrees gives the same text (A06)', async () => {
  const bytes = await makePdf((page) => {
    writeLines(page, 60, 60, [title]);
    writeLines(page, 60, 130, left);
    writeLines(page, 330, 130, right);
    page.page.dictionary.data.Rotate = 90;
  });
  const { text } = await readAll('rotated.pdf', bytes);
  expect(text).toBe(`${title}\n\n${left.join(' ')}\n\n${right.join(' ')}`);
});

test('text that is itself drawn turned by 90 degrees keeps its columns', async () => {
  const bytes = await makePdf((page) => {
    page.rotate(90, { origin: [300, 300] });
    writeLines(page, 60, 130, left);
    writeLines(page, 330, 130, right);
  });
  expect((await readAll('turned.pdf', bytes)).text).toBe(`${left.join(' ')}\n\n${right.join(' ')}`);
});

test('three columns keep their order', async () => {
  const columns = [
    ['In the first column', 'there is one sentence.'],
    ['In the second column', 'there is another one.'],
    ['In the third column', 'there is the last one.'],
  ];
  const bytes = await makePdf((page) => {
    page.fontSize(10);
    for (const [at, lines] of columns.entries()) writeLines(page, 40 + at * 180, 100, lines);
  });
  expect((await readAll('three.pdf', bytes)).text).toBe(columns.map((lines) => lines.join(' ')).join('\n\n'));
});

test('rows of a table are not taken for columns', async () => {
  const bytes = await makePdf((page) => {
    writeLines(page, 60, 100, ['Weight', 'Warranty', 'Price']);
    writeLines(page, 250, 100, ['1.2 kg', '3 years', '49 euros']);
  });
  expect((await readAll('table.pdf', bytes)).text).toBe('Weight 1.2 kg\nWarranty 3 years\nPrice 49 euros');
});

test('words cut at line ends are joined, and hyphens that belong to the word stay', async () => {
  const bytes = await makePdf((page) => {
    page.fontSize(12);
    writeLines(page, 60, 100, [
      'This machine is a self-contained device with a docu-',
      'mentation of many pages that are written for self-',
      'contained reading by everybody who wants to learn it.',
    ]);
  });
  const { text } = await readAll('hyphens.pdf', bytes);
  expect(text).toBe(
    'This machine is a self-contained device with a documentation of many pages that are written for ' +
      'self-contained reading by everybody who wants to learn it.',
  );
});

test('pages are places, and pages without text are named', async () => {
  const bytes = await makePdf((page) => {
    page.text('Only this page has words.');
    page.addPage();
    page.rect(50, 50, 100, 100).fill('black');
  });
  const { parts, coverage } = await readAll('pages.pdf', bytes);
  expect(parts.map((part) => part.place)).toEqual(['page 1']);
  expect(coverage).toMatchObject({ pages: 2, emptyPages: [2] });
  expect(coverage.notes).toEqual(['no text on 1 of 2 pages (2)']);
});

test('a PDF without any text is refused with the number of its pages', async () => {
  const bytes = await makePdf((page) => {
    for (let at = 0; at < 2; at++) page.addPage();
  });
  const failure = await failureOf('empty.pdf', bytes);
  expect(failure.code).toBe('pdf-no-text');
  expect(failure.message).toBe('"empty.pdf" has no text on 3 pages.');
});

test('a password is asked for, a wrong one refused, and restrictions are mentioned', async () => {
  const bytes = await makePdf((page) => page.text('Inside'), {
    userPassword: 'æøå',
    ownerPassword: 'owner',
    pdfVersion: '1.7',
    permissions: { copying: false },
  });
  expect(await failureOf('locked.pdf', bytes)).toMatchObject({ code: 'pdf-encrypted' });
  expect(await failureOf('locked.pdf', bytes, { password: 'no' })).toMatchObject({
    code: 'pdf-password-wrong',
  });
  const opened = await readAll('locked.pdf', bytes, { password: 'æøå' });
  expect(opened.text).toBe('Inside');
  expect(opened.coverage.notes).toContain('the author restricts copying from this file');
});

test('glyphs that map to nothing are counted with their page (A07)', async () => {
  const { text, coverage } = await readAll(
    'nothing.pdf',
    pdfWithMap('<41> <0000>\n<42> <0000>\n<43> <FB03>\n<44> <00B2>'),
  );
  expect(text).toContain('ffi²');
  expect(coverage.unreadableCharacters).toBe(2);
  expect(coverage.firstUnreadablePlace).toBe('page 1');
});

test('a broken PDF is refused with its reason', async () => {
  const failure = await failureOf('broken.pdf', '%PDF-1.4\n1 0 obj\n<< /Pages 2 0 R');
  expect(failure.code).toBe('pdf-broken');
  expect(failure.remedy).toContain('complete copy');
});

/** One page "ABCD ok" in Helvetica with a ToUnicode map of ours for single characters. */
function pdfWithMap(characters: string): Buffer {
  const map =
    '/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def /CMapType 2 def\n' +
    '1 begincodespacerange <00> <FF> endcodespacerange\n' +
    `4 beginbfchar\n${characters}\nendbfchar\nendcmap end end`;
  const content = 'BT /F1 20 Tf 50 100 Td (ABCD ok) Tj ET';
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 200] /Contents 5 0 R ' +
      '/Resources << /Font << /F1 4 0 R >> >> >>',
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode 6 0 R >>',
    `<< /Length ${content.length} >>\nstream\n${content}\nendstream`,
    `<< /Length ${map.length} >>\nstream\n${map}\nendstream`,
  ];
  const body = objects.map((object, at) => `${at + 1} 0 obj\n${object}\nendobj\n`).join('');
  return Buffer.from(`%PDF-1.4\n${body}trailer\n<< /Root 1 0 R /Size 7 >>\n`, 'latin1');
}
