import { expect, test } from 'vitest';
import { language } from '../../../../main/datasets/steps/language.ts';
import { passage } from '../samples.ts';

const english = 'The tenant shall keep the garden in order and pay the rent every month.';
const german = 'Der Mieter hat den Garten in Ordnung zu halten und jeden Monat die Miete zu zahlen.';

test('passages in other languages are removed, short ones stay', async () => {
  const { passages, removed, samples } = await language.apply(
    [passage(english), passage(german), passage('Ja.')],
    { keep: ['en'] },
  );
  expect(passages.map((one) => one.fields.text)).toEqual([english, 'Ja.']);
  expect(removed).toBe(1);
  expect(samples[0]).toMatchObject({ before: german, after: null });
});

test('without a choice nothing is removed', async () => {
  expect((await language.apply([passage(german)], {})).removed).toBe(0);
});
