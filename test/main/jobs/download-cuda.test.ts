// The whole way of the CUDA libraries on a computer that has CUDA 13 but not the provider: looked for, fetched from a
// server on loopback through the real backend and engine, given to the process that computes, and removed.
import { readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Backend } from '../../../main/backend.ts';
import { runCommandLine } from '../../../main/cli.ts';
import { engineEnvironment } from '../../../main/handlers/cuda.ts';
import { providerFiles } from '../../../main/training/cuda-packages.ts';
import { openCudaComputer, providerPackage } from '../../helpers/cuda-computer.ts';
import { openTestBackend, temporaryFolder } from '../../helpers/home.ts';
import type { PackageServer } from '../../helpers/package-server.ts';

const home = temporaryFolder();
const variables = { ...process.env };
const computer = join(home.folder, 'computer');
const providerFolder = join(home.folder, 'cuda', '1.30.0', `${providerPackage}-1.30.0`);
let server: PackageServer;
let backend: Backend;

beforeAll(async () => {
  const opened = await openCudaComputer(computer);
  server = opened.server;
  Object.assign(process.env, opened.env);
  for (const name of ['HF_HUB_OFFLINE', 'TRANSFORMERS_OFFLINE', 'http_proxy', 'HTTP_PROXY'])
    delete process.env[name];
  backend = openTestBackend(home.folder);
});
afterAll(async () => {
  await backend.close();
  await server.close();
  process.env = variables;
  home.remove();
});
beforeEach(() => {
  rmSync(join(home.folder, 'cuda'), { recursive: true, force: true });
  server.seen.length = 0;
});

const libraries = () => backend.call('devices.cudaLibraries', {});
async function get() {
  const { id } = await backend.call('devices.getCudaLibraries', {});
  await backend.services.queue.wait(id);
  return backend.call('jobs.get', { jobId: id });
}
async function run(...args: string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const output = {
    out: (text: string) => out.push(text),
    err: (text: string) => err.push(text),
    isTerminal: false,
  };
  const code = await runCommandLine(args, output, () => openTestBackend(join(home.folder, 'cli')));
  return { code, out: out.join('\n'), err: err.join('\n') };
}

