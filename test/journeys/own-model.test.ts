// A model of one's own: from the project's text to a tokenizer, a tiny network with random weights, a short training, and
// an answer of it.
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectAccessible } from './axe.ts';
import { engineMs, heading, journeyMs, navLink, openStage, readChart, type Stage } from './stage.ts';
import { addFile, freeze, makeProject, trainWith } from './steps.ts';
import { oneStory } from './story.ts';

oneStory();
let stage: Stage;
let page: Page;

const boats = Array.from({ length: 120 }, (_, i) => {
  const [colour, side] = [['red', 'blue', 'green'][i % 3], ['north', 'south'][i % 2]];
  return `The ${colour} boat number ${i} sails to the ${side} harbour with ${i} boxes of tea.`;
}).join('\n\n');

beforeAll(async () => {
  stage = await openStage({ sample: false });
  page = await stage.open();
  await makeProject(page, 'My boats');
}, journeyMs);
afterAll(() => stage?.close(), 60_000);

test(
  'without text nothing can be made, and the screen leads to the documents',
  async () => {
    await navLink(page, /^Model\b/).click();
    await page.getByRole('link', { name: 'Make your own' }).click();
    await page.getByText('The project has no text yet. Add documents first.').waitFor({ timeout: engineMs });
    const button = page.getByRole('button', { name: 'Make the model' });
    expect(await button.getAttribute('aria-disabled')).toBe('true');
    await page.getByRole('link', { name: 'Add documents' }).click();
    const file = join(stage.home, 'boats.txt');
    writeFileSync(file, boats);
    await addFile(page, file);
    await freeze(page);
  },
  journeyMs,
);

test(
  'sizes that do not fit are said beside their fields, and what fits is weighed while typing',
  async () => {
    await navLink(page, /^Model\b/).click();
    await page.getByRole('link', { name: 'Make your own' }).click();
    await page.getByLabel('Name', { exact: true }).fill('Boats');
    const sizes = { Layers: 2, Width: 65, Heads: 4, 'Key/value heads': 2, Context: 256, Size: 300 };
    for (const [label, value] of Object.entries(sizes))
      await page.getByLabel(label, { exact: true }).fill(String(value));
    await page.getByText('Some sizes do not fit; see the fields.').waitFor({ timeout: engineMs });
    await page.getByLabel('Width', { exact: true }).fill('64');
    const design = page.getByRole('definition');
    await design.filter({ hasText: /^117,824/ }).waitFor({ timeout: engineMs });
    await expectAccessible(page, 'Make your own');
  },
  journeyMs,
);

test(
  'the tokenizer and the model are made, and the screen compares how finely it cuts the text',
  async () => {
    await page.getByRole('button', { name: 'Make the model', disabled: false }).click();
    await page.getByText('is made and in the list').waitFor({ timeout: engineMs });
    await page.getByText(/^Your text takes \d+\s% more tokens than with Starter/).waitFor();
    const row = page.getByRole('row', { name: /^Boats 300/ });
    expect(await row.textContent()).toMatch(/300\d\.\d\d\d\.\d\d$/);
    expect(existsSync(join(stage.home, 'models'))).toBe(true);
    await expectAccessible(page, 'A model of one’s own is made');
  },
  journeyMs,
);

test(
  'every weight of it is trained, and the loss falls',
  async () => {
    await page.getByRole('button', { name: 'Use this model' }).click();
    await heading(page, 'Train').waitFor();
    await trainWith(page, 'Quick look');
    const { step, steps, loss } = await readChart(page);
    expect(step).toBe(steps);
    expect(loss).toBeLessThan(Math.log(300)); // what guessing among 300 tokens costs
  },
  journeyMs,
);

test(
  'it answers in the chat beside its untrained self',
  async () => {
    await navLink(page, 'Chat').click();
    await page.getByLabel('Your question').fill('The red boat');
    await page
      .getByRole('button', { name: 'Send', exact: true, disabled: false })
      .click({ timeout: engineMs });
    const turn = page.getByRole('article', { name: 'Question 1' });
    await expect.poll(() => turn.getByText(/tokens\/s/).count(), { timeout: engineMs }).toBe(2);
    expect(stage.faults).toEqual([]);
  },
  journeyMs,
);
