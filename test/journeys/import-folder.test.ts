// The second journey: a folder with good and bad files becomes a frozen dataset, with a reason for each file that could
// not be read, a rights record, and the loss mask of what the model will learn.
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makePdf } from '../main/documents/packages.ts';
import { expectAccessible } from './axe.ts';
import { engineMs, heading, journeyMs, navLink, openStage, type Stage } from './stage.ts';
import { oneStory } from './story.ts';

oneStory();
let stage: Stage;
let page: Page;
let folder: string;

const rows = Array.from({ length: 40 }, (_, i) => [
  `How many parts has device ${i + 1}?`,
  `It has ${i + 3} parts.`,
]);

beforeAll(async () => {
  stage = await openStage({ sample: false });
  folder = join(stage.home, 'Prüfung 100 %');
  mkdirSync(join(folder, 'notes'), { recursive: true });
  writeFileSync(
    join(folder, 'questions.csv'),
    ['question,answer', ...rows.map((row) => row.join(','))].join('\n'),
  );
  writeFileSync(join(folder, 'notes', 'guide.md'), '# Guide\n\nTurn the device off before you open it.\n');
  writeFileSync(join(folder, 'empty.txt'), '');
  writeFileSync(
    join(folder, 'picture.txt'),
    Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), randomBytes(5000)]),
  );
  const locked = { userPassword: 'geheim', ownerPassword: 'owner', pdfVersion: '1.7' };
  writeFileSync(join(folder, 'contract.pdf'), await makePdf((pdf) => pdf.text('A secret contract.'), locked));
  page = await stage.open();
}, journeyMs);
afterAll(() => stage?.close(), 60_000);

test(
  'a project is made, and a folder with good and bad files is read',
  async () => {
    await page.getByRole('button', { name: /^New project/ }).click();
    await page.getByLabel('Name', { exact: true }).fill('Device questions');
    await page.getByRole('button', { name: 'Make the project' }).click();
    await heading(page, 'Documents').waitFor();
    const [chooser] = await Promise.all([
      page.waitForEvent('filechooser'),
      page.getByRole('button', { name: 'Add a folder', exact: true }).click(),
    ]);
    await chooser.setFiles(folder);
    await page.getByText('Failed 3', { exact: true }).waitFor({ timeout: engineMs });
  },
  journeyMs,
);

test(
  'each file that could not be read says why and what to do, and the others were read',
  async () => {
    const files = page.getByRole('group', { name: 'Files of this project' });
    for (const reason of [
      /contract\.pdf.* is protected with a password/,
      /empty\.txt.* is empty/,
      /picture\.txt/,
    ])
      await files.getByText(reason).first().waitFor();
    await files.getByRole('button', { name: 'Enter the password' }).waitFor();
    for (const name of ['questions.csv', 'guide.md'])
      expect(await files.getByRole('row', { name: new RegExp(name) }).textContent()).toContain('Read');
    await expectAccessible(page, 'Documents with failed files');
  },
  journeyMs,
);

test(
  'the right password opens the locked file',
  async () => {
    const files = page.getByRole('group', { name: 'Files of this project' });
    await files.getByRole('button', { name: 'Enter the password' }).click();
    await files.getByLabel(/^Password of .*contract\.pdf/).fill('geheim');
    await files.getByRole('button', { name: 'Read it', exact: true }).click();
    await page.getByText('Failed 2', { exact: true }).waitFor({ timeout: engineMs });
  },
  journeyMs,
);

test(
  'nothing is used before the right to use it is recorded',
  async () => {
    const build = page.getByRole('button', { name: 'Build the dataset' });
    expect(await build.getAttribute('aria-disabled')).toBe('true');
    await page.getByRole('button', { name: 'Record the rights of 3 files' }).click();
    const dialog = page.getByRole('dialog', { name: 'Rights of 3 files' });
    await dialog.getByRole('button', { name: 'Record the rights' }).click();
    await dialog.getByText('Name who attests the right to use the file.').waitFor();
    await expectAccessible(page, 'Rights dialog');
    await dialog.getByLabel('Attested by').fill('Ada Byron');
    await dialog.getByRole('button', { name: 'Record the rights' }).click();
    await dialog.waitFor({ state: 'hidden' });
    await page.getByText('No rights 0', { exact: true }).waitFor();
    await page.getByText('Ada Byron').first().waitFor();
  },
  journeyMs,
);

test(
  'the table becomes question and answer records, and is frozen as version 1',
  async () => {
    await page.getByRole('button', { name: 'Build the dataset', disabled: false }).click();
    await heading(page, 'Dataset').waitFor();
    await page
      .getByRole('button', { name: 'Freeze version 1', disabled: false })
      .click({ timeout: engineMs });
    await page.getByText('Version 1, frozen').waitFor({ timeout: engineMs });
  },
  journeyMs,
);

test(
  'the token view shows what is learned and what is only shown',
  async () => {
    await navLink(page, /^Model\b/).click();
    await page.getByRole('button', { name: /^Use (this model|Starter)/ }).click();
    await navLink(page, /^Dataset\b/).click();
    await page.getByRole('link', { name: /^Records/ }).click();
    await page.getByRole('row', { name: /How many parts has device 7\?/ }).click();
    const tokens = page.getByRole('list', { name: 'Tokens of this record' }).getByRole('listitem');
    await tokens.first().waitFor({ timeout: engineMs });
    const seen = await tokens.allTextContents();
    const learned = seen
      .filter((text) => text.endsWith(' learned'))
      .map((text) => text.replace(/ learned$/, ''));
    const masked = seen
      .filter((text) => text.endsWith(' masked'))
      .map((text) => text.replace(/ masked$/, ''));
    expect(learned.length + masked.length).toBe(seen.length);
    expect(learned.join('')).toMatch(/It has 9 parts\./);
    expect(learned.at(-1)).toMatch(/^<\|.*\|>$/);
    expect(masked.join('')).toMatch(/How many parts has device 7\?/);
    await page.getByText(/that token is learned\. The model will know when to stop/).waitFor();
  },
  journeyMs,
);

test('nothing went wrong on the way', () => {
  expect(stage.faults).toEqual([]);
});
