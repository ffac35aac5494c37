// Asks the Hub over HTTP(S): redirects, proxies, the token, waiting where the server asks for it, and one sentence for
// each refusal. Every request is told to `onRequest`, for the ledger. Knows no file of a model and writes none.
import {
  Agent as HttpAgent,
  request as http,
  type IncomingHttpHeaders,
  type IncomingMessage,
} from 'node:http';
import { Agent as HttpsAgent, request as https } from 'node:https';
import { AppError } from '../errors.ts';
import { log } from '../log.ts';
import { tokenHint } from './places.ts';

/** One request, for the network ledger. */
export interface HubRequest {
  host: string;
  why: string;
  bytesOut: number;
  bytesIn: number;
}

export interface Hub {
  endpoint: string;
  /** Sent to the endpoint's own origin only. */
  token: string | null;
  offlineBy: string | null;
  proxy: Record<string, string>;
  signal: AbortSignal;
  onRequest(request: HubRequest): void;
  /** Waits between tries; tests make it short. */
  wait(milliseconds: number, signal: AbortSignal): Promise<void>;
  /** Told before each wait, so that a screen can say why nothing moves. */
  onWait?(sentence: string): void;
  /** A connection that is silent for so long counts as cut. */
  silentMs: number;
  /** Tries in a row without a byte before the fault is told. */
  tries: number;
}

export interface HubReply {
  status: number;
  headers: IncomingHttpHeaders;
  /** Headers of the endpoint's own answer, before redirects: it names the checksum (`x-linked-etag`). */
  first: IncomingHttpHeaders;
  body: IncomingMessage;
  /** Tells the ledger how many bytes of the body were read. */
  close(bytesRead?: number): void;
}

/** What a sentence calls the thing that was asked for. */
export interface Asked {
  repository: string;
  revision: string;
  file?: string;
  why: string;
}

/** A fault that may go away by itself. */
export class PassingFault extends Error {
  readonly last: AppError;
  readonly afterMs: number | null;
  constructor(last: AppError, afterMs: number | null = null) {
    super(last.message, { cause: last });
    this.last = last;
    this.afterMs = afterMs;
  }
}

const maxRedirects = 8;
const longestWaitMs = 300_000;
const agent = 'tunesmith (model download)';
const redirects = [301, 302, 303, 307, 308];

/** A `Hub` with the waits of the real world. */
export function openHub(
  options: Omit<Hub, 'wait' | 'silentMs' | 'tries'> & Partial<Pick<Hub, 'wait' | 'silentMs' | 'tries'>>,
): Hub {
  return { wait: pause, silentMs: 60_000, tries: 6, ...options };
}

/** Sends one request and follows redirects. The caller reads or destroys the body, then calls `close`. */
export async function send(
  hub: Hub,
  address: string,
  asked: Asked,
  options: { method?: 'GET' | 'HEAD'; headers?: Record<string, string> } = {},
): Promise<HubReply> {
  if (hub.offlineBy !== null)
    throw new AppError(
      'hub-offline',
      `${hub.offlineBy} is set, so Tunesmith uses no network.`,
      `Start Tunesmith without ${hub.offlineBy}, or choose a model that is on this computer.`,
    );
  if (!URL.canParse(address) || !/^https?:/.test(address))
    throw new AppError(
      'hub-address',
      `"${address}" is not a web address.`,
      'Correct HF_ENDPOINT, or remove it.',
    );
  const own = new URL(hub.endpoint).origin;
  let url = new URL(address);
  let trusted = url.origin === own;
  let first: IncomingHttpHeaders | undefined;
  for (let hop = 0; hop <= maxRedirects; hop++) {
    const headers: Record<string, string> = {
      'user-agent': agent,
      accept: '*/*',
      'accept-encoding': 'identity',
      ...options.headers,
    };
    if (trusted && hub.token !== null) headers.authorization = `Bearer ${hub.token}`;
    const reply = await once(hub, url, options.method ?? 'GET', headers, asked);
    first ??= reply.headers;
    const location = reply.headers.location;
    if (!redirects.includes(reply.status) || location === undefined) return { ...reply, first };
    reply.body.destroy();
    reply.close();
    const next = URL.canParse(location, url.href) ? new URL(location, url.href) : null;
    if (!next || !/^https?:$/.test(next.protocol) || (url.protocol === 'https:' && next.protocol === 'http:'))
      throw new AppError(
        'hub-redirect',
        `${url.host} sends "${asked.file ?? asked.repository}" on to an address that is not safe.`,
        'Try again later, or use another network.',
      );
    // Once the way led to another host the token stays away, also when it leads back.
    trusted &&= next.origin === own;
    url = next;
  }
  throw new AppError(
    'hub-redirect',
    `${url.host} redirects "${asked.file ?? asked.repository}" in a circle.`,
    'Try again later, or use another network.',
  );
}

