// Where a journey is played: browser mode as a process of its own over a fresh home folder, and Chromium in front of it.
// Notes every error that a page throws or prints, so that a journey can end with "and nothing went wrong".
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { rendererIsOld } from '../../main/start.ts';
import { launchChromium, view } from '../helpers/chromium.ts';
import { root, temporaryFolder } from '../helpers/home.ts';
import { connectTo, startServer, type TestClient } from '../helpers/server.ts';

/** For what the engine does: generous, because other work on the machine makes it several times slower. */
export const engineMs = 240_000;
export const journeyMs = 600_000;

export interface Stage {
  home: string;
  url: URL;
  browser: Browser;
  /** A window of its own, at the printed address. */
  open(options?: BrowserContextOptions): Promise<Page>;
  /** The same calls that pages make, for what a journey takes as given. */
  client(): Promise<TestClient>;
  /** What pages threw or printed as an error. */
  faults: string[];
  close(): Promise<void>;
}

export interface StageOptions {
  sample: boolean;
  /** More variables for the backend. */
  env?: Record<string, string>;
}

/** Options that name places in the home folder are given as a function of it. */
export async function openStage(options: StageOptions | ((home: string) => StageOptions)): Promise<Stage> {
  if (rendererIsOld(root)) buildRenderer();
  const home = temporaryFolder();
  const { sample, env = {} } = typeof options === 'function' ? options(home.folder) : options;
  const server = await startServer(home.folder, { TUNESMITH_SAMPLE: sample ? 'on' : 'off', ...env });
  const browser = await launchChromium();
  const clients: TestClient[] = [];
  const faults: string[] = [];
  return {
    home: home.folder,
    url: server.url,
    browser,
    faults,
    async open(options = {}) {
      const context = await browser.newContext({ ...view, ...options });
      const page = await context.newPage();
      page.setDefaultTimeout(60_000);
      page.on('pageerror', (error) =>
        faults.push(`${page.url().split('#')[1]}: ${error.stack ?? error.message}`),
      );
      page.on('console', (message) => {
        if (message.type() === 'error') faults.push(`${page.url().split('#')[1]}: ${message.text()}`);
      });
      await page.goto(server.url.href);
      return page;
    },
    async client() {
      const client = await connectTo(server.url);
      clients.push(client);
      return client;
    },
    async close() {
      for (const client of clients) client.close();
      await browser.close();
      await server.stop();
      home.remove();
    },
  };
}

/** As `npm start` does, but outside of the test runner, whose NODE_ENV would give React's development build. */
function buildRenderer(): void {
  const args = [join(root, 'node_modules', 'vite', 'bin', 'vite.js'), 'build', '--logLevel', 'warn'];
  const built = spawnSync(process.execPath, [...args, '--config', join(root, 'renderer', 'vite.config.ts')], {
    env: { ...process.env, NODE_ENV: 'production' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (built.status !== 0) throw new Error('The renderer could not be built; the reason is above.');
}

/** Asks again and again until the answer is yes. For hooks too, where `expect.poll` may not be used. */
export async function until(what: string, probe: () => Promise<boolean>, withinMs = engineMs): Promise<void> {
  for (const end = Date.now() + withinMs; !(await probe()); await sleep(200))
    if (Date.now() > end) throw new Error(`Waited ${withinMs / 1000} s for ${what}.`);
}

/** A link of the left navigation; its name says title, state and fact. */
export const navLink = (page: Page, name: string | RegExp): Locator =>
  page.getByRole('navigation', { name: 'Steps' }).getByRole('link', { name });

/** Waits until the sample can be trained, and returns its button. */
export async function sampleReady(page: Page): Promise<Locator> {
  const button = page.getByRole('button', { name: 'Train the sample', disabled: false });
  await button.waitFor({ timeout: engineMs });
  return button;
}

export const heading = (page: Page, name: string | RegExp): Locator =>
  page.getByRole('heading', { level: 1, name });

/** The loss chart: its name says how far the run is, and where training stands. */
export const lossChart = (page: Page): Locator => page.getByRole('slider', { name: /^Loss over/ });

/** What the chart says now: the last step, all steps, and the smoothed training loss. */
export async function readChart(page: Page): Promise<{ step: number; steps: number; loss: number }> {
  const name = (await lossChart(page).getAttribute('aria-label')) ?? '';
  const found = /^Loss over ([\d,]+) of ([\d,]+) steps: training ([\d.–]+)/.exec(name);
  const [step, steps, loss] = (found ?? []).slice(1).map((part) => Number(part.replaceAll(',', '')));
  return { step, steps, loss };
}

/** Resolves when the chart shows that step or a later one. */
export async function chartReaches(page: Page, step: number, withinMs = engineMs): Promise<void> {
  await lossChart(page).waitFor({ timeout: withinMs });
  await until(`step ${step} in the chart`, async () => (await readChart(page)).step >= step, withinMs);
}

/** Resolves when no job is left that works or waits. */
export async function quiet(client: TestClient): Promise<void> {
  const active = async () => (await client.call('jobs.list', {})).filter((job) => job.endedAt === null);
  await until('all jobs to end', async () => (await active()).length === 0);
}
