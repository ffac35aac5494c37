// Finds a Chromium for the tests that need a browser, and installs one where the machine can get it. Never downloads a
// build of its own.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium, type LaunchOptions } from 'playwright-core';

const sentence =
  'The browser tests need Chrome, Edge or Chromium, and none was found. Install one (Debian, Ubuntu: sudo apt-get install chromium) and run npm test again.';
const isRoot = process.getuid?.() === 0;

function onPath(name: string): string | undefined {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));
}

const systemChromium = (): string | undefined => onPath('chromium') ?? onPath('chromium-browser');

/** On Linux as root with apt-get: installs Debian's package. Returns whether there is a browser afterwards. */
export function installChromium(say: (sentence: string) => void): boolean {
  if (process.platform !== 'linux' || systemChromium()) return systemChromium() !== undefined;
  if (!isRoot || !onPath('apt-get')) return false;
  say('The browser tests need Chromium: it is installed now.');
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const packages = ['chromium', 'fonts-dejavu-core', 'libvulkan1']; // the last for WebGPU on Chromium's SwiftShader
  for (const args of [
    ['update', '-qq'],
    ['install', '-y', '-qq', '--no-install-recommends', ...packages],
  ])
    if (spawnSync('apt-get', args, { env, stdio: ['ignore', 'ignore', 'inherit'] }).status !== 0)
      return false;
  return systemChromium() !== undefined;
}

/** Starts a headless browser. Throws with what to install when there is none. */
export async function launchChromium(): Promise<Browser> {
  const options: LaunchOptions = {
    chromiumSandbox: !isRoot,
    args: ['--disable-dev-shm-usage', '--disable-gpu', '--font-render-hinting=none', '--hide-scrollbars'],
  };
  const executablePath = process.platform === 'linux' ? systemChromium() : undefined;
  if (executablePath) return chromium.launch({ ...options, executablePath });
  for (const channel of ['chrome', 'msedge', 'chromium']) {
    try {
      return await chromium.launch({ ...options, channel });
    } catch {
      // the next one
    }
  }
  throw new Error(sentence);
}

/** How every journey looks at the pages. */
export const view = { viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce' } as const;
