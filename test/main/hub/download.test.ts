// Downloads against the misbehaving server: each fault ends in a complete model or in one sentence, and a model that is
// not complete is never in the cache.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { blobsFolder, listCache, repositoryFolder } from '../../../main/hub/cache.ts';
import { type Hub, type HubRequest, openHub, retryAfter } from '../../../main/hub/client.ts';
import { type DownloadOptions, downloadModel } from '../../../main/hub/download.ts';
import { type HubModel, lookUp } from '../../../main/hub/lookup.ts';
import {
  commit,
  type HubServer,
  type HubServerOptions,
  sha256,
  startHubServer,
} from '../../helpers/hub-server.ts';
import { llamaFolder, temporaryFolder } from '../../helpers/tiny-model.ts';

const weights = 'model.safetensors';
const name = { repository: 'tiny/llama', revision: 'main' };
const files = Object.fromEntries(
  ['config.json', 'tokenizer.json', 'tokenizer_config.json', weights].map((file) => [
    file,
    readFileSync(join(llamaFolder, file)),
  ]),
);
const bytes = files[weights].length;

let server: HubServer;
let cacheFolder: string;
let waits: number[];
let requests: HubRequest[];
let hub: Hub;

async function open(options: Partial<HubServerOptions> = {}, changes: Partial<Hub> = {}) {
  server = await startHubServer({ files, ...options });
  onTestFinished(server.close);
  cacheFolder = temporaryFolder();
  waits = [];
  requests = [];
  hub = openHub({
    endpoint: server.url,
    token: null,
    offlineBy: null,
    proxy: {},
    signal: new AbortController().signal,
    onRequest: (request) => requests.push(request),
    wait: async (milliseconds) => void waits.push(milliseconds),
    ...changes,
  });
}
beforeEach(() => open());

const download = (model: HubModel, options: Partial<DownloadOptions> = {}) =>
  downloadModel(hub, model, { cacheFolder, onBytes: () => {}, unlessPaused: async () => {}, ...options });
const fetchAll = async (options: Partial<DownloadOptions> = {}) => download(await lookUp(hub, name), options);
const part = () => join(blobsFolder(cacheFolder, name.repository), `${sha256(files[weights])}.incomplete`);

function expectComplete(folder: string) {
  for (const [file, content] of Object.entries(files))
    expect(readFileSync(join(folder, file)).equals(content), file).toBe(true);
  expect(listCache(cacheFolder)).toMatchObject([{ ...pick(name.repository), commit, revisions: ['main'] }]);
}
const pick = (repository: string) => ({ repository, unfinished: false });

