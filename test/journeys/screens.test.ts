// Every screen in every state, in both themes: axe finds nothing, one heading, one filled button at most, nothing to
// scroll sideways down to 200 % zoom of the smallest window. The screens are the real ones over the fake backend.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium } from '../helpers/chromium.ts';
import { type FakeRenderer, serveFakeRenderer } from '../helpers/fake-renderer.ts';
import { violationsOn } from './axe.ts';

/** One route a screen, visited in every state. */
const main = [
  'projects',
  'projects/p1/documents',
  'projects/p1/dataset',
  'projects/p1/model',
  'settings/ledger',
];

/** And the parts inside of screens, visited where there is something to see. */
const parts = [
  'projects/p1/dataset/draft',
  'projects/p1/dataset/draft/shape',
  'projects/p1/dataset/v4/records',
  'projects/p1/dataset/v4/splits',
  'projects/p1/dataset/v4/checks',
  'projects/p1/model/computer',
  'projects/p1/model/download',
  'projects/p1/model/create',
  'settings/general',
  'settings/devices',
  'settings/storage',
  'settings/about',
];

let browser: Browser;
let renderer: FakeRenderer;

beforeAll(async () => {
  [browser, renderer] = await Promise.all([launchChromium(), serveFakeRenderer()]);
}, 180_000);

afterAll(async () => {
  await browser?.close();
  renderer?.close();
});

interface Look {
  scheme?: 'light' | 'dark';
  state?: 'full' | 'empty' | 'loading' | 'error';
  width?: number;
  height?: number;
}

/** Opens the first route, then visits all of them by their address, as a person does without a reload. */
async function visitAll({ scheme = 'light', state = 'full', width = 1440, height = 900 }: Look, look: Visit) {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: scheme,
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  const routes = state === 'full' ? [...main, ...parts] : main;
  await page.goto(renderer.url(routes[0], state));
  for (const route of routes) {
    await page.evaluate((to) => {
      window.location.hash = `#/${to}`;
    }, route);
    await page.locator('main h1').first().waitFor();
    await settled(page);
    await look(page, route);
  }
  await context.close();
  expect(faults).toEqual([]);
}
type Visit = (page: Page, route: string) => Promise<void>;

/** Resolves when the page has not changed for a moment, as after its last answer of the backend; after a second anyway. */
const settled = (page: Page): Promise<void> =>
  page.evaluate(
    () =>
      new Promise<void>((resolve) => {
        let quiet = setTimeout(resolve, 100);
        setTimeout(resolve, 1000);
        new MutationObserver(() => {
          clearTimeout(quiet);
          quiet = setTimeout(resolve, 100);
        }).observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
      }),
  );

async function axe(page: Page, route: string): Promise<void> {
  const said = (await violationsOn(page)).map(
    (one) => `${route}: ${one.id}: ${one.nodes.map((node) => node.html).join(' ')}`,
  );
  expect(said).toEqual([]);
}

describe('axe finds nothing', () => {
  it.concurrent.each([
    ['full', 'light'],
    ['full', 'dark'],
    ['empty', 'light'],
    ['loading', 'light'],
    ['error', 'dark'],
  ] as const)('on %s screens in %s', (state, scheme) => visitAll({ state, scheme }, axe), 240_000);
});

it.concurrent('axe finds what is planted, so that finding nothing says something', async () => {
  const page = await browser.newPage();
  await page.setContent(
    `<html lang="en"><title>Planted</title><main><h1>Planted</h1><img src="data:,"><p style="color: #aaa">pale</p></main>`,
  );
  const found = (await violationsOn(page)).map(({ id }) => id);
  expect(found).toEqual(expect.arrayContaining(['image-alt', 'color-contrast']));
  await page.close();
});

it.concurrent('every screen has one heading and at most one filled button', async () => {
  await visitAll({}, async (page, route) => {
    expect(await page.locator('h1').count(), route).toBe(1);
    expect(await page.locator('main [data-primary]').count(), route).toBeLessThanOrEqual(1);
  });
}, 120_000);

it.concurrent.each([
  [1024, 700],
  [512, 350],
])(
  'nothing scrolls sideways at %d x %d',
  async (width, height) => {
    await visitAll({ width, height }, async (page, route) => {
      const { page: over, main } = await page.evaluate(() => {
        const element = document.querySelector('main')!;
        return {
          page: document.documentElement.scrollWidth - window.innerWidth,
          main: element.scrollWidth - element.clientWidth,
        };
      });
      expect([over, main], route).toEqual([0, 0]);
    });
  },
  120_000,
);

it.concurrent('wider text spacing cuts nothing off in the header, navigation and tray', async () => {
  await visitAll({}, async (page, route) => {
    await page.addStyleTag({
      content:
        '* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important; }',
    });
    const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(over, route).toBe(0);
  });
}, 120_000);

it.concurrent('a backend that fails is said in a notice with a remedy, and is not asked again without end', async () => {
  await visitAll({ state: 'error' }, async (page) => {
    const before = await page.evaluate(
      () => (window as unknown as { fake: { calls: unknown[] } }).fake.calls.length,
    );
    await page.waitForTimeout(300);
    const after = await page.evaluate(
      () => (window as unknown as { fake: { calls: unknown[] } }).fake.calls.length,
    );
    expect(after - before).toBeLessThan(5);
  });
}, 120_000);
