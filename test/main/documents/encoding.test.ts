import iconv from 'iconv-lite';
import { expect, test } from 'vitest';
import { decodeText } from '../../../main/documents/encoding.ts';
import { failureOf, readAll } from './packages.ts';

const arabic = 'في قرية من القرى كان هناك رجل حكيم يعرف كل شيء عن الحياة وكان يعلم الناس كيف يعيشون بسلام.';

test('a byte-order mark decides and is taken out (A09)', () => {
  const sentence = 'Łódź and 東京';
  for (const encoding of ['utf-8', 'utf-16le', 'utf-16be', 'utf-32le']) {
    const bytes = iconv.encode(sentence, encoding, { addBOM: true });
    expect(decodeText(bytes)).toMatchObject({ text: sentence, encoding });
  }
});

test('UTF-16 without a mark is told by its zero bytes (A09)', () => {
  for (const encoding of ['utf-16le', 'utf-16be']) {
    const bytes = iconv.encode('This is a test document.', encoding, { addBOM: false });
    expect(decodeText(bytes)).toMatchObject({ text: 'This is a test document.', encoding });
  }
});

test('a declaration that the bytes contradict is not believed (A09)', async () => {
  const head = '<head><meta charset="utf-8"></head>';
  const page = `<html>${head}<body><p>${arabic}</p><p>${arabic}</p></body></html>`;
  const { text, coverage } = await readAll('page.html', iconv.encode(page, 'windows-1256'));
  expect(text).toContain(arabic);
  expect(coverage.encoding).toBe('windows-1256');
  expect(coverage.notes).toContain('the file says utf-8, but its bytes are not');
});

test('a declaration that decodes is used, wherever it stands (A09)', async () => {
  const meta = '<meta http-equiv="Content-Type" content="text/html; charset=koi8-r">';
  const comments = '<!-- x -->'.repeat(9000);
  const page = `<html><head>${comments}${meta}</head><body><p>Привет, мир</p></body></html>`;
  const { text, coverage } = await readAll('page.html', iconv.encode(page, 'koi8-r'));
  expect(text).toContain('Привет, мир');
  expect(coverage).toMatchObject({ encoding: 'koi8-r', encodingWhy: 'declared in the file' });
});

test('short files in old encodings are recognised (A09)', () => {
  const japanese = '名前,年齢,住所\r\n佐藤太郎,30,東京\r\n髙橋淳,35,名古屋\r\n';
  expect(decodeText(iconv.encode(japanese, 'cp932'))).toMatchObject({
    text: japanese,
    encoding: 'shift_jis',
  });
  const german = '## können\n\nkönnen\n\näöüß\n';
  expect(decodeText(iconv.encode(german, 'latin1'))).toMatchObject({
    text: german,
    encoding: 'windows-1252',
  });
});

test('UTF-8 with a damaged byte stays UTF-8, and the damage is counted', async () => {
  const bytes = Buffer.concat([
    Buffer.from('Grüße aus Köln, schöne Häuser, süße Äpfel, größere Öfen. '),
    Buffer.from([0xff]),
  ]);
  const { coverage } = await readAll('damaged.txt', bytes);
  expect(coverage.encoding).toBe('utf-8');
  expect(coverage.unreadableCharacters).toBe(1);
  expect(coverage.notes).toEqual(['1 byte sequence could not be decoded']);
});

test('the user can choose the encoding, and a wrong name is refused', async () => {
  const { text, coverage } = await readAll('dos.txt', iconv.encode('Größe', 'cp437'), { encoding: 'cp437' });
  expect([text, coverage.encodingWhy]).toEqual(['Größe', 'chosen by you']);
  expect(await failureOf('dos.txt', 'x', { encoding: 'klingon' })).toMatchObject({
    code: 'encoding-unknown',
  });
});
