// `npm run screenshots`: starts browser mode over a fresh home folder, trains the sample with its button, and writes a
// picture of every screen to resources/screenshots.
// Only the folders of this machine are written differently from what the app shows.
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { root } from './helpers/home.ts';
import {
  chartReaches,
  heading,
  navLink,
  openStage,
  readChart,
  type Stage,
  sampleReady,
} from './journeys/stage.ts';

const folder = join(root, 'resources', 'screenshots');
const finishMs = 3_600_000;

async function picture(stage: Stage, page: Page, name: string): Promise<void> {
  await page.mouse.move(720, 895); // no tooltip, nothing hovered
  await page.waitForFunction(`document.querySelector('[aria-busy="true"]') === null`);
  const places = JSON.stringify({ [stage.home]: '~/.tunesmith', [root]: '~/tunesmith' });
  await page.evaluate(`(${hidePaths})(${places})`);
  await page.waitForTimeout(600); // charts redraw at most four times a second
  const path = join(folder, `${name}.png`);
  await page.screenshot({ path, animations: 'disabled' });
  console.log(`${name}.png, ${Math.round(statSync(path).size / 1000)} kB`);
}

/** Runs in the page: writes the folders of this machine as a person would see theirs. */
const hidePaths = `(places) => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode())
    for (const [path, shown] of Object.entries(places))
      if (node.nodeValue.includes(path)) node.nodeValue = node.nodeValue.replaceAll(path, shown);
}`;

async function inBothThemes(stage: Stage, page: Page, name: string): Promise<void> {
  await picture(stage, page, name);
  await page.emulateMedia({ colorScheme: 'dark' });
  await picture(stage, page, `${name}-dark`);
  await page.emulateMedia({ colorScheme: 'light' });
}

async function train(stage: Stage, page: Page): Promise<void> {
  await navLink(page, /^Train\b/).click();
  await page.getByText('about', { exact: false }).first().waitFor();
  const start = page.getByRole('button', { name: 'Start training', disabled: false });
  await start.waitFor({ timeout: finishMs });
  await page
    .getByText(/^(Predicted|Measured)/)
    .first()
    .waitFor({ timeout: finishMs });
  await picture(stage, page, 'train');
  await start.click();
  await heading(page, /^Run 1: /).waitFor();
  await chartReaches(page, 2, finishMs);
  const { steps } = await readChart(page);
  await chartReaches(page, Math.round(steps * 0.6), finishMs);
  await inBothThemes(stage, page, 'run');
  await page.getByRole('main').getByRole('link', { name: 'Evaluate run 1' }).waitFor({ timeout: finishMs });
}

async function results(stage: Stage, page: Page): Promise<void> {
  await page.getByRole('main').getByRole('link', { name: 'Evaluate run 1' }).click();
  await page.getByRole('row', { name: /Loss on the reference/ }).waitFor({ timeout: finishMs });
  await inBothThemes(stage, page, 'evaluate');
  await navLink(page, 'Chat').click();
  const questions = page.getByRole('region', { name: /that run 1 never saw/ }).getByRole('button');
  await questions.first().waitFor({ timeout: finishMs });
  const asked = (await questions.allTextContents()).slice(0, 3);
  for (const [at, question] of asked.entries()) {
    await page.getByLabel('Your question').fill(question);
    await page.getByRole('button', { name: 'Send', exact: true, disabled: false }).click();
    const turn = page.getByRole('article', { name: `Question ${at + 1}` });
    await turn
      .getByText(/tokens\/s/)
      .nth(1)
      .waitFor({ timeout: finishMs });
  }
  await picture(stage, page, 'chat');
  await navLink(page, /^Export and serve/).click();
  for (const name of ['Export adapter (PEFT)', 'Export whole model (safetensors)']) {
    await page.getByRole('button', { name }).click();
    const label = name.slice('Export '.length).replace(/^./, (letter) => letter.toUpperCase());
    const proof = page.getByRole('region', { name: `Proof for ${label}` });
    await proof.getByText(/^The same: /).waitFor({ timeout: finishMs });
  }
  await picture(stage, page, 'export');
}

mkdirSync(folder, { recursive: true });
const stage = await openStage({ sample: true });
try {
  const page = await stage.open();
  await sampleReady(page);
  await page.getByText(/ · .* memory$/).waitFor({ timeout: finishMs });
  await inBothThemes(stage, page, 'projects');
  await navLink(page, /^Documents\b/).click();
  await page.getByText('product-sheets.pdf').click();
  await page.getByText('Text that was read').waitFor();
  await picture(stage, page, 'documents');
  await navLink(page, /^Dataset\b/).click();
  await page.getByRole('list', { name: 'Tokens of this record' }).waitFor({ timeout: finishMs });
  await page.getByRole('img', { name: /^Length of/ }).waitFor({ timeout: finishMs });
  await inBothThemes(stage, page, 'dataset');
  await navLink(page, /^Model\b/).click();
  await heading(page, 'Model').waitFor();
  await picture(stage, page, 'model');
  await train(stage, page);
  await results(stage, page);
  await page.goto(`${stage.url.href}#/settings/devices`);
  await heading(page, 'Settings').waitFor();
  await picture(stage, page, 'settings');
  if (stage.faults.length > 0) throw new Error(`Pages had errors: ${stage.faults.join('; ')}`);
} finally {
  await stage.close();
}