function once(
  hub: Hub,
  url: URL,
  method: string,
  headers: Record<string, string>,
  asked: Asked,
): Promise<Omit<HubReply, 'first'>> {
  const secure = url.protocol === 'https:';
  const options = { keepAlive: false, proxyEnv: hub.proxy };
  const bytesOut =
    `${method} ${url.pathname}${url.search} HTTP/1.1\r\nhost: ${url.host}\r\n\r\n`.length + sizeOf(headers);
  return new Promise((resolve, reject) => {
    let told = false;
    const tell = (bytesIn: number) => {
      if (!told) hub.onRequest({ host: url.host, why: asked.why, bytesOut, bytesIn });
      told = true;
    };
    const request = (secure ? https : http)(
      url,
      {
        method,
        headers,
        agent: secure ? new HttpsAgent(options) : new HttpAgent(options),
        signal: hub.signal,
      },
      (response) => {
        const head = sizeOf(response.headers);
        response.on('error', () => {}); // whoever reads the body hears of it
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: response,
          close: (read = 0) => tell(head + read),
        });
      },
    );
    request.setTimeout(hub.silentMs, () => request.destroy(connectionFault('ETIMEDOUT')));
    request.on('error', (error) => {
      tell(0);
      reject(hub.signal.aborted ? error : unreachable(url.host, error));
    });
    request.end();
  });
}

function connectionFault(code: string): Error {
  return Object.assign(new Error(code), { code });
}

function sizeOf(headers: IncomingHttpHeaders): number {
  return Object.entries(headers).reduce((sum, [name, value]) => sum + name.length + `${value}`.length + 4, 0);
}

/** Runs `attempt` again after passing faults, waiting longer each time; at last throws the sentence of the fault. */
export async function withRetries<Result>(
  hub: Hub,
  attempt: () => Promise<Result>,
  movedOn: () => boolean = () => false,
): Promise<Result> {
  for (let failed = 0; ; ) {
    try {
      return await attempt();
    } catch (error) {
      hub.signal.throwIfAborted();
      if (!(error instanceof PassingFault)) throw error;
      failed = movedOn() ? 1 : failed + 1;
      if (failed >= hub.tries || (error.afterMs ?? 0) > longestWaitMs) throw error.last;
      const waitMs = error.afterMs ?? Math.min(30_000, 1000 * 2 ** (failed - 1));
      log('info', 'hub.wait', { code: error.last.code, waitMs, failed });
      hub.onWait?.(`${error.last.message} Tunesmith tries again in ${Math.ceil(waitMs / 1000)} s.`);
      await hub.wait(waitMs, hub.signal);
    }
  }
}

const passing = ['ECONNRESET', 'ETIMEDOUT', 'EPIPE', 'EAI_AGAIN', 'ENETDOWN', 'ENETUNREACH', 'EHOSTUNREACH'];

/** A connection that failed. Names that do not exist and certificates that do not fit stay wrong; the rest may pass. */
export function unreachable(host: string, error: Error & { code?: string }): Error {
  const code = error.code ?? error.name;
  if (/CERT|SSL|TLS|SELF_SIGNED|UNABLE_TO_/.test(code))
    return new AppError(
      'hub-certificate',
      `The certificate of ${host} is not accepted (${code}).`,
      'A proxy may stand in between: name its certificate in NODE_EXTRA_CA_CERTS, or use another network.',
      { cause: error },
    );
  const fault = new AppError(
    'hub-unreachable',
    `${host} cannot be reached (${code}).`,
    'Check the network and the proxy variables, then go on: what arrived is kept.',
    { cause: error },
  );
  return passing.includes(code) || code === 'ECONNREFUSED' || code === 'ERR_STREAM_PREMATURE_CLOSE'
    ? new PassingFault(fault)
    : fault;
}