/** The download fails with this code, and no model is offered. */
async function expectRefusal(code: string, work: Promise<unknown>) {
  const error = await work.then(
    () => null,
    (thrown) => thrown as { code: string; message: string; remedy: string },
  );
  expect(error).toMatchObject({ code });
  expect(error?.message).toMatch(/^["A-Z0-9].*\.$/);
  expect(listCache(cacheFolder)).toEqual([]);
  return error;
}

describe('a lookup', () => {
  test('tells files, sizes, checksums, licence and commit before anything is fetched', async () => {
    await open({
      cardData: { license: 'apache-2.0' },
      files: { ...files, 'pytorch_model.bin': Buffer.alloc(9) },
    });
    const model = await lookUp(hub, name);
    expect(model).toMatchObject({ commit, licence: 'apache-2.0', gated: false });
    expect(model.files.map(({ path }) => path).sort()).toEqual(Object.keys(files).sort());
    expect(model.bytes).toBe(Object.values(files).reduce((sum, file) => sum + file.length, 0));
    expect(model.config.model_type).toBe('llama');
    expect(readdirSync(cacheFolder)).toEqual([]);
    expect(requests.map(({ host }) => host)).toEqual([server.host, server.host]);
    for (const { bytesIn, bytesOut } of requests) expect(Math.min(bytesIn, bytesOut)).toBeGreaterThan(50);
  });

  test('asks for each file where a mirror lists names only', async () => {
    await open({ namesOnly: true });
    const model = await lookUp(hub, name);
    expect(model.files.find(({ path }) => path === weights)).toEqual({
      path: weights,
      bytes,
      etag: sha256(files[weights]),
    });
    expectComplete(await download(model));
  });

  test('refuses a hostile name, pickle weights and an unknown revision', async () => {
    await open({ files: { ...files, '../../evil.json': Buffer.from('{}') } });
    await expectRefusal('hub-hostile-name', lookUp(hub, name));
    await open({ files: { 'config.json': files['config.json'], 'pytorch_model.bin': Buffer.alloc(3) } });
    await expectRefusal('weights-pickle', lookUp(hub, name));
    await expectRefusal('hub-revision-missing', lookUp(hub, { ...name, revision: 'v9' }));
    await expectRefusal('hub-model-missing', lookUp(hub, { ...name, repository: 'no/body' }));
  });

  test('uses no network when offline mode is on', async () => {
    await open({}, { offlineBy: 'HF_HUB_OFFLINE' });
    const error = await expectRefusal('hub-offline', lookUp(hub, name));
    expect(error?.message).toContain('HF_HUB_OFFLINE');
    expect(server.seen).toEqual([]);
    expect(requests).toEqual([]);
  });

  test('recognises the sign-in page of a network', async () => {
    server.next('list', { html: true });
    await expectRefusal('hub-web-page', lookUp(hub, name));
  });

  test('an address where nobody listens is told in a sentence', async () => {
    await server.close();
    await expectRefusal('hub-unreachable', lookUp(hub, name));
    expect(waits.length).toBe(hub.tries - 1);
  });
});

describe('a download', () => {
  test('ends in the standard cache layout, with links to blobs named by checksum', async () => {
    const progress: number[] = [];
    const model = await lookUp(hub, name);
    expectComplete(await download(model, { onBytes: (done) => progress.push(done) }));
    const folder = repositoryFolder(cacheFolder, name.repository);
    expect(readFileSync(join(folder, 'refs', 'main'), 'utf8')).toBe(commit);
    expect(readdirSync(join(folder, 'blobs')).sort()).toEqual(model.files.map(({ etag }) => etag).sort());
    expect(progress.at(-1)).toBe(model.bytes);
    expect([...progress].sort((a, b) => a - b)).toEqual(progress);
  });

  test('that is asked for again fetches nothing', async () => {
    const model = await lookUp(hub, name);
    await download(model);
    const before = server.seen.length;
    expectComplete(await download(model));
    expect(server.seen.length).toBe(before);
  });

  test('tells every request, also those to the second host', async () => {
    await fetchAll();
    const far = requests.filter(({ host }) => host === server.farHost);
    expect(far.find(({ why }) => why.startsWith(weights))?.bytesIn).toBeGreaterThan(bytes);
    expect(requests.length).toBe(server.seen.length);
  });
});

describe('the token', () => {
  test('goes to the endpoint and never follows a redirect to another host', async () => {
    await open({ token: 'hf_secret' }, { token: 'hf_secret' });
    expectComplete(await fetchAll());
    const carried = (host: string) =>
      server.seen.filter((one) => one.host === host && one.headers.authorization);
    expect(carried(server.host).length).toBeGreaterThan(0);
    expect(server.seen.some(({ host }) => host === server.farHost)).toBe(true);
    expect(carried(server.farHost)).toEqual([]);
  });

  test('stays away when the way leads back from another host', async () => {
    const back = createServer((_, response) =>
      response.writeHead(302, { location: `${server.url}/tiny/llama/resolve/${commit}/README.md` }).end(),
    );
    await new Promise<void>((ready) => back.listen(0, '127.0.0.1', ready));
    onTestFinished(() => void back.close());
    await open({ files: { ...files, 'README.md': Buffer.from('# Tiny') } }, { token: 'hf_secret' });
    const model = await lookUp(hub, name);
    server.next('README.md', { redirect: `http://127.0.0.1:${(back.address() as AddressInfo).port}/` });
    await download(model);
    const [there, again] = server.seen.filter(({ path }) => path.endsWith('README.md'));
    expect([there.headers.authorization, again.headers.authorization]).toEqual([
      'Bearer hf_secret',
      undefined,
    ]);
  });

  test('is asked for where terms have to be accepted, and refused where they were not', async () => {
    await open({ token: 'hf_right' });
    expect((await expectRefusal('hub-gated', fetchAll()))?.remedy).toContain(`${server.url}/tiny/llama`);
    await open({ token: 'hf_right' }, { token: 'hf_other' });
    expect((await expectRefusal('hub-gated', fetchAll()))?.message).toContain('may not read');
    await open({}, { token: 'hf_old' });
    server.next('list', { status: 401 });
    await expectRefusal('hub-token-refused', fetchAll());
    server.next('list', { status: 403 });
    await expectRefusal('hub-gated', fetchAll());
  });
});

describe('a break', () => {
  test('in the middle is mended by a range request from where it was', async () => {
    server.next(weights, { cutAfter: 40_000 });
    expectComplete(await fetchAll());
    const [first, second] = server.fetches(weights);
    expect(first.headers.range).toBeUndefined();
    expect(second.headers.range).toBe('bytes=40000-');
    expect(server.fetches(weights)).toHaveLength(2);
  });

  test('that does not end keeps what came, and the next download goes on from there', async () => {
    server.next(weights, { cutAfter: 30_000 }, ...Array<{ status: number }>(6).fill({ status: 503 }));
    const model = await lookUp(hub, name);
    await expectRefusal('hub-failing', download(model));
    expect(readFileSync(part())).toHaveLength(30_000);
    expectComplete(await download(model));
    expect(server.fetches(weights).at(-1)?.headers.range).toBe('bytes=30000-');
  });

  test('that looks like a proper end is noticed by the length', async () => {
    server.next(weights, { shortBy: 1000 });
    expectComplete(await fetchAll());
    expect(server.fetches(weights).at(-1)?.headers.range).toBe(`bytes=${bytes - 1000}-`);
  });

  test('of every try gives up with the place where it stopped', async () => {
    server.next(weights, { cutAfter: 20_000 }, ...Array<{ cutAfter: number }>(6).fill({ cutAfter: 0 }));
    const error = await expectRefusal('download-cut', fetchAll());
    expect(error?.message).toContain('stopped at 20 kB of');
  });

  test('by the user keeps what came', async () => {
    const stop = new AbortController();
    const model = await lookUp(hub, name);
    hub = { ...hub, signal: stop.signal };
    server.next(weights, { cutAfter: 50_000 });
    const work = download(model, { onBytes: (_, file) => file === weights && stop.abort() });
    await expect(work).rejects.toThrow();
    expect(listCache(cacheFolder)).toEqual([]);
    expect(readFileSync(part()).length).toBeGreaterThan(0);
  });
});

describe('a beginning that is here', () => {
  const begin = (content: Buffer) => {
    mkdirSync(blobsFolder(cacheFolder, name.repository), { recursive: true });
    writeFileSync(part(), content);
  };

  test('is thrown away when the server ignores the range', async () => {
    begin(files[weights].subarray(0, 10_000));
    server.next(weights, { ignoreRange: true });
    expectComplete(await fetchAll());
    expect(server.fetches(weights)).toHaveLength(1);
  });

  test('is thrown away when the ETag is another one now, and the file is fetched anew', async () => {
    begin(files[weights].subarray(0, 10_000));
    server.next(weights, { etag: 'f'.repeat(64) });
    expectComplete(await fetchAll());
    expect(server.seen.filter(({ path }) => path.endsWith(weights)).at(-1)?.headers.range).toBeUndefined();
  });

  test('is thrown away when the server answers 416', async () => {
    begin(files[weights].subarray(0, 10_000));
    server.next(weights, { status: 416 });
    expectComplete(await fetchAll());
    expect(server.fetches(weights).at(-1)?.headers.range).toBeUndefined();
  });

  test('of other bytes is found by the checksum, and the file is fetched anew', async () => {
    begin(Buffer.alloc(10_000, 1));
    expectComplete(await fetchAll());
    expect(server.fetches(weights).map(({ headers }) => headers.range)).toEqual(['bytes=10000-', undefined]);
  });

  test('that is whole is only checked', async () => {
    begin(files[weights]);
    expectComplete(await fetchAll());
    expect(server.fetches(weights)).toEqual([]);
  });

  test('that is longer than the file is not used', async () => {
    begin(Buffer.concat([files[weights], Buffer.from('more')]));
    expectComplete(await fetchAll());
  });
});

describe('a wrong answer', () => {
  test('with other bytes is fetched once more, and then refused and deleted', async () => {
    server.next(weights, { wrongBytes: true });
    expectComplete(await fetchAll());
    await open();
    server.next(weights, { wrongBytes: true }, { wrongBytes: true });
    const error = await expectRefusal('hub-checksum', fetchAll());
    expect(error?.message).toContain(weights);
    expect(existsSync(part())).toBe(false);
  });

  test('in a small file is found too: its git blob id is compared', async () => {
    server.next('tokenizer_config.json', { wrongBytes: true }, { wrongBytes: true });
    await expectRefusal('hub-checksum', fetchAll());
  });

  test('that is a web page is never written as weights', async () => {
    server.next(weights, { html: true });
    await expectRefusal('hub-web-page', fetchAll());
    expect(existsSync(part())).toBe(false);
  });

  test('to a file that is gone, or another file by its ETag, is one sentence', async () => {
    const model = await lookUp(hub, name);
    server.next(weights, { status: 404 });
    await expectRefusal('hub-file-missing', download(model));
    server.next(weights, { etag: 'e'.repeat(64) });
    await expectRefusal('hub-changed', download(model));
  });

  test('429 is waited out as long as the server says, and no longer than five minutes', async () => {
    server.next(weights, { status: 429, headers: { 'retry-after': '7' } });
    expectComplete(await fetchAll());
    expect(waits).toEqual([7000]);
    await open();
    server.next(weights, { status: 429, headers: { 'retry-after': '3600' } });
    await expectRefusal('hub-busy', fetchAll());
    expect(waits).toEqual([]);
    expect(retryAfter('Wed, 21 Oct 2026 07:28:00 GMT', Date.parse('2026-10-21T07:27:30Z'))).toBe(30_000);
  });

  test('5xx is tried again, each time later', async () => {
    server.next(weights, { status: 500 }, { status: 502 }, { status: 504 });
    expectComplete(await fetchAll());
    expect(waits).toEqual([1000, 2000, 4000]);
  });

  test('that redirects in a circle or to another kind of address is refused', async () => {
    const model = await lookUp(hub, name);
    const circle = { redirect: `${server.url}/tiny/llama/resolve/${commit}/config.json` };
    server.next('config.json', ...Array<typeof circle>(9).fill(circle));
    await expectRefusal('hub-redirect', download(model));
    server.next('tokenizer_config.json', { redirect: 'file:///etc/passwd' });
    await expectRefusal('hub-redirect', download(model));
  });
});

describe('the disk', () => {
  test('is looked at before the first byte', async () => {
    const error = await expectRefusal('disk-full', fetchAll({ freeBytes: () => 150_000_000 }));
    expect(error?.message).toContain('150 MB are free');
    expect(server.fetches(weights)).toEqual([]);
  });

  test('that fills up in the middle stops the download, which goes on when there is room', async () => {
    const large = Buffer.concat([files[weights], Buffer.alloc(40_000_000)]);
    await open({ files: { ...files, [weights]: large } });
    let asked = 0;
    const model = await lookUp(hub, name);
    const freeBytes = () => (asked++ === 0 ? 1e12 : 1_000_000);
    const error = await expectRefusal('disk-full', download(model, { freeBytes }));
    expect(error?.message).toMatch(/stopped at \d+ MB of 4\d MB/);
    await download(model);
    expect(server.fetches(weights).at(-1)?.headers.range).toMatch(/^bytes=\d{8}-/);
    expect(listCache(cacheFolder)).toHaveLength(1);
  });
});

test('requests go through the proxy that the environment names', async () => {
  const through: string[] = [];
  const proxy = createServer((request, response) => {
    through.push(request.url ?? '');
    void fetch(String(request.url), {
      headers: { range: request.headers.range ?? '' },
      redirect: 'manual',
    }).then(async (answer) => {
      const headers = Object.fromEntries(answer.headers);
      delete headers['transfer-encoding'];
      response.writeHead(answer.status, headers).end(Buffer.from(await answer.arrayBuffer()));
    });
  });
  await new Promise<void>((ready) => proxy.listen(0, '127.0.0.1', ready));
  onTestFinished(() => void proxy.close());
  hub = { ...hub, proxy: { http_proxy: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` } };
  expectComplete(await fetchAll());
  expect(through.length).toBe(server.seen.length);
  expect(through[0]).toBe(`${server.url}/api/models/tiny/llama/revision/main?blobs=true`);
});
