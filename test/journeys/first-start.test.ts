// The first journey: start, train the sample with one button, see that it got better, talk to it, take it away.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  chartReaches,
  engineMs,
  heading,
  journeyMs,
  navLink,
  openStage,
  readChart,
  type Stage,
  sampleReady,
} from './stage.ts';
import { oneStory } from './story.ts';

oneStory();
let stage: Stage;
let page: Page;

beforeAll(async () => {
  stage = await openStage({ sample: true });
  page = await stage.open({ acceptDownloads: true });
}, journeyMs);
afterAll(() => stage?.close(), 60_000);

/** Enough for the loss to fall clearly; the whole run is measured by test/sample-check.ts. */
const enoughSteps = 24;

test(
  'the first start leads to the sample, and one button trains it while the chart moves',
  async () => {
    await heading(page, 'Projects').waitFor();
    await (await sampleReady(page)).click();
    await heading(page, /^Run 1: /).waitFor();
    await chartReaches(page, 2);
    const early = await readChart(page);
    expect(early.steps).toBeGreaterThan(100);
    await navLink(page, /^Train\W+running\W+run 1 running/i).waitFor();
    await chartReaches(page, enoughSteps);
    const later = await readChart(page);
    expect(later.loss).toBeLessThan(early.loss - 0.1);
    await page.getByRole('button', { name: 'Stop and keep the best', exact: true }).click();
    await page.getByRole('main').getByRole('link', { name: 'Evaluate run 1' }).waitFor({ timeout: engineMs });
  },
  journeyMs,
);

test(
  'the evaluation says with numbers that tuned is better than base',
  async () => {
    await page.getByRole('main').getByRole('link', { name: 'Evaluate run 1' }).click();
    await page.getByLabel('Records at most').fill('6');
    await page.getByLabel('Longest answer').fill('24');
    await page.getByRole('button', { name: 'Evaluate run 1' }).click();
    const loss = page.getByRole('row', { name: /Loss on the reference/ });
    await loss.waitFor({ timeout: engineMs });
    expect(await loss.textContent()).toContain('Better');
    await page.getByText(/^The tuned model is better than the base on \d of \d measures/).waitFor();
    await navLink(page, /^Evaluate\W+done\W+better on/i).waitFor();
    expect(
      await page
        .getByRole('group', { name: /records/i })
        .last()
        .textContent(),
    ).toContain('Reference');
  },
  journeyMs,
);

test(
  'base and tuned answer the same held-out message side by side, and differently',
  async () => {
    await navLink(page, 'Chat').click();
    const suggestions = page.getByRole('region', { name: 'Records that run 1 never saw' });
    const question = await suggestions.getByRole('button').first().textContent();
    await suggestions.getByRole('button').first().click();
    const turn = page.getByRole('article', { name: 'Question 1' });
    await expect.poll(() => turn.getByText(/tokens\/s/).count(), { timeout: engineMs }).toBe(2);
    expect(await turn.textContent()).toContain(question);
    const answerOf = (label: string): Promise<string | null> =>
      turn
        .getByRole('heading', { name: `Answer of ${label}` })
        .locator('..')
        .getByRole('paragraph')
        .textContent();
    const [base, tuned] = [await answerOf('Starter'), await answerOf('Run 1')];
    expect(tuned).toMatch(/\S/);
    expect(tuned).not.toBe(base);
  },
  journeyMs,
);

test(
  'both exports are proven equal, lie on disk, and can be downloaded',
  async () => {
    await navLink(page, /^Export and serve/).click();
    for (const [button, files] of [
      ['Export adapter (PEFT)', ['adapter_config.json', 'adapter_model.safetensors']],
      [
        'Export whole model (safetensors)',
        ['config.json', 'generation_config.json', 'model.safetensors', 'tokenizer.json'],
      ],
    ] as const) {
      await page.getByRole('button', { name: button }).click();
      const label = button.replace('Export ', '').replace(/^./, (letter) => letter.toUpperCase());
      const proof = page.getByRole('region', { name: `Proof for ${label}` });
      await proof.getByText(/^The same: /).waitFor({ timeout: engineMs });
      const folder = ((await proof.locator('code').last().textContent()) ?? '').trim();
      expect(folder.startsWith(stage.home)).toBe(true);
      expect(readdirSync(folder)).toEqual(expect.arrayContaining([...files]));
    }
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download as zip' }).click(),
    ]);
    expect(
      readFileSync(await download.path())
        .subarray(0, 2)
        .toString(),
    ).toBe('PK');
    const [project] = readdirSync(join(stage.home, 'projects'));
    expect(readdirSync(join(stage.home, 'projects', project, 'exports'))).toHaveLength(2);
  },
  journeyMs,
);

test('nothing went wrong on the way', () => {
  expect(stage.faults).toEqual([]);
});
