// Models that do not chat: a classifier of messages (BERT) and one that rewrites a text (T5), each from a CSV file to a
// dataset, a short training, an evaluation in its own measures, and an answer on the try-out screen.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bertFolder, copyRecords, message, t5Folder } from '../helpers/tiny-tasks.ts';
import { expectAccessible } from './axe.ts';
import { engineMs, journeyMs, navLink, openStage, type Stage } from './stage.ts';
import { addFile, freeze, makeProject, trainWith, useModelFolder } from './steps.ts';
import { oneStory } from './story.ts';

oneStory();
let stage: Stage;
let page: Page;

beforeAll(async () => {
  stage = await openStage({ sample: false });
  page = await stage.open();
}, journeyMs);
afterAll(() => stage?.close(), 60_000);

const csv = (head: string, rows: readonly (readonly string[])[]): string =>
  [head, ...rows.map((row) => row.map((cell) => `"${cell}"`).join(','))].join('\n');

async function project(name: string, file: string, text: string): Promise<void> {
  await makeProject(page, name);
  const path = join(stage.home, file);
  writeFileSync(path, text);
  await addFile(page, path);
}

/** Sends a text on the try-out screen, and gives what the tuned column says when it has answered. */
async function tryOut(text: string): Promise<string> {
  await navLink(page, 'Chat').click();
  await page.getByLabel('Your question').fill(text);
  await page.getByRole('button', { name: 'Send', exact: true, disabled: false }).click({ timeout: engineMs });
  const answer = page.getByRole('heading', { name: 'Answer of Run 1' }).locator('..');
  await answer.getByRole('button', { name: 'Copy the answer' }).waitFor({ timeout: engineMs });
  return (await answer.textContent()) ?? '';
}

test(
  'a column of labels is recognised, and trains a classifier',
  async () => {
    const rows = Array.from({ length: 96 }, (_, i) => [message(i).text, message(i).topic]);
    await project('Topics', 'messages.csv', csv('text,label', rows));
    await freeze(page);
    await page.getByText('labelled text').first().waitFor();
    await useModelFolder(page, bertFolder(stage.home), 'bert');
    await trainWith(page, 'Balanced');
    await page.getByText('nats/record').first().waitFor();
  },
  journeyMs,
);

test(
  'its evaluation counts right labels, and says nothing of tokens',
  async () => {
    await page.getByRole('main').getByRole('link', { name: 'Evaluate run 1' }).click();
    const accuracy = page.getByRole('row', { name: /Right label \(accuracy\)/ });
    await accuracy.waitFor({ timeout: engineMs });
    expect(await accuracy.textContent()).toMatch(/100\.0.*Better/);
    const loss = page.getByRole('row', { name: /Loss on the reference/ });
    expect(await loss.textContent()).toContain('nats per record');
    expect(await page.getByRole('main').textContent()).not.toContain('tokens at most');
    await expectAccessible(page, 'Evaluation of a classifier');
  },
  journeyMs,
);

test(
  'a text gets its label with a probability, where the base has none to give',
  async () => {
    expect(await tryOut(message(95).text)).toMatch(/shipping\d\d\.\d\s% probable/);
    const base = page.getByRole('heading', { name: 'Answer of bert' }).locator('..');
    expect(await base.textContent()).toContain('no label');
    await expectAccessible(page, 'Try-out of a classifier');
  },
  journeyMs,
);

test(
  'of a run that trained whole weights, the whole model is offered first and no adapter',
  async () => {
    await navLink(page, /^Export and serve/).click();
    await page.getByRole('button', { name: 'Export whole model (safetensors)', disabled: false }).waitFor();
    await page.getByRole('row', { name: /Adapter \(PEFT\)/ }).click();
    const adapter = page.getByRole('button', { name: 'Export adapter (PEFT)' });
    expect(await adapter.getAttribute('aria-disabled')).toBe('true');
    expect(stage.faults).toEqual([]);
  },
  journeyMs,
);

test(
  'pairs of texts train an encoder-decoder, which is measured and answers',
  async () => {
    const rows = copyRecords().map(({ content }) =>
      content.type === 'chat' ? content.messages.map((one) => one.content) : [],
    );
    await page.goto(`${stage.url.href}#/projects`);
    await project('Copies', 'copies.csv', csv('input,output', rows));
    await freeze(page);
    await useModelFolder(page, t5Folder(stage.home), 't5');
    await trainWith(page, 'Quick look');
    await page.getByRole('main').getByRole('link', { name: 'Evaluate run 1' }).click();
    const loss = page.getByRole('row', { name: /Loss on the reference/ });
    await loss.waitFor({ timeout: engineMs });
    expect(await loss.textContent()).toMatch(/nats per token.*Better/);
    expect(await tryOut('copy red now 3')).toMatch(/\d+\stokens?.*to the first/);
    expect(stage.faults).toEqual([]);
  },
  journeyMs,
);
