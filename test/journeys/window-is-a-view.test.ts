// The window is only a view (field case F08): double clicks, two tabs, a reload and closing them all change nothing in
// a run, and every tab shows all of it.
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TestClient } from '../helpers/server.ts';
import {
  chartReaches,
  engineMs,
  heading,
  journeyMs,
  lossChart,
  navLink,
  openStage,
  readChart,
  type Stage,
  sampleReady,
  until,
} from './stage.ts';
import { oneStory } from './story.ts';

oneStory();
let stage: Stage;
let client: TestClient;
let one: Page;
let two: Page;
let projectId: string;

const runs = () => client.call('runs.list', { projectId });

beforeAll(async () => {
  stage = await openStage({ sample: true });
  client = await stage.client();
  [one, two] = [await stage.open(), await stage.open()];
  await sampleReady(one);
  projectId = (await client.call('projects.list', {}))[0].id;
}, journeyMs);
afterAll(() => stage?.close(), 180_000);

/** Two clicks as fast as a page can take them. */
const doubleClick = (button: Locator): Promise<void> =>
  button.evaluate((element: HTMLElement) => {
    element.click();
    element.click();
  });

test(
  'a double click on Start in two tabs at once starts one run, and both tabs show it',
  async () => {
    const starts: Locator[] = [];
    for (const page of [one, two]) {
      await navLink(page, /^Train\b/).click();
      starts.push(page.getByRole('button', { name: 'Start training', disabled: false }));
    }
    for (const start of starts) await start.waitFor({ timeout: engineMs });
    await Promise.all(starts.map(doubleClick));
    for (const page of [one, two]) await heading(page, /^Run 1: /).waitFor();
    expect(await runs()).toHaveLength(1);
    expect(new URL(one.url()).hash).toBe(new URL(two.url()).hash);
  },
  journeyMs,
);

test(
  'what one tab does to the run, the other shows',
  async () => {
    await chartReaches(one, 2);
    await one.getByRole('button', { name: 'Pause', exact: true }).click();
    for (const page of [one, two])
      await page.getByText('Paused', { exact: true }).waitFor({ timeout: engineMs });
    await until('both tabs to show the same step', async () => {
      const steps = [await readChart(one), await readChart(two)].map(({ step }) => step);
      return steps[0] === steps[1];
    });
    await two.getByRole('button', { name: 'Resume', exact: true }).click();
    for (const page of [one, two])
      await page.getByText('Running', { exact: true }).waitFor({ timeout: engineMs });
  },
  journeyMs,
);

test(
  'after a reload in the middle of training the full chart is there, from the first step, and goes on',
  async () => {
    await chartReaches(one, 4);
    const before = await readChart(one);
    await one.reload();
    await lossChart(one).waitFor();
    const after = await readChart(one);
    expect(after.step).toBeGreaterThanOrEqual(before.step);
    await one.getByRole('button', { name: 'Table', exact: true }).click();
    const table = one.getByRole('dialog').getByRole('row');
    const steps = (await table.allInnerTexts()).slice(1).map((row) => Number.parseInt(row, 10));
    expect(steps.length).toBeGreaterThan(after.step); // and the validation before the first step
    expect(steps).toEqual(steps.map((_, at) => at));
    await one.keyboard.press('Escape');
    await chartReaches(one, after.step + 2);
    expect(await runs()).toHaveLength(1);
  },
  journeyMs,
);

test(
  'with every tab closed the run goes on, and a new tab shows all of it',
  async () => {
    const address = one.url();
    const before = await readChart(one);
    await one.context().close();
    await two.context().close();
    await expect
      .poll(async () => (await runs())[0].step, { timeout: engineMs, interval: 250 })
      .toBeGreaterThan(before.step + 1);
    const again = await stage.open();
    await again.goto(`${stage.url.href}${new URL(address).hash}`);
    await lossChart(again).waitFor();
    expect((await readChart(again)).step).toBeGreaterThan(before.step + 1);
    const [run] = await runs();
    await client.call('runs.stop', { projectId, runId: run.id });
    await again.getByText('Stopped', { exact: true }).waitFor({ timeout: engineMs });
  },
  journeyMs,
);

test('nothing went wrong on the way', () => {
  expect(stage.faults).toEqual([]);
});
