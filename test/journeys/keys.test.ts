// The keys of the shell and of the screens, without one pointer event, on the real screens over the fake backend.
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { launchChromium, view } from '../helpers/chromium.ts';
import { type FakeRenderer, serveFakeRenderer } from '../helpers/fake-renderer.ts';

/** A machine under load answers late; a fault never does. */
const soon = { timeout: 20_000 };

let browser: Browser;
let renderer: FakeRenderer;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
  [browser, renderer] = await Promise.all([launchChromium(), serveFakeRenderer()]);
}, 180_000);

afterAll(async () => {
  await browser?.close();
  renderer?.close();
});

beforeEach(async () => {
  context = await browser.newContext(view);
  page = await context.newPage();
});

afterEach(() => context.close());

async function open(route: string): Promise<void> {
  await page.goto(renderer.url(route));
  await page.locator('main h1').waitFor();
}

const calls = (name: string): Promise<{ input: Record<string, unknown> }[]> =>
  page.evaluate(
    (wanted) =>
      (
        window as unknown as { fake: { calls: { name: string; input: Record<string, unknown> }[] } }
      ).fake.calls.filter((one) => one.name === wanted),
    name,
  );

it('the palette reaches a screen by its name, and the reader starts at its heading', async () => {
  await open('projects');
  await page.keyboard.press('Control+k');
  await page.keyboard.type('network led');
  await page.keyboard.press('Enter');
  await page.waitForURL(/#\/settings\/ledger$/);
  await expect.poll(() => page.evaluate(() => document.activeElement?.tagName), soon).toBe('H1');
});

it('F6 goes through header, navigation, main part and jobs', async () => {
  await open('projects/p1/documents');
  const visited: (string | null | undefined)[] = [];
  for (let press = 0; press < 4; press++) {
    await page.keyboard.press('F6');
    visited.push(await page.evaluate(() => document.activeElement?.getAttribute('data-region')));
  }
  expect(visited).toEqual(['header', 'nav', 'main', 'jobs']);
});

it('G and a digit go to a step of the journey', async () => {
  await open('projects/p1/documents');
  await page.keyboard.press('g');
  await page.keyboard.press('3');
  await page.waitForURL(/#\/projects\/p1\/model$/);
});

it('letters typed into a field are text and no keys', async () => {
  await open('projects/p1/documents');
  await page.keyboard.press('Control+f');
  await page.keyboard.type('g3?');
  expect(await page.getByRole('searchbox').inputValue()).toBe('g3?');
  expect(page.url()).toContain('/documents');
  expect(await page.getByRole('dialog').count()).toBe(0);
});

it('a cleaning step is moved with Alt and an arrow, and put back with Ctrl Z', async () => {
  await open('projects/p1/dataset/draft');
  const step = page.getByRole('button', { name: /^Length/ });
  await step.focus();
  await page.keyboard.press('Alt+ArrowUp');
  const order = async () => {
    const saved = await calls('datasets.saveDraft');
    const { steps } = saved.at(-1)!.input.recipe as { steps: { id: string }[] };
    return steps.map((one) => one.id).indexOf('length');
  };
  await expect.poll(order, soon).toBe(1);
  expect(await page.evaluate(() => document.activeElement?.getAttribute('data-step'))).toBe('length');
  await page.keyboard.press('Control+z');
  await expect.poll(order, soon).toBe(2);
});

it('a failed file is left out from its notice, and used again from the toast', async () => {
  await open('projects/p1/documents');
  await page.getByRole('button', { name: 'Leave it out' }).focus();
  await page.keyboard.press('Enter');
  const undo = page.getByRole('region', { name: 'Just done' }).getByRole('button', { name: 'Undo' });
  await undo.focus();
  await page.keyboard.press('Enter');
  await expect
    .poll(async () => (await calls('documents.leaveOut')).map((one) => one.input.leftOut), soon)
    .toEqual([true, false]);
});

it('rows are walked with the arrows, and the page beside them follows', async () => {
  await open('projects/p1/documents');
  await page.locator('tr[data-row="0"]').focus();
  await page.keyboard.press('ArrowDown');
  await expect
    .poll(
      () => page.getByRole('heading', { level: 2, name: 'Fault codes AX series, rev. 7.pdf' }).count(),
      soon,
    )
    .toBe(1);
  await page.keyboard.press('End');
  expect(await page.evaluate(() => document.activeElement?.getAttribute('data-row'))).toBe('10');
});

it('a project is named for good before it is deleted for good, and the safe button has the focus', async () => {
  await open('projects');
  await page.getByRole('button', { name: /^Trash/ }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Delete for good' }).focus();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: /for good/ });
  await dialog.getByRole('textbox').fill('Something else');
  expect(await dialog.getByRole('button', { name: 'Delete it for good' }).getAttribute('aria-disabled')).toBe(
    'true',
  );
  await dialog.getByRole('textbox').fill('First try');
  await dialog.getByRole('button', { name: 'Delete it for good' }).focus();
  await page.keyboard.press('Enter');
  await expect.poll(async () => (await calls('projects.purge')).length, soon).toBe(1);
});

it('work is stopped from the tray', async () => {
  await open('projects/p1/documents');
  await page.keyboard.press('Control+j');
  await page.getByRole('button', { name: /^Stop and keep step 500/ }).focus();
  await page.keyboard.press('Enter');
  await expect
    .poll(async () => (await calls('jobs.cancel')).map((one) => one.input.jobId), soon)
    .toEqual(['j1']);
});
