import { expect, test } from 'vitest';
import { personalData } from '../../../../main/datasets/steps/personal-data.ts';
import { passage } from '../samples.ts';

async function redact(text: string, options = {}): Promise<string> {
  const { passages } = await personalData.apply([passage(text)], options);
  return passages[0].fields.text;
}

test('what can be recognised by its form is replaced', async () => {
  const cases: [before: string, after: string][] = [
    ['Write to ada.lovelace+x@mail.example.org.', 'Write to [EMAIL].'],
    ['Call +49 170 1234567 or (030) 123 456-78.', 'Call [PHONE] or [PHONE].'],
    ['Tel. 0170/1234567, US 555-867-5309', 'Tel. [PHONE], US [PHONE]'],
    ['IBAN DE89 3704 0044 0532 0130 00 BANK', 'IBAN [IBAN] BANK'],
    ['GB82WEST12345698765432', '[IBAN]'],
    ['Card 4111 1111 1111 1111, ok', 'Card [CARD], ok'],
    ['from 192.168.0.254:80', 'from [IP]:80'],
  ];
  for (const [before, after] of cases) expect(await redact(before)).toBe(after);
});

test('numbers that only look alike stay', async () => {
  for (const text of [
    'On 2024-01-09 and 09.01.2024 at 18:00.',
    'DE89 3704 0044 0532 0130 01 fails its check digits',
    'Order 4111 1111 1111 1112 is no card',
    'Version 1.2.3.456 of it',
    'It costs 1,234,567.89 euros; population 8300000.',
    'ISBN 978-3-16-148410-0',
  ]) {
    expect(await redact(text)).toBe(text);
  }
});

test('each kind can be switched off', async () => {
  expect(await redact('a@b.org, +49 170 1234567', { emails: false })).toBe('a@b.org, [PHONE]');
});
