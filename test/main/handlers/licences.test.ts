// Every part that a package of Tunesmith carries is named with its licence and a text, in the file beside the program and
// in Settings. Against the real lockfile and the packages that are installed.
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { LicencedPart } from '../../../main/contract/settings.ts';
import { collectParts, licencedParts, noticesOf, partsFile } from '../../../main/handlers/licences.ts';
import { writeNotices } from '../../../main/package.ts';
import { root } from '../../helpers/home.ts';
import { temporaryFolder } from '../../helpers/tiny-model.ts';

let parts: LicencedPart[];
beforeAll(() => {
  parts = collectParts(root);
});

const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
  packages: Record<string, { version: string; dev?: boolean; optional?: boolean }>;
};

test('every production package of the lockfile has an entry and a text', () => {
  const production = Object.entries(lock.packages).filter(([folder, { dev }]) => folder !== '' && !dev);
  expect(production.length).toBeGreaterThan(60);
  for (const [folder, { version, optional }] of production) {
    if (optional && !existsSync(join(root, folder))) continue; // made for another system
    const name = folder.split('node_modules/').at(-1);
    const part = parts.find((one) => one.name === name && one.version === version);
    expect(part?.text.trim().length ?? 0, folder).toBeGreaterThan(200);
    expect(part?.licence, folder).not.toBe('not stated');
  }
});

test('what the pages are made of is there too, with what that needs', () => {
  const names = parts.map(({ name }) => name);
  const direct = ['react', 'react-dom', '@mantine/core', '@tabler/icons-react', 'recharts', 'zustand', 'zod'];
  expect(names).toEqual(expect.arrayContaining([...direct, 'scheduler', 'd3-shape', 'electron']));
  expect(names).not.toContain('vite');
});

test('a package without a licence file gets what it states, and where it comes from', () => {
  const { text, source } = parts.find(({ name }) => name === 'onnxruntime-node') as LicencedPart;
  expect(text).toContain('comes without a licence file. It states the licence "MIT"');
  expect(text).toContain('Permission is hereby granted');
  expect(text).toMatch(/onnxruntime\/blob\/v1\.[\d.]+\/ThirdPartyNotices\.txt/);
  expect(source).toBe('https://github.com/Microsoft/onnxruntime');
});

test('licences of files inside of a package are kept, such as those of fonts', () => {
  expect(parts.find(({ name }) => name === 'pdfjs-dist')?.text).toContain('Liberation');
});

test('a package of the program carries the notices, and reads its list from there', () => {
  const folder = temporaryFolder();
  writeNotices(root, join(folder, 'out'));
  const notices = readFileSync(join(folder, 'out', 'THIRD-PARTY-NOTICES.txt'), 'utf8');
  for (const { name, version } of parts) expect(notices).toContain(`\n${name} ${version}\n`);
  expect(existsSync(join(folder, partsFile))).toBe(true);
  expect(licencedParts(folder)).toEqual(parts);
  expect(noticesOf(parts)).toBe(notices);
});

test('a part that is missing stops the packaging with its name', () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'renderer'));
  cpSync(join(root, 'package-lock.json'), join(folder, 'package-lock.json'));
  writeFileSync(join(folder, 'renderer', 'one.ts'), "import 'react';\n");
  expect(() => collectParts(folder)).toThrow(/node_modules\/.* is not installed/);
});
