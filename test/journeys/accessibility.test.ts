// axe on every screen over the real backend, in the light and in the dark theme, and the width of 200 % zoom. Empty,
// loading and failed states are looked at over the fake backend, in screens.test.ts.
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TestClient } from '../helpers/server.ts';
import { expectAccessible } from './axe.ts';
import { engineMs, heading, journeyMs, openStage, quiet, type Stage, until } from './stage.ts';

let stage: Stage;
let client: TestClient;
let page: Page;
let projectId: string;
let runId: string;

beforeAll(async () => {
  stage = await openStage({ sample: true });
  client = await stage.client();
  await until('the sample', async () => (await client.call('projects.list', {})).length === 1);
  await quiet(client);
  projectId = (await client.call('projects.list', {}))[0].id;
  await shortRun();
  page = await stage.open();
}, journeyMs);
afterAll(() => stage?.close(), 60_000);

/** A run of a few steps with an evaluation and an export, so that every screen has something to show. */
async function shortRun(): Promise<void> {
  const [version] = await client.call('datasets.list', { projectId });
  const where = { projectId, versionId: version.id, modelId: 'starter' };
  const [{ settings }] = await client.call('runs.presets', where);
  const short = { ...settings, epochs: 0.03, evalEvery: 2, threads: 0 };
  const run = await client.call('runs.start', {
    ...where,
    name: 'Short',
    settings: short,
    thenEvaluate: false,
  });
  runId = run.id;
  await quiet(client);
  await client.call('evaluations.start', {
    projectId,
    runId,
    split: 'test',
    limit: 3,
    metricIds: [],
    maxNewTokens: 8,
  });
  await client.call('exports.start', { projectId, runId, format: 'lora-adapter' });
  await quiet(client);
}

async function show(hash: string, title: string | RegExp): Promise<void> {
  await page.evaluate((to) => {
    window.location.hash = to;
  }, hash);
  await heading(page, title).waitFor();
  await expect.poll(() => page.locator('[aria-busy="true"]').count(), { timeout: engineMs }).toBe(0);
}

const screens = (project: string): [hash: string, title: string | RegExp][] => [
  ['#/projects', 'Projects'],
  [`#/projects/${project}/documents`, 'Documents'],
  [`#/projects/${project}/dataset`, 'Dataset'],
  [`#/projects/${project}/model`, 'Model'],
  [`#/projects/${project}/train`, 'Train'],
  [`#/projects/${project}/run`, 'Runs'],
  [`#/projects/${project}/evaluate`, 'Evaluate'],
  [`#/projects/${project}/export`, 'Export and serve'],
  [`#/projects/${project}/chat`, 'Chat'],
];

test(
  'every screen of a project at work',
  async () => {
    for (const [hash, title] of screens(projectId)) {
      await show(hash, title);
      await expectAccessible(page, `${title}, full`);
    }
    await show(`#/projects/${projectId}/run/${runId}`, /^Run 1: /);
    await expectAccessible(page, 'Run, full');
  },
  journeyMs,
);

test(
  'the tabs of the dataset and of the settings',
  async () => {
    const [version] = await client.call('datasets.list', { projectId });
    for (const tab of ['shape', 'records', 'splits', 'checks']) {
      await show(`#/projects/${projectId}/dataset/${version.id}/${tab}`, 'Dataset');
      await expectAccessible(page, `Dataset, ${tab}`);
    }
    for (const tab of ['general', 'devices', 'ledger', 'storage', 'about']) {
      await show(`#/settings/${tab}`, 'Settings');
      await expectAccessible(page, `Settings, ${tab}`);
    }
  },
  journeyMs,
);

test(
  'what lies over the screens: palette, keys, switcher, tray, and the dialog of a new project',
  async () => {
    await show(`#/projects/${projectId}/documents`, 'Documents');
    await page.keyboard.press('Control+k');
    await page.getByRole('dialog').waitFor();
    await expectAccessible(page, 'Palette');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Keyboard map' }).click();
    await page.getByRole('dialog', { name: 'Keys' }).waitFor();
    await expectAccessible(page, 'Keys');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+p');
    await page.getByRole('menu').waitFor();
    await expectAccessible(page, 'Project switcher');
    await page.getByRole('menuitem', { name: 'New project' }).click();
    await page.getByRole('dialog').waitFor();
    await expectAccessible(page, 'New project');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+j');
    await expectAccessible(page, 'Tray');
  },
  journeyMs,
);

test(
  'at half the width, as at 200 % zoom, nothing is lost and no page scrolls sideways',
  async () => {
    await page.setViewportSize({ width: 512, height: 384 });
    for (const [hash, title] of [
      ...screens(projectId),
      [`#/projects/${projectId}/run/${runId}`, /^Run 1: /] as const,
    ]) {
      await show(hash, title);
      const sideways = await page.evaluate(() => {
        const main = document.querySelector('main') as HTMLElement;
        return Math.max(
          document.documentElement.scrollWidth - document.documentElement.clientWidth,
          main.scrollWidth - main.clientWidth,
        );
      });
      expect([String(title), sideways]).toEqual([String(title), 0]);
    }
    expect(stage.faults).toEqual([]);
  },
  journeyMs,
);
