// CUDA libraries from a loopback server that speaks NuGet and PyPI: each fault ends in a complete package or in one
// sentence, and a package that is not complete has no folder that anything would use.
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Hub, type HubRequest, openHub } from '../../../main/hub/client.ts';
import { type CudaDownload, cudaSources, fetchCuda, refuseUnsafe } from '../../../main/hub/cuda-download.ts';
import { type CudaPackage, cudaPackages, runtimeFile } from '../../../main/training/cuda-packages.ts';
import { archiveOf, type PackageServer, startPackageServer } from '../../helpers/package-server.ts';

const wheel = 'aa/bb/nvidia_cublas-1.0-py3-none-any.whl';
const nugetName = 'Microsoft.ML.OnnxRuntime.Gpu.Linux';
const [blas, provider] = ['nvidia-cublas', nugetName].map((name) =>
  cudaPackages.find((one) => one.name === name),
) as [CudaPackage, CudaPackage];
const native = 'runtimes/linux-x64/native';

let archives: { blas: Buffer; provider: Buffer };
let server: PackageServer;
let root: string;
let hub: Hub;
let requests: HubRequest[];
let waits: string[];
let told: { done: number; total: number; what: string }[];

/** The packages of the table, with the content that this server has. */
const packages = (): CudaPackage[] => [
  {
    ...blas,
    bytes: archives.blas.length,
    source: { kind: 'pypi', path: wheel, sha256: createHash('sha256').update(archives.blas).digest('hex') },
  },
  provider,
];

beforeEach(async () => {
  archives = {
    blas: await archiveOf({
      'nvidia/cu13/lib/libcublas.so.13': 'cublas '.repeat(3000),
      'nvidia/cu13/lib/libcublasLt.so.13': 'cublasLt '.repeat(3000),
      'nvidia/cu13/include/cublas.h': 'header',
      'nvidia_cublas-13.1.1.3.dist-info/licenses/License.txt': 'licence',
    }),
    provider: await archiveOf({
      [`${native}/libonnxruntime_providers_cuda.so`]: 'cuda '.repeat(9000),
      [`${native}/libonnxruntime_providers_shared.so`]: 'shared',
      [`${native}/libonnxruntime_providers_tensorrt.so`]: 'tensorrt',
      LICENSE: 'licence',
    }),
  };
  root = mkdtempSync(join(tmpdir(), 'tunesmith-cuda-'));
  writeFileSync(join(root, runtimeFile), 'the runtime');
  await open();
});
afterEach(async () => {
  await server.close();
  rmSync(root, { recursive: true, force: true });
});

async function open(changes: Partial<Hub> = {}): Promise<void> {
  await server?.close().catch(() => {});
  server = await startPackageServer({
    version: provider.version,
    nuget: { [nugetName]: archives.provider },
    pypi: { [wheel]: archives.blas },
  });
  [requests, waits, told] = [[], [], []];
  hub = openHub({
    endpoint: server.sources.nuget,
    token: null,
    offlineBy: null,
    proxy: {},
    signal: new AbortController().signal,
    onRequest: (request) => requests.push(request),
    onWait: (sentence) => waits.push(sentence),
    wait: async () => {},
    ...changes,
  });
}

const folder = () => join(root, 'cuda', '1.30.0');
const fetchAll = (options: Partial<CudaDownload> = {}) =>
  fetchCuda(hub, {
    packages: packages(),
    sources: server.sources,
    folder: folder(),
    runtimeFolder: root,
    unlessPaused: async () => {},
    onProgress: (done, total, what) => told.push({ done, total, what }),
    ...options,
  });
const blasFolder = () => join(folder(), 'nvidia-cublas-13.1.1.3');
const providerFolder = () => join(folder(), `${nugetName}-1.30.0`);

function expectComplete(): void {
  expect(readdirSync(folder()).sort()).toEqual([`${nugetName}-1.30.0`, 'nvidia-cublas-13.1.1.3']);
  expect(readdirSync(blasFolder()).sort()).toEqual(['License.txt', 'libcublas.so.13', 'libcublasLt.so.13']);
  expect(readFileSync(join(blasFolder(), 'libcublas.so.13'), 'utf8')).toBe('cublas '.repeat(3000));
  expect(readdirSync(providerFolder()).sort()).toEqual([
    'LICENSE',
    'libonnxruntime.so.1',
    'libonnxruntime_providers_cuda.so',
    'libonnxruntime_providers_shared.so',
  ]);
}

