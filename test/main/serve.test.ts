// Browser mode: what a request gets with and without the right Host, Origin and token. Real server, real backend.
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect as connectRaw } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import type { Backend } from '../../main/backend.ts';
import { type BrowserServer, serve, wantedPort } from '../../main/serve.ts';
import { openTestBackend, temporaryFolder } from '../helpers/home.ts';

const home = temporaryFolder();
const pages = temporaryFolder('renderer');
let backend: Backend;
let server: BrowserServer;
let token: string;

beforeAll(async () => {
  mkdirSync(join(pages.folder, 'assets'), { recursive: true });
  writeFileSync(join(pages.folder, 'index.html'), '<!doctype html><title>Tunesmith</title>');
  writeFileSync(join(pages.folder, 'assets', 'main.js'), 'export {};');
  writeFileSync(join(pages.folder, '..', 'secret.json'), '{"secret":1}');
  symlinkSync(join(pages.folder, '..', 'secret.json'), join(pages.folder, 'link.json'));
  backend = openTestBackend(home.folder, { shell: { kind: 'browser' } });
  server = await serve({ backend, rendererFolder: pages.folder, port: 0 });
  token = new URL(server.url).searchParams.get('token')!;
});
afterAll(async () => {
  await server.close();
  await backend.close();
  home.remove();
  pages.remove();
});

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

