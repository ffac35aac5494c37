// A model comes from the Hub: looked up with size, licence and destination, fetched over a connection that is cut,
// continued where it was, checked, chosen, and listed. The Hub is a small server on this computer.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type HubServer, startHubServer } from '../helpers/hub-server.ts';
import { expectAccessible } from './axe.ts';
import { engineMs, heading, journeyMs, navLink, openStage, type Stage } from './stage.ts';
import { makeProject } from './steps.ts';
import { oneStory } from './story.ts';

oneStory();
let stage: Stage;
let page: Page;
let hub: HubServer;
let cache: string;

const llama = join(import.meta.dirname, '../reference/llama');
const names = ['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json'];

beforeAll(async () => {
  const files = Object.fromEntries(names.map((name) => [name, readFileSync(join(llama, name))]));
  hub = await startHubServer({ files, cardData: { license: 'mit' } });
  // In the home folder, and removed with it.
  stage = await openStage((home) => {
    cache = join(home, 'hub-cache');
    return {
      sample: false,
      env: { HF_ENDPOINT: hub.url, HF_HOME: cache, HF_HUB_DISABLE_IMPLICIT_TOKEN: '1' },
    };
  });
  page = await stage.open();
  await makeProject(page, 'Downloads');
}, journeyMs);
afterAll(async () => {
  await stage?.close();
  await hub?.close();
}, 60_000);

test(
  'before anything is fetched the screen says what would come, from where and to where',
  async () => {
    await navLink(page, /^Model\b/).click();
    await page.getByRole('link', { name: 'Download', exact: true }).click();
    await page.getByLabel('Name or address').fill(hub.repository);
    await page.getByRole('button', { name: 'Look up' }).click();
    const card = page.getByRole('main');
    await card.getByRole('button', { name: /^Download 416\skB$/ }).waitFor({ timeout: engineMs });
    for (const fact of [/^mit$/, /^main \(0123456789ab\)$/, /^llama$/, /models--tiny--llama/])
      await card.getByRole('definition').filter({ hasText: fact }).first().waitFor();
    expect(hub.fetches('model.safetensors')).toEqual([]);
    await expectAccessible(page, 'Download, looked up');
  },
  journeyMs,
);

test(
  'a connection that is cut in the middle is continued, and the screen says why it waits',
  async () => {
    const pause = { status: 503, headers: { 'retry-after': '3' } };
    hub.next('model.safetensors', { cutAfter: 100_000 }, pause);
    await page.getByRole('button', { name: /^Download 416\skB$/ }).click();
    await page
      .getByText(/a fault of its own \(503\)\. Tunesmith tries again in 3 s/)
      .first()
      .waitFor();
    await page.getByRole('progressbar', { name: 'Download tiny/llama' }).first().waitFor();
    await page.getByText('tiny/llama is here.').waitFor({ timeout: engineMs });
    expect(hub.fetches('model.safetensors').map(({ headers }) => headers.range)).toEqual([
      undefined,
      'bytes=100000-',
      'bytes=100000-',
    ]);
    await expectAccessible(page, 'Download, arrived');
  },
  journeyMs,
);

test(
  'the model is used with one button, listed as ready, and lies whole in the cache',
  async () => {
    await page.getByRole('button', { name: 'Use tiny/llama' }).click();
    await heading(page, 'Dataset').waitFor();
    await navLink(page, /^Model\b.*tiny\/llama/i).click();
    const row = page.getByRole('row', { name: /tiny\/llama/ });
    expect(await row.textContent()).toContain('Download, chosen for this project');
    const snapshots = join(cache, 'hub', 'models--tiny--llama', 'snapshots');
    const [commit] = readdirSync(snapshots);
    for (const name of names)
      expect(readFileSync(join(snapshots, commit, name)).equals(readFileSync(join(llama, name)))).toBe(true);
    expect(existsSync(join(cache, 'hub', 'models--tiny--llama', 'refs', 'main'))).toBe(true);
  },
  journeyMs,
);

test(
  'what was sent and fetched stands in the ledger',
  async () => {
    await page.goto(`${stage.url.href}#/settings/ledger`);
    await page
      .getByRole('row', { name: /model\.safetensors of tiny\/llama/ })
      .first()
      .waitFor();
  },
  journeyMs,
);

test(
  'the settings name the parts of the program, with the text of each licence',
  async () => {
    await page.goto(`${stage.url.href}#/settings/about`);
    await page.getByPlaceholder('Find a part or a licence').fill('onnxruntime-node');
    await page.getByRole('row', { name: /onnxruntime-node/ }).click();
    await page
      .getByRole('dialog')
      .getByText(/Permission is hereby granted/)
      .waitFor();
    await expectAccessible(page, 'Licence of a part');
  },
  journeyMs,
);

test('nothing went wrong on the way', () => {
  expect(stage.faults).toEqual([]);
});