async function expectRefusal(code: string, work: Promise<unknown>): Promise<void> {
  const error = await work.then(
    () => null,
    (thrown) => thrown as { code: string; message: string; remedy: string },
  );
  expect(error).toMatchObject({
    code,
    message: expect.stringMatching(/\.$/),
    remedy: expect.stringMatching(/\.$/),
  });
}

test('packages are fetched, checked and unpacked: libraries and licences, the provider beside its runtime', async () => {
  expect(await fetchAll()).toEqual([blasFolder(), providerFolder()]);
  expectComplete();
  expect(readFileSync(join(providerFolder(), runtimeFile), 'utf8')).toBe('the runtime');
  const total = archives.blas.length + archives.provider.length;
  expect(told.at(-1)).toEqual({ done: total, total, what: `Unpacking ${nugetName}` });
});

test('every request is told to the ledger, and none brings a word about the person', async () => {
  await fetchAll();
  expect(requests.map(({ why }) => why)).toEqual([
    'Index of NuGet',
    `Place of ${nugetName} 1.30.0`,
    `Size and checksum of ${nugetName} 1.30.0`,
    'nvidia-cublas 13.1.1.3',
    `${nugetName} 1.30.0`,
  ]);
  expect(requests.at(-1)?.bytesIn).toBeGreaterThan(archives.provider.length);
  for (const { headers } of server.seen) {
    expect(headers.authorization).toBeUndefined();
    expect(headers.cookie).toBeUndefined();
  }
});

test('what is unpacked already is not fetched again, unless it belongs to another runtime', async () => {
  await fetchAll();
  await fetchAll();
  expect([wheel, '.nupkg'].map((part) => server.fetches(part).length)).toEqual([1, 1]);
  writeFileSync(join(root, runtimeFile), 'another runtime');
  await fetchAll();
  expect([wheel, '.nupkg'].map((part) => server.fetches(part).length)).toEqual([1, 2]);
  expect(readFileSync(join(providerFolder(), runtimeFile), 'utf8')).toBe('another runtime');
});

test('what an earlier ONNX Runtime had is deleted when the new packages are complete, and not before', async () => {
  const old = join(root, 'cuda', '1.29.0', 'nvidia-cublas-13.0.2.14');
  mkdirSync(old, { recursive: true });
  server.next(wheel, { status: 404 });
  await expectRefusal('cuda-package-missing', fetchAll());
  expect(existsSync(old)).toBe(true);
  await fetchAll();
  expect(readdirSync(join(root, 'cuda'))).toEqual(['1.30.0']);
});

describe('a break', () => {
  test('is mended by a range request from where it was', async () => {
    server.next(wheel, { cutAfter: 100 });
    await fetchAll();
    expectComplete();
    expect(server.fetches(wheel).map(({ headers }) => headers.range)).toEqual([undefined, 'bytes=100-']);
  });

  test('that does not end keeps what came, and the next download goes on from there', async () => {
    server.next('.nupkg', { cutAfter: 50 }, { status: 403 });
    await expectRefusal('cuda-package-missing', fetchAll());
    expect(existsSync(blasFolder())).toBe(true);
    expect(existsSync(providerFolder())).toBe(false);
    await fetchAll();
    expectComplete();
    expect(server.fetches(wheel)).toHaveLength(1);
    expect(server.fetches('.nupkg').at(-1)?.headers.range).toBe('bytes=50-');
  });

  test('of a server that ignores ranges begins anew', async () => {
    server.next(wheel, { cutAfter: 100 }, { ignoreRange: true });
    await fetchAll();
    expectComplete();
  });

  test('by the person ends at once, and the parts stay', async () => {
    const stop = new AbortController();
    await open({ signal: stop.signal });
    const work = fetchAll({ onProgress: (done) => done > 0 && stop.abort(new Error('stopped')) });
    await expect(work).rejects.toThrow('stopped');
    expect(readdirSync(folder())).toEqual(['.downloads']);
  });
});

describe('other bytes than the checksum says', () => {
  test('are thrown away once, and fetched again', async () => {
    server.next(wheel, { wrongBytes: true });
    await fetchAll();
    expectComplete();
  });

  test.each([wheel, '.nupkg'])('twice end the download of %s, and nothing of it is kept', async (part) => {
    server.next(part, { wrongBytes: true }, { wrongBytes: true });
    await expectRefusal('hub-checksum', fetchAll());
    expect(readdirSync(join(folder(), '.downloads')).filter((name) => name.endsWith('.incomplete'))).toEqual(
      [],
    );
    expect(existsSync(part === wheel ? blasFolder() : providerFolder())).toBe(false);
  });
});

