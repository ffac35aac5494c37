// `npm start`: builds the renderer when it is missing or older than its sources, decides between Electron and browser
// mode, says which and why, and starts it. Does not import Electron: under plain Node that would download and throw.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { applicationRoot } from './place.ts';
import { endStart, runBrowserMode } from './serve.ts';

const installLimitMs = 180_000;
const say = (sentence: string): void => void process.stderr.write(`${sentence}\n`);

export type Mode = { mode: 'electron'; binary: string; why: string } | { mode: 'browser'; why: string };

export interface Surroundings {
  platform: string;
  env: Record<string, string | undefined>;
  isRoot: boolean;
  /** Path of Electron's binary, when it is there. */
  electronBinary(): string | null;
  /** Fetches Electron's binary; false when it cannot be had. */
  installElectron(): boolean;
}

/** Chooses the shell. A failed download never stops the start. */
export function chooseMode(around: Surroundings): Mode {
  const { env } = around;
  if (env.TUNESMITH_MODE === 'browser') return { mode: 'browser', why: 'TUNESMITH_MODE asks for it' };
  if (around.platform === 'linux' && !env.DISPLAY && !env.WAYLAND_DISPLAY)
    return { mode: 'browser', why: 'there is no display' };
  if (around.platform === 'linux' && around.isRoot)
    return { mode: 'browser', why: 'a window would have to run without its sandbox as root' };
  const present = around.electronBinary();
  if (present !== null) return { mode: 'electron', binary: present, why: 'Electron is installed' };
  if (around.installElectron()) {
    const binary = around.electronBinary();
    if (binary !== null) return { mode: 'electron', binary, why: 'Electron was downloaded now' };
  }
  return { mode: 'browser', why: 'the Electron binary could not be downloaded' };
}

function realSurroundings(root: string): Surroundings {
  const folder = join(root, 'node_modules', 'electron');
  return {
    platform: process.platform,
    env: process.env,
    isRoot: process.getuid?.() === 0,
    electronBinary() {
      const pathFile = join(folder, 'path.txt');
      if (!existsSync(pathFile)) return null;
      const dist = process.env.ELECTRON_OVERRIDE_DIST_PATH ?? join(folder, 'dist');
      const binary = join(dist, readFileSync(pathFile, 'utf8').trim());
      return existsSync(binary) ? binary : null;
    },
    installElectron() {
      say('Tunesmith fetches the Electron window, once.');
      const script = join(folder, 'install.js');
      const run = spawnSync(process.execPath, [script], { stdio: 'ignore', timeout: installLimitMs });
      return run.status === 0;
    },
  };
}

/** Whether `out/renderer` is missing or older than what it is made from. */
export function rendererIsOld(root: string): boolean {
  const built = statSync(join(root, 'out', 'renderer', 'index.html'), { throwIfNoEntry: false });
  if (!built) return true;
  const sources = [join(root, 'renderer'), join(root, 'main', 'contract'), join(root, 'package-lock.json')];
  return sources.some((source) => newest(source) > built.mtimeMs);
}

function newest(path: string): number {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) return 0;
  if (!found.isDirectory()) return found.mtimeMs;
  let latest = found.mtimeMs;
  for (const entry of readdirSync(path, { withFileTypes: true, recursive: true }))
    latest = Math.max(latest, statSync(join(entry.parentPath, entry.name)).mtimeMs);
  return latest;
}

export async function buildRenderer(root: string): Promise<void> {
  const { build } = await import('vite');
  await build({ configFile: join(root, 'renderer', 'vite.config.ts'), logLevel: 'warn' });
}

function openBrowser(url: string): void {
  const hasDisplay = process.platform !== 'linux' || process.env.DISPLAY || process.env.WAYLAND_DISPLAY;
  if (!hasDisplay || process.env.TUNESMITH_OPEN === 'off') return;
  const commands: Partial<Record<NodeJS.Platform, [string, string[]]>> = {
    darwin: ['open', [url]],
    win32: ['cmd', ['/c', 'start', '', url.replaceAll('&', '^&')]],
  };
  const [command, args] = commands[process.platform] ?? ['xdg-open', [url]];
  const child = spawn(command, args, { stdio: 'ignore', detached: true });
  child.on('error', () => say('The browser did not open by itself: open the address above.'));
  child.unref();
}

async function runElectron(root: string, binary: string): Promise<void> {
  const { bundleMain } = await import('./package.ts');
  await bundleMain(root);
  const child = spawn(binary, [root], {
    stdio: 'inherit',
    env: { ...process.env, TUNESMITH_NODE: process.execPath },
  });
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.on('exit', (code) => process.exit(code ?? 1));
}

async function start(): Promise<void> {
  const root = applicationRoot();
  if (rendererIsOld(root)) {
    say('Tunesmith builds its pages.');
    await buildRenderer(root);
  }
  const choice = chooseMode(realSurroundings(root));
  if (choice.mode === 'electron') {
    say(`Tunesmith opens its window: ${choice.why}.`);
    await runElectron(root, choice.binary);
  } else {
    say(`Tunesmith runs in your browser: ${choice.why}. Its address, for this session only:`);
    await runBrowserMode({ opened: openBrowser });
  }
}

if (import.meta.main) await start().catch(endStart);
