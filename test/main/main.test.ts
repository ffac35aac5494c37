// Electron's entry with a stand-in for Electron and the real backend: one instance, one window, what a page may not do,
// and closing while work is under way.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { app, dialog, ipcMain, registered, safeStorage, WebContents } from '../helpers/electron.ts';
import { openTestBackend, root, temporaryFolder } from '../helpers/home.ts';

const home = temporaryFolder();
const channel = 'tunesmith:frame';
const waitFor = async (condition: () => boolean) => {
  while (!condition()) await new Promise((turn) => setTimeout(turn, 10));
};

beforeAll(async () => {
  process.env.TUNESMITH_HOME = home.folder;
  process.env.TUNESMITH_NODE = process.execPath;
  process.env.TUNESMITH_SAMPLE = 'off';
  await import('../../main/main.ts');
  await waitFor(() => registered.windows.length > 0);
});
afterAll(async () => {
  if (app.exitCode === null) {
    app.quit();
    await waitFor(() => app.exitCode !== null);
  }
  home.remove();
});

const page = () => registered.windows[0].webContents;
const own = 'tunesmith://app/index.html';

describe('the window', () => {
  test('is isolated, sandboxed and shows our own page', () => {
    const [window] = registered.windows;
    expect(window.loaded).toBe(own);
    expect(window.options.webPreferences).toMatchObject({
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      webviewTag: false,
    });
  });

  test('goes nowhere else and opens no other window', () => {
    const blocked = (url: string): boolean => {
      let prevented = false;
      for (const event of ['will-navigate', 'will-frame-navigate', 'will-redirect'])
        page().emit(event, { url, preventDefault: () => (prevented = true) });
      return prevented;
    };
    expect(blocked('https://example.com/')).toBe(true);
    expect(blocked('file:///etc/passwd')).toBe(true);
    expect(blocked('tunesmith://other/index.html')).toBe(true);
    expect(blocked(own)).toBe(false);
    expect(page().openHandler?.({ url: 'https://example.com' })).toEqual({ action: 'deny' });
  });

  test('a page whose process died is loaded again, three times within a minute at most', () => {
    const [window] = registered.windows;
    const loadedAfter = (reason: string): string => {
      window.loaded = '';
      page().emit('render-process-gone', {}, { reason, exitCode: 5 });
      return window.loaded;
    };
    expect(loadedAfter('clean-exit')).toBe('');
    expect(['crashed', 'oom', 'killed'].map(loadedAfter)).toEqual([own, own, own]);
    expect(loadedAfter('crashed')).toBe('');
    window.loaded = own;
  });

  test('may copy text, and gets no other permission; another page gets none', () => {
    const asked = (permission: string, requestingUrl: string): boolean[] => {
      const answers: boolean[] = [];
      registered.permissionRequest?.(null, permission, (allow) => answers.push(allow), { requestingUrl });
      const { origin, protocol, host } = new URL(requestingUrl);
      const from = origin === 'null' ? `${protocol}//${host}/` : origin;
      return [...answers, registered.permissionCheck?.(null, permission, from) ?? true];
    };
    expect(asked('clipboard-sanitized-write', own)).toEqual([true, true]);
    expect(asked('clipboard-sanitized-write', 'https://example.com/')).toEqual([false, false]);
    for (const permission of ['media', 'clipboard-read', 'notifications', 'openExternal'])
      expect(asked(permission, own)).toEqual([false, false]);
    expect(registered.devicePermission?.()).toBe(false);
  });

  test('reads built pages under our protocol with a strict policy, and nothing beside them', async () => {
    const { servePages } = await import('../../main/window.ts');
    const pages = temporaryFolder('pages');
    mkdirSync(pages.folder);
    writeFileSync(join(pages.folder, 'index.html'), '<!doctype html>');
    servePages(pages.folder, () => null);
    const answer = registered.protocols.get('tunesmith')!;
    const good = await answer(new Request(own));
    expect(good.status).toBe(200);
    expect(good.headers.get('content-security-policy')).toContain("script-src 'self'");
    expect((await answer(new Request('tunesmith://app/..%2f..%2fpackage.json'))).status).toBe(404);
    expect((await answer(new Request('tunesmith://evil/index.html'))).status).toBe(404);
    pages.remove();
  });

  test('takes a dropped file in and answers with a token, as browser mode does', async () => {
    const { servePages } = await import('../../main/window.ts');
    const home = temporaryFolder('drop');
    const backend = openTestBackend(home.folder);
    servePages(home.folder, () => backend);
    const answer = registered.protocols.get('tunesmith')!;
    const upload = (headers: Record<string, string>) =>
      answer(
        new Request('tunesmith://app/upload', { method: 'POST', headers, body: 'Opening hours: 9 to 5' }),
      );
    const reply = await upload({ 'x-file-name': encodeURIComponent('Übersicht.txt') });
    const { token, name } = (await reply.json()) as { token: string; name: string };
    expect(name).toBe('Übersicht.txt');
    const { path } = backend.services.files.redeem(token);
    expect(readFileSync(path, 'utf8')).toBe('Opening hours: 9 to 5');
    expect((await upload({})).status).toBe(400);
    await backend.close();
    home.remove();
  });
});

