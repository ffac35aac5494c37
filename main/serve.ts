// Browser mode: the renderer, uploads, downloads and frames on 127.0.0.1. A request must name this server as Host, come
// from its own page if it says where it comes from, and carry the session: pages and their files by a cookie that the
// first visit with the token sets; frames, uploads and downloads by the token itself, which the page keeps. A cookie
// alone opens nothing that holds data, because browsers send cookies to every port of 127.0.0.1.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type Backend, createBackend, homeFolder } from './backend.ts';
import { createSocketBridge, type SocketBridge } from './bridge/websocket.ts';
import { AppError, toErrorShape } from './errors.ts';
import { zipFolder } from './handlers/work/project-file.ts';
import { log } from './log.ts';
import { applicationRoot, applicationVersion } from './place.ts';
import { securityHeaders, staticFile } from './static.ts';
import { storeUpload } from './uploads.ts';

export interface ServeOptions {
  backend: Backend;
  /** The built renderer. */
  rendererFolder: string;
  /** 0 = any free port. */
  port: number;
}

export interface BrowserServer {
  /** The one address, token included. */
  url: string;
  port: number;
  close(): Promise<void>;
}

interface Session {
  token: string;
  cookie: string;
  port: number;
}

export async function serve({ backend, rendererFolder, port }: ServeOptions): Promise<BrowserServer> {
  const session: Session = { token: newSecret(), cookie: newSecret(), port: 0 };
  const sockets = createSocketBridge(backend);
  const server = createServer({ headersTimeout: 20_000, requestTimeout: 0 }, (request, response) => {
    answer(request, response, { backend, rendererFolder, session }).catch((error) => {
      log('warn', 'http.failed', { url: request.url?.split('?')[0], error });
      if (response.headersSent) response.destroy();
      else refuse(response, 500);
    });
  });
  server.on('upgrade', (request, socket, head) => upgrade(request, socket as never, head, session, sockets));
  session.port = await listen(server, port);
  return {
    url: `http://127.0.0.1:${session.port}/?token=${session.token}`,
    port: session.port,
    async close() {
      sockets.close();
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(explainListen(error, port)));
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

function explainListen(error: NodeJS.ErrnoException, port: number): Error {
  if (error.code !== 'EADDRINUSE' && error.code !== 'EACCES') return error;
  const why = error.code === 'EACCES' ? 'may not be used by you' : 'is used by another program';
  return new AppError(
    'port-taken',
    `Port ${port} of this computer ${why} (${error.code}).`,
    'Set TUNESMITH_PORT to another number, or leave it out to get a free one.',
    { cause: error },
  );
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  context: { backend: Backend; rendererFolder: string; session: Session },
): Promise<void> {
  const { session } = context;
  const fault = faultOf(request, session);
  if (fault !== null) return refuse(response, fault);
  const url = addressOf(request, session);
  if (url === null) return refuse(response, 404);
  const byToken = equal(url.searchParams.get('token'), session.token);
  for (const [name, value] of Object.entries(securityHeaders(`'self' ws://127.0.0.1:${session.port}`)))
    response.setHeader(name, value);
  if (url.pathname === '/upload')
    return byToken && request.method === 'POST'
      ? receive(request, response, context.backend)
      : refuse(response, 401);
  const download = /^\/download\/([\w-]+)$/.exec(url.pathname)?.[1];
  if (download !== undefined)
    return byToken && request.method === 'GET'
      ? send(response, context.backend, download)
      : refuse(response, 401);
  if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(response, 405);
  if (!byToken && !equal(cookieOf(request, session), session.cookie)) return refuse(response, 401);
  const file = await staticFile(context.rendererFolder, url.pathname);
  if (!file) return refuse(response, 404);
  if (byToken) {
    const cookie = `${cookieName(session)}=${session.cookie}; HttpOnly; SameSite=Strict; Path=/`;
    response.setHeader('set-cookie', cookie);
  }
  response.setHeader('content-type', file.type);
  response.end(request.method === 'HEAD' ? undefined : file.body);
}

function upgrade(
  request: IncomingMessage,
  socket: Parameters<SocketBridge['upgrade']>[1],
  head: Buffer,
  session: Session,
  sockets: SocketBridge,
): void {
  // Node leaves a socket that asks for an upgrade without a listener: an error on it would end the process.
  socket.on('error', (error) => log('info', 'socket.broke-off', { error }));
  const url = addressOf(request, session);
  const origin = request.headers.origin !== undefined; // browsers always send it with an upgrade
  const allowed =
    faultOf(request, session) === null &&
    origin &&
    url?.pathname === '/ws' &&
    equal(url.searchParams.get('token'), session.token);
  if (allowed) sockets.upgrade(request, socket, head);
  else socket.end('HTTP/1.1 401 Unauthorized\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
}

/** What was asked for; null where it is no address, such as `//`. */
function addressOf(request: IncomingMessage, session: Session): URL | null {
  return URL.parse(request.url ?? '/', `http://127.0.0.1:${session.port}`);
}

/** 403 when Host is not this server (a name that was made to point here) or Origin is another page; null when fine. */
function faultOf(request: IncomingMessage, session: Session): number | null {
  const own = `127.0.0.1:${session.port}`;
  if (request.headers.host !== own) return 403;
  const { origin } = request.headers;
  if (origin !== undefined && origin !== `http://${own}`) return 403;
  const site = request.headers['sec-fetch-site'];
  // Another page of this computer is "same-site"; a link or a typed address is a navigation and only gets the page.
  if (site === 'cross-site' || site === 'same-site')
    return request.headers['sec-fetch-mode'] === 'navigate' && request.method === 'GET' ? null : 403;
  return null;
}

/** Takes an upload in, and answers with its token. */
async function receive(request: IncomingMessage, response: ServerResponse, backend: Backend): Promise<void> {
  const headerOf = (name: string) => request.headers[name] as string | undefined;
  const stored = await storeUpload(request, headerOf, backend.services).catch((error) => {
    if (!(error instanceof AppError)) throw error;
    response.statusCode = 507;
    return { error: toErrorShape(error) };
  });
  if (stored === null) return refuse(response, 400);
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(stored));
}

/** Sends the file behind a download token; a folder as one zip. */
async function send(response: ServerResponse, backend: Backend, token: string): Promise<void> {
  const download = backend.services.files.download(token);
  const found = download && (await stat(download.path).catch(() => null));
  if (!download || !found) return refuse(response, 404);
  response.setHeader('content-type', 'application/octet-stream');
  response.setHeader(
    'content-disposition',
    `attachment; filename*=UTF-8''${encodeURIComponent(download.fileName.toWellFormed())}`,
  );
  if (found.isDirectory()) await pipeline(await zipFolder(download.path), response);
  else {
    response.setHeader('content-length', found.size);
    await pipeline(createReadStream(download.path), response);
  }
}

function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'content-length': 0, connection: 'close' });
  response.end();
}

