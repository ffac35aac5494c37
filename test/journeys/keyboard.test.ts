// The first journey without a pointer: every step is done with keys, and the focus says where one is.
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { engineMs, heading, journeyMs, openStage, type Stage, sampleReady } from './stage.ts';
import { oneStory } from './story.ts';

oneStory();
let stage: Stage;
let page: Page;

beforeAll(async () => {
  stage = await openStage({ sample: true });
  page = await stage.open();
  await page.evaluate(() => {
    for (const kind of ['pointerdown', 'mousedown', 'touchstart'])
      window.addEventListener(kind, () => Object.assign(window, { pointerWasUsed: true }), true);
  });
}, journeyMs);
afterAll(() => stage?.close(), 60_000);

/** Name and kind of what has the focus, as a screen reader would begin to say it. */
const focused = (): Promise<string> =>
  page.evaluate(() => {
    const element = document.activeElement;
    if (!(element instanceof HTMLElement)) return '';
    const labels =
      element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement ? element.labels : null;
    const name = element.getAttribute('aria-label') ?? labels?.[0]?.textContent ?? element.textContent ?? '';
    return name.replace(/\s+/g, ' ').trim();
  });

/** Presses Tab until something of that name has the focus. */
async function tabTo(name: RegExp, most = 120): Promise<void> {
  const seen: string[] = [];
  for (let presses = 0; presses < most; presses++) {
    const now = await focused();
    if (name.test(now)) return;
    seen.push(now);
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab never reached ${name}. It passed: ${seen.join(' | ')}`);
}

/** The next step of the screen: its one filled button. */
const nextStep = async (name: string): Promise<void> => {
  await page
    .locator('main [data-primary]:not([aria-disabled="true"])', { hasText: name })
    .waitFor({ timeout: engineMs });
  await page.keyboard.press('Control+Enter');
};

test(
  'a step of the journey is one key away, and the focus goes to its heading',
  async () => {
    await sampleReady(page);
    await page.keyboard.press('g');
    await page.keyboard.press('4');
    await heading(page, 'Train').waitFor();
    await expect.poll(focused).toBe('Train');
  },
  journeyMs,
);

test(
  'a setting is found, changed, put back and changed again by keys',
  async () => {
    await page.getByText('All settings').waitFor({ timeout: engineMs });
    await page.keyboard.press('Control+f');
    await expect.poll(focused).toMatch(/find a setting/i);
    await page.keyboard.type('epochs');
    await tabTo(/^Epochs/);
    await page.keyboard.press('Control+a');
    await page.keyboard.type('3');
    await page.getByText('Changed', { exact: true }).first().waitFor();
    await tabTo(/^Reset Epochs/);
    await page.keyboard.press('Enter');
    await page.getByText('Changed', { exact: true }).first().waitFor({ state: 'hidden' });
    await page.keyboard.press('Control+f');
    await tabTo(/^Epochs/);
    await page.keyboard.press('Control+a');
    await page.keyboard.type('0.03'); // a few steps, each with a validation
  },
  journeyMs,
);

test(
  'the run starts, is read step by step with arrow keys, and finishes',
  async () => {
    await tabTo(/^Evaluate base against tuned on 120 test records/);
    await page.keyboard.press('Space');
    await page.getByText('You can evaluate the run later').waitFor();
    await nextStep('Start training');
    await heading(page, /^Run 1: /).waitFor();
    await page.getByRole('main').getByRole('link', { name: 'Evaluate run 1' }).waitFor({ timeout: engineMs });
    await page.getByText('Finished', { exact: true }).waitFor();
    await tabTo(/^Loss over \d+ of \d+ steps/);
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowRight');
    expect(await page.locator(':focus').getAttribute('aria-valuetext')).toMatch(
      /^Step 1, Training \d\.\d{3}, Validation \d\.\d{3}/,
    );
  },
  journeyMs,
);

test(
  'base and tuned are measured, and the result leads on to the export',
  async () => {
    await nextStep('Evaluate run 1');
    await heading(page, 'Evaluate').waitFor();
    await tabTo(/^Records at most/);
    await page.keyboard.press('Control+a');
    await page.keyboard.type('4');
    await tabTo(/^Longest answer/);
    await page.keyboard.press('Control+a');
    await page.keyboard.type('16');
    await page.keyboard.press('Enter');
    await page.getByRole('row', { name: /Loss on the reference/ }).waitFor({ timeout: engineMs });
    await nextStep('Export this model');
    await heading(page, 'Export and serve').waitFor();
    await nextStep('Export adapter (PEFT)');
    await page.getByText(/^The same: /).waitFor({ timeout: engineMs });
  },
  journeyMs,
);

test(
  'the palette leads to the chat, where a held-out message is asked',
  async () => {
    await page.keyboard.press('Control+k');
    await expect.poll(focused).toMatch(/^Find a screen/);
    await page.keyboard.type('chat');
    await page.keyboard.press('Enter');
    await heading(page, 'Chat').waitFor();
    await page.getByRole('region', { name: /that run 1 never saw/ }).waitFor({ timeout: engineMs });
    const suggestion = await page
      .getByRole('region', { name: /that run 1 never saw/ })
      .getByRole('button')
      .first()
      .textContent();
    await tabTo(
      new RegExp(
        `^${String(suggestion)
          .slice(0, 20)
          .replace(/[^\w ]/g, '.')}`,
      ),
    );
    await page.keyboard.press('Enter');
    const turn = page.getByRole('article', { name: 'Question 1' });
    await expect.poll(() => turn.getByText(/tokens\/s/).count(), { timeout: engineMs }).toBe(2);
  },
  journeyMs,
);

test('F6 goes round the regions, and no pointer was used', async () => {
  const regions: (string | null)[] = [];
  for (let i = 0; i < 4; i++) {
    await page.keyboard.press('F6');
    regions.push(await page.locator(':focus').getAttribute('data-region'));
  }
  expect([...regions].sort()).toEqual(['header', 'jobs', 'main', 'nav']);
  expect(await page.evaluate(() => 'pointerWasUsed' in window)).toBe(false);
  expect(stage.faults).toEqual([]);
});
