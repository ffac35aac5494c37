// A small server on loopback that speaks the Hub's protocol: the list of a repository with sizes and checksums, files
// by commit, large ones through a redirect to a second host, ranges and ETags. It misbehaves on demand, once per fault
// and request.
import { createHash } from 'node:crypto';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { gitBlobId } from '../../main/hub/cache.ts';

/** A reader drops what it has not read when the connection breaks; so long it has time, also on a busy machine. */
const readMs = 600;

export type Fault =
  | { status: number; headers?: Record<string, string> }
  /** Sends so many bytes of what was asked for, and then closes the connection. */
  | { cutAfter: number }
  | { ignoreRange: true }
  /** Another ETag than the list says. */
  | { etag: string }
  /** A sign-in page with status 200. */
  | { html: true }
  /** The right length, other bytes. */
  | { wrongBytes: true }
  /** The right answer without a length, ended early but in order. */
  | { shortBy: number }
  | { redirect: string };

export interface HubServerOptions {
  repository?: string;
  files: Record<string, Buffer>;
  /** Names whose content goes through LFS and the second host; by default weights and tokenizer.json. */
  lfs?: (path: string) => boolean;
  /** Needed to read anything but the list. */
  token?: string;
  /** Lists names without sizes and checksums, as some mirrors do. */
  namesOnly?: boolean;
  cardData?: Record<string, unknown>;
}

export interface SeenRequest {
  host: string;
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
}

export const commit = '0123456789abcdef0123456789abcdef01234567';
export const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex');

export type HubServer = Awaited<ReturnType<typeof startHubServer>>;