describe.skipIf(process.platform !== 'linux' || process.arch !== 'x64')('the libraries of CUDA', () => {
  test('are looked for without a word to the network, and what is missing is told with size, source and licence', async () => {
    const found = await libraries();
    expect(found).toMatchObject({
      state: 'incomplete',
      message: 'The CUDA part of ONNX Runtime 1.30.0 is missing.',
      driver: '580.82.07',
      missing: [
        { name: providerPackage, version: '1.30.0', bytes: 236_000_000, host: server.host, licence: 'MIT' },
      ],
      missingBytes: 236_000_000,
      fetchedBytes: 0,
    });
    const cuda = (await backend.call('settings.machine', {})).devices.find(
      ({ provider }) => provider === 'cuda',
    );
    expect(cuda).toMatchObject({ state: 'absent', detail: found.message, remedy: found.remedy });
    expect(server.seen).toEqual([]);
  });

  test('are fetched when they are asked for; the requests stand in the ledger, and a second wish is the same job', async () => {
    const first = await backend.call('devices.getCudaLibraries', {});
    expect((await backend.call('devices.getCudaLibraries', {})).id).toBe(first.id);
    await expect(backend.call('devices.removeCudaLibraries', {})).rejects.toMatchObject({
      code: 'cuda-busy',
    });
    await backend.services.queue.wait(first.id);
    expect(await backend.call('jobs.get', { jobId: first.id })).toMatchObject({
      state: 'finished',
      title: 'Get the CUDA libraries (236 MB)',
      result: { folders: [providerFolder] },
    });
    expect(await libraries()).toMatchObject({ state: 'complete', message: '', missing: [] });
    const ledger = await backend.call('settings.ledger', {});
    expect(ledger.map(({ why }) => why)).toContain(`${providerPackage} 1.30.0`);
    await expect(backend.call('devices.getCudaLibraries', {})).rejects.toMatchObject({
      code: 'cuda-complete',
    });
  });

  test('are given to processes that compute on CUDA, and to no other', async () => {
    await get();
    const environment = { LD_LIBRARY_PATH: `${providerFolder}:${computer}` };
    expect(engineEnvironment(home.folder, { provider: 'cuda' })).toEqual(environment);
    expect(engineEnvironment(home.folder, { settings: { provider: 'cuda' } })).toEqual(environment);
    for (const input of [{ provider: 'cpu' }, { settings: { provider: 'webgpu' } }, {}, null])
      expect(engineEnvironment(home.folder, input)).toEqual({});
  });

  test('are what ONNX Runtime loads, and a provider that fails ends in one sentence', async () => {
    await get();
    const { id } = await backend.call('devices.check', { provider: 'cuda' });
    await backend.services.queue.wait(id);
    expect(await backend.call('jobs.get', { jobId: id })).toMatchObject({
      state: 'failed',
      error: {
        code: 'provider-absent',
        message:
          'CUDA cannot be used here: all its libraries were found, but ONNX Runtime could not load them.',
      },
    });
    const log = readFileSync(backend.services.logFile, 'utf8');
    expect(log).toContain(`Failed to load library ${join(providerFolder, providerFiles[0])}`);
  });

  test('are removed again', async () => {
    await get();
    expect((await libraries()).fetchedBytes).toBeGreaterThan(1000);
    expect(await backend.call('devices.removeCudaLibraries', {})).toMatchObject({
      state: 'incomplete',
      fetchedBytes: 0,
    });
  });

  test('that stopped half-way are not used, and the reason is kept', async () => {
    server.next('.nupkg', { cutAfter: 50 }, { status: 404 });
    expect(await get()).toMatchObject({ state: 'failed', error: { code: 'cuda-package-missing' } });
    expect((await libraries()).state).toBe('incomplete');
    expect(await get()).toMatchObject({ state: 'finished' });
    expect(server.fetches('.nupkg').at(-1)?.headers.range).toBe('bytes=50-');
  });

  test('are not fetched offline, nor where no driver is', async () => {
    process.env.HF_HUB_OFFLINE = '1';
    await expect(backend.call('devices.getCudaLibraries', {})).rejects.toMatchObject({
      code: 'cuda-offline',
    });
    delete process.env.HF_HUB_OFFLINE;
    rmSync(join(computer, 'libcuda.so.1'));
    await expect(backend.call('devices.getCudaLibraries', {})).rejects.toMatchObject({
      code: 'cuda-unsupported',
      message: 'No NVIDIA driver was found (libcuda.so.1).',
    });
    expect(await libraries()).toMatchObject({ state: 'unsupported', missing: [] });
    symlinkSync('libcuda.so.580.82.07', join(computer, 'libcuda.so.1'));
    expect(server.seen).toEqual([]);
  });

  test('are listed, fetched and removed on the command line', async () => {
    const listed = await run('device', 'libraries');
    expect(listed.code).toBe(0);
    expect(listed.out).toMatch(/libcublas\.so\.13 +CUDA 13 +found/);
    expect(listed.out).toContain(`${providerPackage} 1.30.0  236 MB from ${server.host}, MIT`);
    const get = 'ONNX Runtime 1.30.0 is missing. Get it with "tunesmith device libraries --get".';
    expect(listed.out).toContain(get);
    expect((await run('device', 'list')).out).toContain(get);
    expect((await run('device', 'check', 'cuda')).err).toContain('tunesmith device libraries --get');
    expect(server.seen).toEqual([]);

    const fetched = await run('device', 'libraries', '--get');
    expect(fetched.err).toContain('to fetch: 236 MB');
    expect(fetched.out).toContain('CUDA has what it needs.');
    expect(JSON.parse((await run('device', 'libraries', '--json')).out)).toMatchObject({ state: 'complete' });

    expect((await run('device', 'libraries', '--remove')).out).toMatch(
      /^Removed \d+ MB of CUDA libraries\.$/,
    );
    expect(JSON.parse((await run('device', 'libraries', '--json')).out)).toMatchObject({ fetchedBytes: 0 });
    expect((await run('device', 'libraries', '--get', '--remove')).code).toBe(2);
  });
});