describe('frames', () => {
  const frame = { id: 9, call: 'settings.get', input: {} };
  const ask = (sender: WebContents, senderFrame: unknown) => {
    ipcMain.emit(channel, { sender, senderFrame }, frame);
  };
  const replies = (contents: WebContents) =>
    contents.sent.filter(([, sent]) => (sent as { id?: number }).id === 9);

  test('our own page is answered', async () => {
    ask(page(), { url: own, parent: null });
    await waitFor(() => replies(page()).length === 1);
    expect(replies(page())[0]).toMatchObject([channel, { id: 9, ok: true, output: { theme: 'auto' } }]);
  });

  test('other pages, inner frames and other windows are not', async () => {
    const before = replies(page()).length;
    const stranger = new WebContents();
    ask(page(), { url: 'https://example.com/', parent: null });
    ask(page(), { url: own, parent: {} });
    ask(page(), null);
    ask(stranger, { url: own, parent: null });
    await new Promise((wait) => setTimeout(wait, 100));
    expect(replies(page())).toHaveLength(before);
    expect(stranger.sent).toEqual([]);
  });

  test('the dialog gives tokens, never paths', async () => {
    dialog.paths = [join(root, 'package.json')];
    ipcMain.emit(
      channel,
      { sender: page(), senderFrame: { url: own, parent: null } },
      { id: 10, call: 'files.pick', input: { kind: 'files', title: 'Add documents' } },
    );
    const found = () => page().sent.find(([, sent]) => (sent as { id?: number }).id === 10)?.[1];
    await waitFor(() => found() !== undefined);
    expect(found()).toMatchObject({ ok: true, output: [{ name: 'package.json' }] });
    expect(JSON.stringify(found())).not.toContain(root);
  });
});

test('the Hub token is kept encrypted by the keychain of the system, and can be forgotten', async () => {
  const ask = async (id: number, call: string, input: unknown) => {
    ipcMain.emit(channel, { sender: page(), senderFrame: { url: own, parent: null } }, { id, call, input });
    const found = () => page().sent.find(([, sent]) => (sent as { id?: number }).id === id)?.[1];
    await waitFor(() => found() !== undefined);
    return (found() as { output: unknown }).output;
  };
  expect(await ask(20, 'settings.setHubToken', { token: 'hf_secret' })).toEqual({ kept: 'keychain' });
  const stored = readFileSync(join(home.folder, 'secrets.json'), 'utf8');
  expect(stored).not.toContain('hf_secret');
  const { 'hub-token': sealed } = JSON.parse(stored) as Record<string, string>;
  expect(safeStorage.decryptString(Buffer.from(sealed, 'base64'))).toBe('hf_secret');
  await ask(21, 'settings.setHubToken', { token: null });
  expect(readFileSync(join(home.folder, 'secrets.json'), 'utf8')).toBe('{}');
});

test('a second start shows the window that is there', () => {
  const [window] = registered.windows;
  window.hidden = true;
  app.emit('second-instance');
  expect(window.hidden).toBe(false);
  expect(registered.windows).toHaveLength(1);
});

test('the preload gives the page two functions and nothing else', async () => {
  await import('../../preload/preload.ts');
  const api = registered.exposed.get('tunesmith') as Record<string, unknown>;
  expect(Object.keys(api).sort()).toEqual(['onFrame', 'send']);
  expect(registered.exposed.size).toBe(1);
});

test('closing the window while a file is read asks, and the work goes on without a window', async () => {
  let id = 100;
  const call = async (name: string, input: unknown): Promise<Record<string, unknown>> => {
    const mine = id++;
    ipcMain.emit(
      channel,
      { sender: page(), senderFrame: { url: own, parent: null } },
      { id: mine, call: name, input },
    );
    const found = () => page().sent.find(([, sent]) => (sent as { id?: number }).id === mine)?.[1];
    await waitFor(() => found() !== undefined);
    return (found() as { output: Record<string, unknown> }).output;
  };
  dialog.paths = [join(root, 'LICENSE')];
  const { id: projectId } = await call('projects.create', { name: 'Closing' });
  const [{ token }] = (await call('files.pick', { kind: 'files', title: '' })) as unknown as {
    token: string;
  }[];
  const { jobId } = await call('documents.import', { projectId, tokens: [token] });
  const [window] = registered.windows;
  let prevented = false;
  dialog.response = 0;
  window.emit('close', { preventDefault: () => (prevented = true) });
  await waitFor(() => window.hidden);
  expect(prevented).toBe(true);
  expect(JSON.stringify(dialog.asked.at(-1))).toContain('is still running');
  const ended = async () => (await call('jobs.get', { jobId })).endedAt !== null;
  while (!(await ended())) await new Promise((wait) => setTimeout(wait, 50));
  expect(await call('jobs.get', { jobId })).toMatchObject({ state: 'finished' });
  prevented = false;
  window.emit('close', { preventDefault: () => (prevented = true) });
  expect(prevented).toBe(false);
});

test('quitting closes the backend first and then leaves', async () => {
  app.quit();
  await waitFor(() => app.exitCode !== null);
  expect(app.exitCode).toBe(0);
});
