// The window: its own protocol for the built pages, and everything that a page may not do. Holds no logic of the app.
import { BrowserWindow, protocol, session } from 'electron';
import type { Backend } from './backend.ts';
import { toErrorShape } from './errors.ts';
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
      try {
        const stored = await storeUpload(request.body, (name) => request.headers.get(name), open.services);
        return stored === null
          ? new Response(null, { status: 400, headers })
          : Response.json(stored, { headers });
      } catch (error) {
        log('warn', 'upload.failed', { error });
        return Response.json({ error: toErrorShape(error) }, { status: 507, headers });
      }
    }
    const file = isOwnPage(request.url)
      ? await staticFile(rendererFolder, new URL(request.url).pathname)
      : null;
    if (!file || request.method !== 'GET') return new Response(null, { status: 404, headers });
    return new Response(new Uint8Array(file.body), { headers: { ...headers, 'content-type': file.type } });
  });
}

/** Camera, location, notifications and the like: our pages need none of them but to copy text when a button asks. */
export function limitPermissions(): void {
  const allowed = (permission: string, origin: string): boolean =>
    permission === 'clipboard-sanitized-write' && isOwnPage(origin);
  session.defaultSession.setPermissionRequestHandler((_contents, permission, decide, { requestingUrl }) => {
    const may = allowed(permission, requestingUrl);
    if (!may) log('warn', 'window.permission-denied', { permission });
    decide(may);
  });
  session.defaultSession.setPermissionCheckHandler((_contents, permission, origin) =>
    allowed(permission, origin),
  );
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
  reviveAfterCrash(window);
  window.once('ready-to-show', () => window.show());
  void window.loadURL(startPage);
  return window;
}

const mostRevivals = 3;
const revivalsWithinMs = 60_000;

/** A page whose process died is loaded again: the work is in the backend. One that dies again and again stays away. */
function reviveAfterCrash(window: BrowserWindow): void {
  let crashes: number[] = [];
  window.webContents.on('render-process-gone', (_event, { reason, exitCode }) => {
    if (reason === 'clean-exit') return;
    const now = Date.now();
    crashes = [...crashes.filter((time) => now - time < revivalsWithinMs), now];
    log('error', 'window.page-gone', { reason, exitCode, crashes: crashes.length });
    if (crashes.length <= mostRevivals) void window.loadURL(startPage);
  });
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
