import { expect, test } from 'vitest';
import { boilerplate } from '../../../../main/datasets/steps/boilerplate.ts';
import { passage } from '../samples.ts';

const page = (number: number, text: string) => passage(text, { place: `page ${number}`, sourceId: 'book' });

test('running titles and page numbers go, and lines inside the page stay', async () => {
  const pages = Array.from({ length: 6 }, (_, at) =>
    page(
      at + 1,
      [
        'Handbook 2024\n',
        `Part ${'abcdef'[at]} begins.`,
        `It says ${'mnopqr'[at]}.`,
        'This line is the same on all pages.',
        `So it goes ${'uvwxyz'[at]}.`,
        `And ends ${'ghijkl'[at]}.\n`,
        `Page ${at + 1} of 6`,
      ].join('\n'),
    ),
  );
  const { passages, changed, samples } = await boilerplate.apply(pages, {});
  expect(changed).toBe(6);
  expect(passages[2].fields.text).toBe(
    'Part c begins.\nIt says o.\nThis line is the same on all pages.\nSo it goes w.\nAnd ends i.',
  );
  expect(samples[0].place).toBe('a.txt, page 1');
});

test('a line on two pages only, and rows, are left alone', async () => {
  const pages = [page(1, 'Same\nx'), page(2, 'Same\ny'), page(3, 'Other\nz'), page(4, 'Else\nw')];
  const rows = Array.from({ length: 5 }, () => passage('Same', { isRow: true, place: 'page 1' }));
  expect((await boilerplate.apply([...pages, ...rows], {})).changed).toBe(0);
});
