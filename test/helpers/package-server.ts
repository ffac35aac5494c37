// A small server on loopback that speaks the parts of NuGet and of PyPI's file host that a download of CUDA libraries
// uses: service index, registration, catalog entry, packages, ranges. It misbehaves on demand, once per fault.
import { createHash } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ZipFile } from 'yazl';

/** A reader drops what it has not read when the connection breaks; so long it has time, also on a busy machine. */
const readMs = 600;

export type PackageFault =
  | { status: number; headers?: Record<string, string> }
  /** Sends so many bytes of what was asked for, and then closes the connection. */
  | { cutAfter: number }
  | { ignoreRange: true }
  /** The right length, other bytes. */
  | { wrongBytes: true }
  /** A sign-in page with status 200. */
  | { html: true }
  /** Another document than the protocol has. */
  | { json: unknown };

export type PackageServer = Awaited<ReturnType<typeof startPackageServer>>;

/** `nuget`: packages by name, all of one version; `pypi`: files by their path below `packages/`. */
export async function startPackageServer(content: {
  version: string;
  nuget?: Record<string, Buffer>;
  pypi?: Record<string, Buffer>;
}) {
  const { version, nuget = {}, pypi = {} } = content;
  const faults = new Map<string, PackageFault[]>();
  const seen: { path: string; headers: IncomingHttpHeaders }[] = [];
  const documents = (path: string): unknown => {
    if (path === '/v3/index.json')
      return {
        version: '3.0.0',
        resources: [
          { '@id': `${url()}/v3/registration-gz/`, '@type': 'RegistrationsBaseUrl/3.6.0' },
          { '@id': `${url()}/v3/registration/`, '@type': 'RegistrationsBaseUrl' },
        ],
      };
    const [, kind, name] =
      new RegExp(`^/v3/(registration|catalog)/([^/]+)/${version}\\.json$`).exec(path) ?? [];
    const found = Object.entries(nuget).find(([one]) => one.toLowerCase() === name);
    if (found === undefined) return undefined;
    if (kind === 'registration')
      return {
        catalogEntry: `${url()}/v3/catalog/${name}/${version}.json`,
        packageContent: `${url()}/v3/packages/${name}.nupkg`,
      };
    return {
      id: found[0],
      version,
      packageHash: createHash('sha512').update(found[1]).digest('base64'),
      packageHashAlgorithm: 'SHA512',
      packageSize: found[1].length,
    };
  };
  const fileAt = (path: string): Buffer | undefined => {
    const [, name] = /^\/v3\/packages\/([^/]+)\.nupkg$/.exec(path) ?? [];
    if (name !== undefined) return Object.entries(nuget).find(([one]) => one.toLowerCase() === name)?.[1];
    return path.startsWith('/packages/') ? pypi[path.slice('/packages/'.length)] : undefined;
  };

  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '');
    seen.push({ path, headers: request.headers });
    const fault = faults.get([...faults.keys()].find((part) => path.includes(part)) ?? '')?.shift();
    if (fault && 'status' in fault) return void response.writeHead(fault.status, fault.headers).end();
    if (fault && 'html' in fault)
      return void response.writeHead(200, { 'content-type': 'text/html' }).end('<form>Sign in</form>');
    const document = fault && 'json' in fault ? fault.json : documents(path);
    if (document !== undefined)
      return void response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify(document));
    const file = fileAt(path);
    if (file === undefined) return void response.writeHead(404).end();
    send(response, file, request.headers.range, fault);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const url = () => `http://127.0.0.1:${port}`;

  return {
    host: `127.0.0.1:${port}`,
    sources: { nuget: `${url()}/v3/index.json`, pypi: `${url()}/packages` },
    seen,
    /** The next requests whose path holds this text meet these faults, one each. */
    next(part: string, ...some: PackageFault[]): void {
      faults.set(part, [...(faults.get(part) ?? []), ...some]);
    },
    fetches: (part: string) => seen.filter(({ path }) => path.includes(part)),
    async close(): Promise<void> {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

function send(response: ServerResponse, file: Buffer, asked = '', fault?: PackageFault): void {
  const range = fault && 'ignoreRange' in fault ? null : /^bytes=(\d+)-$/.exec(asked);
  const start = range ? Number(range[1]) : 0;
  if (range && start >= file.length) return void response.writeHead(416).end();
  let body = file.subarray(start);
  if (fault && 'wrongBytes' in fault) body = Buffer.from(body).fill(7, Math.floor(body.length / 2));
  response.writeHead(range ? 206 : 200, {
    'content-type': 'application/octet-stream',
    'content-length': body.length,
    ...(range ? { 'content-range': `bytes ${start}-${file.length - 1}/${file.length}` } : {}),
  });
  if (fault && 'cutAfter' in fault)
    return void response.write(body.subarray(0, fault.cutAfter), () =>
      setTimeout(() => response.destroy(), readMs),
    );
  response.end(body);
}

/** A zip of these entries; `mode` 0o120777 makes an entry a link to its content. */
export async function archiveOf(entries: Record<string, string | Buffer>, mode = 0o100644): Promise<Buffer> {
  const zip = new ZipFile();
  for (const [name, content] of Object.entries(entries)) zip.addBuffer(Buffer.from(content), name, { mode });
  zip.end();
  const pieces: Buffer[] = [];
  for await (const piece of zip.outputStream) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

/** The same archive with another name of the same length in every place where a name stands. */
export function renamed(archive: Buffer, from: string, to: string): Buffer {
  if (from.length !== to.length) throw new Error('the names must be of one length');
  return Buffer.from(archive.toString('latin1').replaceAll(from, to), 'latin1');
}
