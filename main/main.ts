// Electron's entry: one instance, one backend, one window. Everything that the app does is in the backend; this file
// lists what is set up, and passes in the powers that only a desktop shell has.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { app, type BrowserWindow, dialog, safeStorage, shell, utilityProcess } from 'electron';
import { type Backend, createBackend, homeFolder } from './backend.ts';
import { serveIpc } from './bridge/ipc.ts';
import { toErrorShape } from './errors.ts';
import type { Keychain, Shell } from './handlers/services.ts';
import type { EngineProcess, ForkEngine } from './jobs/launcher.ts';
import { log } from './log.ts';
import { createMenu } from './menu.ts';
import { applicationRoot, applicationVersion } from './place.ts';
import { createWindow, isOwnPage, limitPermissions, registerProtocol, servePages } from './window.ts';

let window: BrowserWindow | null = null;
let backend: Backend | null = null;
let leaving = false;

/** Where things lie: in a package beside it, while developing in the repository. */
function places() {
  const root = applicationRoot();
  const resources = app.isPackaged ? process.resourcesPath : join(root, 'resources');
  const binary = process.platform === 'win32' ? 'node.exe' : 'node';
  const bundledNode = app.isPackaged
    ? join(process.resourcesPath, 'node', binary)
    : (process.env.TUNESMITH_NODE ?? '');
  return {
    resources,
    engineFile: join(root, 'out', 'main', 'engine.mjs').replace('app.asar', 'app.asar.unpacked'),
    renderer: join(root, 'out', 'renderer'),
    preload: join(root, 'out', 'preload', 'preload.cjs'),
    nodePath: existsSync(bundledNode) ? bundledNode : undefined,
  };
}

/** Where no Node is bundled, Electron's own process type runs the engine. */
const forkUtility: ForkEngine = (file, nodeArgs, env) => {
  const child = utilityProcess.fork(file, [], {
    execArgv: nodeArgs,
    env: env as Record<string, string>,
    stdio: ['ignore', 'pipe', 'pipe'],
    serviceName: 'tunesmith engine',
  });
  return Object.assign(child, {
    send: (message: unknown) => child.postMessage(message),
  }) as unknown as EngineProcess;
};

const desktop: Shell = {
  kind: 'electron',
  async pick(kind, title) {
    const properties = {
      files: ['openFile', 'multiSelections'],
      folder: ['openDirectory'],
      'project-file': ['openFile'],
    } as const;
    const filters = kind === 'project-file' ? [{ name: 'Tunesmith project', extensions: ['tunesmith'] }] : [];
    const chosen = await dialog.showOpenDialog({ title, properties: [...properties[kind]], filters });
    return chosen.canceled ? [] : chosen.filePaths;
  },
  async saveAs(fileName) {
    const chosen = await dialog.showSaveDialog({ defaultPath: fileName });
    return chosen.canceled || !chosen.filePath ? null : chosen.filePath;
  },
  reveal: (path) => shell.showItemInFolder(path),
};

/** Secrets encrypted with a key of the system's keychain; none where the system has no real one (`basic_text`). */
function openKeychain(): Keychain | undefined {
  const weak = process.platform === 'linux' && safeStorage.getSelectedStorageBackend() === 'basic_text';
  if (!safeStorage.isEncryptionAvailable() || weak) return undefined;
  const file = join(homeFolder(), 'secrets.json');
  const read = (): Record<string, string> => {
    try {
      return JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
    } catch {
      return {};
    }
  };
  return {
    get(name) {
      try {
        return name in read() ? safeStorage.decryptString(Buffer.from(read()[name], 'base64')) : null;
      } catch (error) {
        log('warn', 'keychain.read', { name, error }); // made with another key: asked for again
        return null;
      }
    },
    set(name, value) {
      const { [name]: _, ...rest } = read();
      const next =
        value === null ? rest : { ...rest, [name]: safeStorage.encryptString(value).toString('base64') };
      writeFileSync(`${file}.new`, JSON.stringify(next), { mode: 0o600 });
      renameSync(`${file}.new`, file);
    },
  };
}

function openBackend(): Backend {
  const { resources, engineFile, nodePath } = places();
  return createBackend({
    shell: { ...desktop, keychain: openKeychain() },
    home: homeFolder(),
    resources,
    engineFile,
    nodePath,
    fork: nodePath === undefined ? forkUtility : undefined,
    makeSample: process.env.TUNESMITH_SAMPLE !== 'off',
    version: applicationVersion(),
  });
}

function openWindow(): void {
  window = createWindow(places().preload);
  window.on('close', (event) => void askBeforeClosing(event));
  window.on('closed', () => {
    window = null;
  });
}

/** Work under way is never lost by closing a window: it goes on without one, or is saved first. */
async function askBeforeClosing(event: { preventDefault(): void }): Promise<void> {
  const active = backend?.services.queue.active() ?? [];
  if (leaving || active.length === 0) return;
  event.preventDefault();
  const { response } = await dialog.showMessageBox({
    type: 'question',
    message:
      active.length === 1
        ? `"${active[0].title}" is still running.`
        : `${active.length} jobs are still running.`,
    detail: 'It can go on without a window, or be saved and continued at the next start.',
    buttons: ['Go on in the background', 'Save and close', 'Keep the window'],
    defaultId: 0,
    cancelId: 2,
  });
  if (response === 0) window?.hide();
  else if (response === 1) app.quit();
}

async function leave(): Promise<void> {
  leaving = true;
  try {
    await backend?.close();
  } finally {
    app.exit(0);
  }
}

function showWindow(): void {
  if (window === null) {
    openWindow();
    return;
  }
  window.show();
  if (window.isMinimized()) window.restore();
  window.focus();
}

async function start(): Promise<void> {
  await app.whenReady();
  backend = openBackend();
  limitPermissions();
  servePages(places().renderer, () => backend);
  serveIpc({ backend, windows: () => (window ? [window.webContents] : []), isOwnPage });
  createMenu({ homeFolder: homeFolder(), logFile: backend.services.logFile });
  openWindow();
}

if (app.requestSingleInstanceLock()) {
  registerProtocol();
  app.enableSandbox();
  app.on('second-instance', showWindow);
  app.on('activate', showWindow);
  app.on('window-all-closed', () => app.quit());
  app.on('before-quit', (event) => {
    if (leaving) return;
    event.preventDefault();
    void leave();
  });
  start().catch((error: Error) => {
    log('error', 'start', { error });
    const { message, remedy } = toErrorShape(error);
    dialog.showErrorBox('Tunesmith could not start', `${message}\n\n${remedy}`);
    app.exit(1);
  });
} else {
  app.quit();
}
