// README.md says what the registries say, and no architecture counts as proven without stored numbers.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { architectures, isProven } from '../main/models/index.ts';
import { readmeFile, storedCases, withTables } from './readme.ts';

test('the tables of README.md are those of the registries; `node test/readme.ts` writes them', () => {
  const text = readFileSync(readmeFile, 'utf8');
  expect(text).toBe(withTables(text));
});

test('a model type counts as proven exactly where stored cases of it lie below test/reference', () => {
  const cases = storedCases();
  for (const type of architectures.flatMap(({ modelTypes }) => modelTypes))
    expect([type, isProven(type)]).toEqual([type, cases.has(type)]);
});