const newSecret = (): string => randomBytes(32).toString('base64url');
const cookieName = (session: Session): string => `tunesmith-${session.port}`;

function cookieOf(request: IncomingMessage, session: Session): string | null {
  for (const part of request.headers.cookie?.split(';') ?? []) {
    const [name, value] = part.trim().split('=');
    if (name === cookieName(session)) return value ?? null;
  }
  return null;
}

/** Compares without telling by time where the first difference is. */
function equal(given: string | null, secret: string): boolean {
  if (given === null) return false;
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(secret));
}

/** Browser mode as a program: opens the backend, serves, prints the address, and closes both on Ctrl-C. */
export async function runBrowserMode(options: { opened?(url: string): void } = {}): Promise<void> {
  const root = applicationRoot();
  const backend = createBackend({
    shell: { kind: 'browser' },
    home: homeFolder(),
    resources: join(root, 'resources'),
    engineFile: join(root, 'main', 'engine.ts'),
    nodePath: process.execPath,
    makeSample: process.env.TUNESMITH_SAMPLE !== 'off',
    version: applicationVersion(),
  });
  const server = await serve({
    backend,
    rendererFolder: join(root, 'out', 'renderer'),
    port: wantedPort(process.env.TUNESMITH_PORT),
  }).catch(async (error) => {
    await backend.close(); // what it began, such as the sample, does not go on behind an error
    throw error;
  });
  process.stdout.write(`${server.url}\n`);
  options.opened?.(server.url);
  let closing = false;
  const close = async (): Promise<void> => {
    if (closing) process.exit(130); // a second Ctrl-C does not wait
    closing = true;
    process.stderr.write('Tunesmith saves what runs and closes. Press Ctrl-C again to close at once.\n');
    await server.close();
    await backend.close();
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void close());
}

/** @throws AppError `port-number` */
export function wantedPort(given: string | undefined): number {
  if (given === undefined || given.trim() === '') return 0;
  const port = Number(given);
  if (Number.isInteger(port) && port >= 0 && port < 65_536) return port;
  throw new AppError(
    'port-number',
    `"${given}" is not a port.`,
    'Set TUNESMITH_PORT to a number below 65536.',
  );
}

/** Says why the program cannot start and what to do, without the stack, and ends it. */
export function endStart(error: unknown): never {
  const { code, message, remedy } = toErrorShape(error);
  process.stderr.write(`Tunesmith could not start: ${message}\n${remedy}\n`);
  log('error', 'start', { code, error });
  process.exit(1);
}

if (import.meta.main) await runBrowserMode().catch(endStart);