export async function startHubServer(options: HubServerOptions) {
  const { repository = 'tiny/llama' } = options;
  const files = new Map(Object.entries(options.files));
  const isLfs = options.lfs ?? ((path: string) => /\.safetensors$|^tokenizer\.json$/.test(path));
  const faults = new Map<string, Fault[]>();
  const seen: SeenRequest[] = [];
  const etagOf = (path: string) => {
    const content = files.get(path) as Buffer;
    return isLfs(path) ? sha256(content) : gitBlobId(content);
  };
  const note = (request: IncomingMessage) =>
    seen.push({
      host: request.headers.host ?? '',
      method: request.method ?? '',
      path: decodeURIComponent(request.url ?? ''),
      headers: request.headers,
    });

  const hub = createServer((request, response) => {
    note(request);
    const path = decodeURIComponent((request.url ?? '').split('?')[0]);
    const resolved = new RegExp(`^/${repository}/resolve/([^/]+)/(.+)$`).exec(path);
    const file = resolved?.[2] ?? (path.startsWith(`/api/models/${repository}/revision/`) ? 'list' : null);
    const fault = file === null ? undefined : faults.get(file)?.[0];
    if (
      file !== null &&
      fault &&
      !('redirect' in fault) &&
      !('etag' in fault) &&
      isLfs(file) &&
      !('status' in fault && fault.status < 416)
    )
      return redirect(response, file); // faults of content belong to the host that sends it
    if (fault && file !== null) faults.get(file)?.shift();
    if (fault && 'status' in fault) return refuse(response, fault);
    if (fault && 'redirect' in fault) return void response.writeHead(302, { location: fault.redirect }).end();
    if (file === 'list') {
      if (fault && 'html' in fault) return page(response);
      const revision = path.split('/revision/')[1];
      if (!['main', commit].includes(revision))
        return refuse(response, { status: 404, headers: { 'x-error-code': 'RevisionNotFound' } });
      return json(response, describe());
    }
    if (file === null) return refuse(response, { status: 404, headers: { 'x-error-code': 'RepoNotFound' } });
    if (options.token !== undefined && request.headers.authorization !== `Bearer ${options.token}`)
      return refuse(response, { status: 401, headers: { 'x-error-code': 'GatedRepo' } });
    if (!files.has(file))
      return refuse(response, { status: 404, headers: { 'x-error-code': 'EntryNotFound' } });
    if (isLfs(file)) return redirect(response, file, fault && 'etag' in fault ? fault.etag : undefined);
    return sendContent(request, response, file, fault);
  });
  const far = createServer((request, response) => {
    note(request);
    const file = decodeURIComponent((request.url ?? '').slice(1).split('?')[0]);
    const fault = faults.get(file)?.shift();
    if (fault && 'status' in fault) return refuse(response, fault);
    return files.has(file) ? sendContent(request, response, file, fault) : refuse(response, { status: 404 });
  });

  function describe() {
    const siblings = [...files].map(([rfilename, content]) => {
      if (options.namesOnly) return { rfilename };
      const size = content.length;
      const lfs = isLfs(rfilename) ? { sha256: sha256(content), size, pointerSize: 134 } : undefined;
      return { rfilename, size, blobId: gitBlobId(content), lfs };
    });
    const gated = options.token === undefined ? false : 'manual';
    return { id: repository, sha: commit, private: false, gated, siblings, cardData: options.cardData };
  }

  function redirect(response: ServerResponse, file: string, etag = etagOf(file)): void {
    response.writeHead(302, {
      location: `http://127.0.0.1:${portOf(far)}/${encodeURIComponent(file)}?signature=1`,
      'x-linked-etag': `"${etag}"`,
      'x-linked-size': String(files.get(file)?.length),
      'x-repo-commit': commit,
    });
    response.end();
  }

  function sendContent(
    request: IncomingMessage,
    response: ServerResponse,
    file: string,
    fault?: Fault,
  ): void {
    if (fault && 'html' in fault) {
      page(response);
      return;
    }
    const whole = files.get(file) as Buffer;
    const range = fault && 'ignoreRange' in fault ? null : /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
    const start = range ? Number(range[1]) : 0;
    if (start >= whole.length && range)
      return void response.writeHead(416, { 'content-range': `bytes */${whole.length}` }).end();
    let body = whole.subarray(start);
    if (fault && 'wrongBytes' in fault) body = Buffer.from(body).fill(7, Math.floor(body.length / 2));
    const etag = fault && 'etag' in fault ? fault.etag : etagOf(file);
    response.writeHead(range ? 206 : 200, {
      etag: file === 'config.json' ? `W/"${etag}"` : `"${etag}"`,
      'content-type': 'application/octet-stream',
      ...(fault && 'shortBy' in fault ? {} : { 'content-length': body.length }),
      ...(range ? { 'content-range': `bytes ${start}-${whole.length - 1}/${whole.length}` } : {}),
    });
    if (request.method === 'HEAD') return void response.end();
    if (fault && 'shortBy' in fault) return void response.end(body.subarray(0, body.length - fault.shortBy));
    if (fault && 'cutAfter' in fault)
      return void response.write(body.subarray(0, fault.cutAfter), () =>
        setTimeout(() => response.destroy(), fault.cutAfter === 0 ? 0 : readMs),
      );
    response.end(body);
  }

  const ports = await Promise.all([hub, far].map(listen));
  return {
    url: `http://127.0.0.1:${ports[0]}`,
    host: `127.0.0.1:${ports[0]}`,
    farHost: `127.0.0.1:${ports[1]}`,
    repository,
    files,
    seen,
    /** The next requests for this file (or for the `list`) meet these faults, one each. */
    next(file: string, ...some: Fault[]): void {
      faults.set(file, [...(faults.get(file) ?? []), ...some]);
    },
    /** Requests for the content of a file at the host that sends it. */
    fetches: (file: string) =>
      seen.filter(
        ({ method, path, host }) =>
          method === 'GET' &&
          (isLfs(file)
            ? host === `127.0.0.1:${ports[1]}` && path.startsWith(`/${file}`)
            : path.endsWith(`/${file}`)),
      ),
    async close(): Promise<void> {
      for (const server of [hub, far]) {
        server.closeAllConnections();
        await new Promise((closed) => server.close(closed));
      }
    },
  };
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(portOf(server))));
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

function refuse(
  response: ServerResponse,
  { status, headers }: { status: number; headers?: Record<string, string> },
): void {
  response.writeHead(status, headers).end();
}

function json(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

function page(response: ServerResponse): void {
  response
    .writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
    .end('<html><form>Sign in</form></html>');
}
