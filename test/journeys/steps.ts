// Steps that several journeys take in the same way: a project, a file with its rights, a frozen version, a model of a
// folder, a short run. Each ends when the page shows that it is done.
import type { Page } from 'playwright-core';
import { engineMs, heading, navLink } from './stage.ts';

export async function makeProject(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: /^New project/ }).click();
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.getByRole('button', { name: 'Make the project' }).click();
  await heading(page, 'Documents').waitFor();
}

/** On the Documents screen of a new project: one file, and the right to use it. */
export async function addFile(page: Page, file: string): Promise<void> {
  const [chooser] = await Promise.all([
    page.waitForEvent('filechooser'),
    page.getByRole('button', { name: 'Add files', exact: true }).click(),
  ]);
  await chooser.setFiles(file);
  await page.getByRole('button', { name: /^Record the rights of/ }).click({ timeout: engineMs });
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Attested by').fill('Ada Byron');
  await dialog.getByRole('button', { name: 'Record the rights' }).click();
  await dialog.waitFor({ state: 'hidden' });
}

/** From the Documents screen to version 1 of a dataset as it was proposed. */
export async function freeze(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Build the dataset', disabled: false }).click();
  await heading(page, 'Dataset').waitFor();
  await page.getByRole('button', { name: 'Freeze version 1', disabled: false }).click({ timeout: engineMs });
  await page.getByText('Version 1, frozen').waitFor({ timeout: engineMs });
}

/** Adds a folder to the models and chooses it; ends on the Train screen. `name` is that of the folder. */
export async function useModelFolder(page: Page, folder: string, name: string): Promise<void> {
  await navLink(page, /^Model\b/).click();
  await page.getByRole('button', { name: 'Add a folder' }).click();
  await page.getByLabel('Path on this computer').fill(folder);
  await page.getByRole('button', { name: 'Use this folder' }).click();
  await page.getByRole('button', { name: `Use ${name}`, disabled: false }).click({ timeout: engineMs });
  await heading(page, 'Train').waitFor();
}

/** From the Train screen to the end of run 1 with this preset; its evaluation, which follows by itself, may still run. */
export async function trainWith(page: Page, preset: string): Promise<void> {
  await page.getByRole('radio', { name: new RegExp(`^${preset}`) }).check({ timeout: engineMs });
  await page.getByRole('button', { name: 'Start training', disabled: false }).click({ timeout: engineMs });
  await heading(page, /^Run 1: /).waitFor();
  await page.getByRole('main').getByRole('link', { name: 'Evaluate run 1' }).waitFor({ timeout: engineMs });
}