/** A request with exactly these headers; `fetch` would not send a foreign Host. */
function ask(
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { method = 'GET', headers = {}, body } = options;
    const sent = request(
      { host: '127.0.0.1', port: server.port, path, method, headers, agent: false },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (piece: string) => {
          text += piece;
        });
        response.on('end', () =>
          resolve({ status: response.statusCode!, headers: response.headers, body: text }),
        );
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

const cookieOf = async (): Promise<string> =>
  String((await ask(`/?token=${token}`)).headers['set-cookie']).split(';')[0];

describe('the port', () => {
  test('one that is taken, and one that is none, are said in a sentence', async () => {
    await expect(serve({ backend, rendererFolder: pages.folder, port: server.port })).rejects.toMatchObject({
      code: 'port-taken',
      message: expect.stringContaining(`Port ${server.port} of this computer is used by another program`),
    });
    for (const given of ['abc', '70000', '-1', '1.5'])
      expect(() => wantedPort(given)).toThrow(expect.objectContaining({ code: 'port-number' }));
    expect([undefined, '', '8123'].map(wantedPort)).toEqual([0, 0, 8123]);
  });
});

describe('pages', () => {
  test('nothing is served without the token, not even whether a file exists', async () => {
    for (const path of ['/', '/index.html', '/assets/main.js', '/missing.js', '/?token=wrong', '/?token=']) {
      const { status, body, headers } = await ask(path);
      expect([path, status, body]).toEqual([path, 401, '']);
      expect(headers['set-cookie']).toBeUndefined();
    }
  });

  test('the address with the token gives the page, a cookie that scripts cannot read, and a strict policy', async () => {
    const { status, headers, body } = await ask(`/?token=${token}`);
    expect(status).toBe(200);
    expect(body).toContain('Tunesmith');
    const cookie = String(headers['set-cookie']);
    expect(cookie).toContain('HttpOnly');
    expect(cookie).toContain('SameSite=Strict');
    expect(cookie).not.toContain(token);
    const policy = String(headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).not.toContain('unsafe-eval');
    expect(headers['x-content-type-options']).toBe('nosniff');
  });

  test('the cookie gives further files, and a page of another port is still refused', async () => {
    const cookie = await cookieOf();
    expect((await ask('/assets/main.js', { headers: { cookie } })).body).toBe('export {};');
    const sameSite = { cookie, 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors' };
    expect((await ask('/assets/main.js', { headers: sameSite })).status).toBe(403);
  });

  test('no path leads out of the folder of the pages', async () => {
    const cookie = await cookieOf();
    for (const path of [
      '/../secret.json',
      '/%2e%2e/secret.json',
      '/..%2fsecret.json',
      '/link.json',
      '/%00.json',
      '/%zz.js',
    ])
      expect([path, (await ask(path, { headers: { cookie } })).status]).toEqual([path, 404]);
  });

  test('a name that was made to point to this computer is refused as Host', async () => {
    for (const host of [
      'evil.example',
      `localhost:${server.port}`,
      '127.0.0.1',
      `127.0.0.1:${server.port + 1}`,
    ]) {
      const { status, body } = await ask(`/?token=${token}`, { headers: { host } });
      expect([host, status, body]).toEqual([host, 403, '']);
    }
  });

  test('a foreign Origin is refused even with the token', async () => {
    for (const origin of [
      'http://evil.example',
      'null',
      `http://127.0.0.1:${server.port + 1}`,
      `https://127.0.0.1:${server.port}`,
    ])
      expect((await ask(`/?token=${token}`, { headers: { origin } })).status).toBe(403);
  });
});

describe('uploads and downloads', () => {
  const upload = (headers: Record<string, string>, path = `/upload?token=${token}`) =>
    ask(path, { method: 'POST', headers, body: 'hello' });

  test('an upload gives a token that is redeemed once, with its name in any script', async () => {
    const { status, body } = await upload({ 'x-file-name': encodeURIComponent('漢字 ø.txt') });
    expect(status).toBe(200);
    const given = JSON.parse(body) as { token: string; name: string };
    expect(given.name).toBe('漢字 ø.txt');
    expect(backend.services.files.redeem(given.token)).toMatchObject({ name: '漢字 ø.txt', temporary: true });
    expect(() => backend.services.files.redeem(given.token)).toThrow(
      expect.objectContaining({ code: 'file-token' }),
    );
  });

  test('the cookie alone uploads nothing, and a file needs a name', async () => {
    const cookie = await cookieOf();
    expect((await upload({ cookie, 'x-file-name': 'a.txt' }, '/upload')).status).toBe(401);
    expect((await upload({})).status).toBe(400);
    expect((await ask(`/upload?token=${token}`)).status).toBe(401);
  });

  test('a download sends a file under its name, and a folder as a zip', async () => {
    const path = join(pages.folder, 'index.html');
    const file = backend.services.files.issueDownload({ path, fileName: 'Größe "1".html' });
    const answer = await ask(`/download/${file}?token=${token}`);
    expect(answer.body).toContain('Tunesmith');
    expect(answer.headers['content-disposition']).toContain(
      "filename*=UTF-8''Gr%C3%B6%C3%9Fe%20%221%22.html",
    );
    const folder = backend.services.files.issueDownload({
      path: join(pages.folder, 'assets'),
      fileName: 'assets.zip',
    });
    expect((await ask(`/download/${folder}?token=${token}`)).body.slice(0, 2)).toBe('PK');
    expect((await ask(`/download/${file}`, { headers: { cookie: await cookieOf() } })).status).toBe(401);
    expect((await ask(`/download/unknown?token=${token}`)).status).toBe(404);
  });
});

describe('frames', () => {
  const connect = (path: string, origin: string | undefined, host?: string): Promise<WebSocket | number> =>
    new Promise((resolve) => {
      const headers: Record<string, string> = host === undefined ? {} : { host };
      const socket = new WebSocket(`ws://127.0.0.1:${server.port}${path}`, { origin, headers });
      socket.on('open', () => resolve(socket));
      socket.on('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0));
      socket.on('error', () => {});
    });
  const own = () => `http://127.0.0.1:${server.port}`;

  test('a socket needs the token, the right Origin, the right Host and the right path', async () => {
    const good = await connect(`/ws?token=${token}`, own());
    expect(good).toBeInstanceOf(WebSocket);
    (good as WebSocket).close();
    expect(await connect('/ws', own())).toBe(401);
    expect(await connect('/ws?token=wrong', own())).toBe(401);
    expect(await connect(`/ws?token=${token}`, 'http://evil.example')).toBe(401);
    expect(await connect(`/ws?token=${token}`, undefined)).toBe(401);
    expect(await connect(`/ws?token=${token}`, own(), 'evil.example')).toBe(401);
    expect(await connect(`/other?token=${token}`, own())).toBe(401);
  });

  test('two windows: one calls, both hear the event', async () => {
    const [one, two] = (await Promise.all(
      [0, 1].map(() => connect(`/ws?token=${token}`, own())),
    )) as WebSocket[];
    const heard = [one, two].map(
      (socket) =>
        new Promise<Record<string, unknown>>((resolve) => {
          socket.on('message', (data) => {
            const frame = JSON.parse(String(data)) as Record<string, unknown>;
            if (frame.event === 'projects.changed') resolve(frame);
          });
        }),
    );
    const reply = new Promise<Record<string, unknown>>((resolve) => {
      one.on('message', (data) => {
        const frame = JSON.parse(String(data)) as Record<string, unknown>;
        if (frame.id === 1) resolve(frame);
      });
    });
    one.send(JSON.stringify({ id: 1, call: 'projects.create', input: { name: 'Two windows' } }));
    const { output } = (await reply) as { output: { id: string } };
    for (const frame of await Promise.all(heard)) expect(frame.payload).toEqual({ projectId: output.id });
    one.close();
    two.close();
  });

  /** An upgrade as a program could send it, with `path` as it stands. Resolves with what came back. */
  const upgrade = (path: string, { reset = false } = {}): Promise<string> =>
    new Promise((resolve) => {
      const socket = connectRaw(server.port, '127.0.0.1', () => {
        const head = `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n`;
        socket.write(
          `${head}Origin: http://evil.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
        );
        if (reset) socket.resetAndDestroy();
      });
      let text = '';
      socket.on('data', (piece) => {
        text += String(piece);
      });
      socket.on('error', () => undefined);
      socket.on('close', () => resolve(text));
    });

  test('an upgrade to what is no address, or that breaks off, ends alone: the server goes on', async () => {
    for (const path of ['//', '/ws', 'http://:0/']) expect(await upgrade(path)).not.toMatch(/ 101 /);
    await Promise.all(Array.from({ length: 20 }, () => upgrade('/ws', { reset: true })));
    expect((await ask('//')).status).toBe(404);
    expect((await ask(`/?token=${token}`)).status).toBe(200);
  });

  test('bytes that are no frame end that socket and nothing else', async () => {
    const socket = (await connect(`/ws?token=${token}`, own())) as WebSocket;
    const closed = new Promise<number>((resolve) => socket.on('close', (code) => resolve(code)));
    socket.send('{not json');
    expect(await closed).toBe(1007);
    expect((await ask(`/?token=${token}`)).status).toBe(200);
  });
});