/** Throws what an answer other than 2xx means. */
export function refuseStatus(hub: Hub, reply: HubReply, asked: Asked): void {
  const { status } = reply;
  if (status >= 200 && status < 300) return;
  reply.body.destroy();
  reply.close();
  const { repository, revision, file } = asked;
  const host = new URL(hub.endpoint).host;
  const fault = String(reply.headers['x-error-code'] ?? reply.first['x-error-code'] ?? '');
  const gatedPage = `Read and accept its terms at ${hub.endpoint}/${repository}`;
  if (status === 429)
    throw new PassingFault(
      new AppError(
        'hub-busy',
        `${host} asks to wait: too many requests came from this address (429).`,
        'Go on later; what arrived is kept. A Hub token raises the limit.',
      ),
      retryAfter(reply.headers['retry-after']),
    );
  if (status >= 500 || status === 408)
    throw new PassingFault(
      new AppError(
        'hub-failing',
        `${host} has a fault of its own (${status}).`,
        'Go on later; what arrived is kept.',
      ),
      retryAfter(reply.headers['retry-after']),
    );
  if (fault === 'GatedRepo' || (status === 403 && fault === ''))
    throw new AppError(
      'hub-gated',
      hub.token === null
        ? `"${repository}" is given only to people who accepted its terms (${status}).`
        : `Your Hub token may not read "${repository}" (${status}).`,
      hub.token === null
        ? `${gatedPage}, then give Tunesmith your Hub token: ${tokenHint}.`
        : `${gatedPage} with the account of the token, then try again.`,
    );
  if (fault === 'RevisionNotFound')
    throw new AppError(
      'hub-revision-missing',
      `"${repository}" has no revision "${revision}".`,
      'Leave the revision empty for the newest state, or correct it.',
    );
  if (fault === 'EntryNotFound' || (status === 404 && file !== undefined))
    throw new AppError(
      'hub-file-missing',
      `"${repository}" has no file "${file}" any more.`,
      'Look the model up again.',
    );
  if (status === 401 && hub.token !== null && fault === '')
    throw new AppError(
      'hub-token-refused',
      `${host} does not accept your Hub token (401).`,
      `Make a new one with the right to read, and give it ${tokenHint}.`,
    );
  if (status === 401 || status === 404 || status === 403)
    throw new AppError(
      'hub-model-missing',
      `${host} has no model "${repository}", or it is private (${status}).`,
      hub.token === null
        ? `Check the spelling; for a private model give Tunesmith your Hub token: ${tokenHint}.`
        : 'Check the spelling, and whether your Hub token may read it.',
    );
  throw new AppError('hub-answer', `${host} answered with status ${status}.`, 'Try again later.');
}

/** Milliseconds that a server asks to wait: seconds or a date. */
export function retryAfter(value: string | undefined, now = Date.now()): number | null {
  if (value === undefined) return null;
  if (/^\d+$/.test(value.trim())) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}

/** A sign-in page of a network answers everything with 200 and HTML. */
export function refuseWebPage(reply: HubReply, asked: Asked): void {
  if (!/^text\/html\b/i.test(reply.headers['content-type'] ?? '')) return;
  reply.body.destroy();
  reply.close();
  throw new AppError(
    'hub-web-page',
    `Instead of "${asked.file ?? asked.repository}" a web page came, most often the sign-in page of a network.`,
    'Open a web page in your browser, sign in to the network there, and go on.',
  );
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(done, milliseconds);
    function done() {
      signal.removeEventListener('abort', stop);
      resolve();
    }
    function stop() {
      clearTimeout(timer);
      reject(signal.reason);
    }
    signal.addEventListener('abort', stop, { once: true });
  });
}