describe('a server', () => {
  test('that is busy or has a fault is asked again after the time that it names', async () => {
    server.next('/v3/index.json', { status: 503 }, { status: 429, headers: { 'retry-after': '2' } });
    await fetchAll();
    expectComplete();
    expect(waits).toHaveLength(2);
    expect(waits[1]).toContain('asks to wait (429). Tunesmith tries again in 2 s.');
  });

  test.each([
    ['/v3/index.json', { json: { resources: [] } }],
    ['/v3/index.json', { html: true }],
    ['/v3/registration/', { json: { catalogEntry: 'no address' } }],
    ['/v3/catalog/', { json: { packageHash: 'AAAA', packageHashAlgorithm: 'MD5', packageSize: 5 } }],
  ] as const)(
    'that answers %s in another form is refused before anything is fetched',
    async (part, fault) => {
      server.next(part, fault);
      await expectRefusal('hub-answer', fetchAll());
      expect(server.fetches('/packages/')).toEqual([]);
    },
  );

  test('that has no such package says so, and one that sends a sign-in page is known for it', async () => {
    server.next('/v3/registration/', { status: 404 });
    await expectRefusal('cuda-package-missing', fetchAll());
    server.next(wheel, { html: true });
    await expectRefusal('hub-web-page', fetchAll());
  });

  test('that cannot be reached is named', async () => {
    const gone = { ...server.sources, nuget: 'https://127.0.0.1:1/v3/index.json' };
    await expectRefusal('hub-unreachable', fetchAll({ sources: gone }));
  });

  test('may not lead from a safe address to one that is not', () => {
    const index = 'https://api.nuget.org/v3/index.json';
    expect(() => refuseUnsafe(index, 'http://elsewhere/package')).toThrow(
      'not safe: http://elsewhere/package',
    );
    expect(() => refuseUnsafe(index, 'https://elsewhere/package')).not.toThrow();
  });
});

describe('an archive', () => {
  const replace = async (entries: Record<string, string>, mode?: number) => {
    archives.provider = await archiveOf(entries, mode);
    await open();
  };

  test('without the library that it should bring is refused', async () => {
    await replace({ [`${native}/libonnxruntime_providers_shared.so`]: 'shared' });
    await expect(fetchAll()).rejects.toMatchObject({
      code: 'archive-damaged',
      message: `"${nugetName}" 1.30.0 holds no libonnxruntime_providers_cuda.so.`,
    });
    expect(readdirSync(folder()).sort()).toEqual(['.downloads', 'nvidia-cublas-13.1.1.3']);
  });

  test('with links is refused, and is fetched anew the next time', async () => {
    await replace({ [`${native}/libonnxruntime_providers_cuda.so`]: '/etc/passwd' }, 0o120777);
    await expectRefusal('archive-damaged', fetchAll());
    await expectRefusal('archive-damaged', fetchAll());
    expect(server.fetches('.nupkg')).toHaveLength(2);
  });
});

test('a disk without room is told before anything is fetched', async () => {
  await expectRefusal('disk-full', fetchAll({ freeBytes: () => 1000 }));
  expect(server.fetches('/packages/')).toEqual([]);
});

test('nothing is asked where a variable forbids the network', async () => {
  await open({ offlineBy: 'HF_HUB_OFFLINE' });
  await expect(fetchAll()).rejects.toMatchObject({
    code: 'cuda-offline',
    message: 'HF_HUB_OFFLINE is set, so Tunesmith uses no network.',
  });
  expect(server.seen).toEqual([]);
});

test('mirrors can be named, and the public sources are used without them', () => {
  expect(cudaSources({})).toEqual({
    nuget: 'https://api.nuget.org/v3/index.json',
    pypi: 'https://files.pythonhosted.org/packages',
  });
  const mirrors = { TUNESMITH_NUGET_INDEX: 'https://a/index.json', TUNESMITH_PYPI_FILES: 'https://b/files/' };
  expect(cudaSources(mirrors)).toEqual({ nuget: 'https://a/index.json', pypi: 'https://b/files' });
});
