import { expect, it } from 'vitest';
import type { Source } from '../../../../main/contract/documents.ts';
import { coverageLines, mainLanguage, whyNotUsed } from '../../../../renderer/screens/documents/words.ts';
import { sources } from '../../fake/documents.ts';

const source = (changes: Partial<Source>): Source => ({ ...sources[0], ...changes });

it('says why a file is not used, and nothing for one that is', () => {
  expect(whyNotUsed(source({}))).toBeNull();
  expect(whyNotUsed(source({ rights: null }))).toMatch(/rights record/);
  expect(whyNotUsed(source({ state: 'failed' }))).toMatch(/could not be read/);
  expect(whyNotUsed(source({ state: 'left-out' }))).toMatch(/left it out/);
  expect(whyNotUsed(source({ characters: 0 }))).toMatch(/0 characters/);
});

it('reports what reading could not do, with numbers and places', () => {
  const coverage = sources[0].coverage!;
  const lines = coverageLines(
    source({
      coverage: {
        ...coverage,
        encoding: 'windows-1252',
        encodingWhy: 'Bytes spell curly quotes.',
        delimiter: ';',
        emptyPages: [3, 7],
        unreadableCharacters: 4,
        firstUnreadablePlace: 'page 2',
        keptShare: 0.71,
        notes: ['It contains 3 tracked changes.'],
      },
    }),
  ).join('\n');
  for (const part of ['windows-1252', 'semicolons', '3, 7', 'page 2', '71.0', '3 tracked changes'])
    expect(lines).toContain(part);
});

it('finds the language of most files and counts the others', () => {
  const list = ['en', 'en', 'de', null].map((language) => source({ language }));
  expect(mainLanguage(list)).toEqual({ code: 'en', share: 2 / 3, others: 1 });
  expect(mainLanguage([source({ language: null })])).toBeNull();
});
