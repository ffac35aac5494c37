// The window: its own protocol for the built pages, and everything that a page may not do. Holds no logic of the app.
import { BrowserWindow, protocol, session } from 'electron';
import type { Backend } from './backend.ts';
import { log } from './log.ts';
import { securityHeaders, staticFile } from './static.ts';
import { storeUpload } from './uploads.ts';

const scheme = 'tunesmith';
export const startPage = `${scheme}://app/index.html`;

/** Whether an address is a page of ours. */
export function isOwnPage(url: string): boolean {
  return URL.canParse(url) && new URL(url).protocol === `${scheme}:` && new URL(url).host === 'app';
}

/** Must run before Electron is ready. */
export function registerProtocol(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme, privileges: { standard: true, secure: true, supportFetchAPI: true } },
  ]);
}

/** Serves the built renderer under our protocol, with the same headers as browser mode, and takes dropped files in. */
export function servePages(rendererFolder: string, backend: () => Backend | null): void {
  const headers = securityHeaders("'self'");
  protocol.handle(scheme, async (request) => {
    const open = backend();
    if (request.method === 'POST' && request.url === `${scheme}://app/upload` && request.body && open) {
      const stored = await storeUpload(request.body, (name) => request.headers.get(name), open.services);
      return stored === null
        ? new Response(null, { status: 400, headers })
        : Response.json(stored, { headers });
    }
    const file = isOwnPage(request.url)
      ? await staticFile(rendererFolder, new URL(request.url).pathname)
      : null;
    if (!file || request.method !== 'GET') return new Response(null, { status: 404, headers });
    return new Response(new Uint8Array(file.body), { headers: { ...headers, 'content-type': file.type } });
  });
}

/** Camera, location, notifications and the like: the pages need none of them. */
export function denyPermissions(): void {
  session.defaultSession.setPermissionRequestHandler((_contents, permission, decide) => {
    log('warn', 'window.permission-denied', { permission });
    decide(false);
  });
  session.defaultSession.setPermissionCheckHandler(() => false);
  session.defaultSession.setDevicePermissionHandler(() => false);
}

export function createWindow(preload: string): BrowserWindow {
  const window = new BrowserWindow({
    width: 1440,
    height: 900,
    minWidth: 900,
    minHeight: 600,
    show: false,
    title: 'Tunesmith',
    webPreferences: {
      preload,
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      webSecurity: true,
      webviewTag: false,
      spellcheck: false,
    },
  });
  guard(window);
  window.once('ready-to-show', () => window.show());
  void window.loadURL(startPage);
  return window;
}

/** The page stays where it is: no other page, no other window, no page inside the page. */
function guard(window: BrowserWindow): void {
  const { webContents } = window;
  const stay = (event: { preventDefault(): void; url: string }): void => {
    if (isOwnPage(event.url)) return;
    event.preventDefault();
    log('warn', 'window.navigation-blocked', { url: event.url });
  };
  webContents.on('will-navigate', stay);
  webContents.on('will-frame-navigate', stay);
  webContents.on('will-redirect', stay);
  webContents.on('will-attach-webview', (event) => event.preventDefault());
  webContents.setWindowOpenHandler(({ url }) => {
    log('warn', 'window.new-window-blocked', { url });
    return { action: 'deny' };
  });
}
