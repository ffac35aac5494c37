// The whole way of a base model from the Hub into the list, through the real backend and engine, against a server on
// loopback; what other programs left on this computer; and the token.
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Backend } from '../../../main/backend.ts';
import { runCommandLine } from '../../../main/cli.ts';
import { openTestBackend, temporaryFolder } from '../../helpers/home.ts';
import { commit, type HubServer, startHubServer } from '../../helpers/hub-server.ts';
import { llamaFolder } from '../../helpers/tiny-model.ts';

const home = temporaryFolder();
const variables = { ...process.env };
const names = ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'model.safetensors'];
const files = Object.fromEntries(names.map((file) => [file, readFileSync(join(llamaFolder, file))]));
const cache = join(home.folder, 'hf', 'hub');
let server: HubServer;
let backend: Backend;

beforeAll(async () => {
  server = await startHubServer({ files, cardData: { license: 'mit' }, token: 'hf_secret' });
  Object.assign(process.env, {
    HF_ENDPOINT: server.url,
    HF_HOME: join(home.folder, 'hf'),
    HOME: join(home.folder, 'user'),
    USERPROFILE: join(home.folder, 'user'),
  });
  const others = ['HF_HUB_CACHE', 'HF_TOKEN', 'HF_TOKEN_PATH', 'HF_HUB_OFFLINE', 'XDG_CACHE_HOME'];
  for (const name of [...others, 'http_proxy', 'HTTP_PROXY']) delete process.env[name];
  backend = openTestBackend(home.folder, { shell: { kind: 'browser' } });
});
afterAll(async () => {
  await backend.close();
  await server.close();
  process.env = variables;
  home.remove();
});

const jobEnd = async (jobId: string) => {
  await backend.services.queue.wait(jobId);
  return backend.call('jobs.get', { jobId });
};

test('a gated model asks for a token, which is kept in memory and never given back', async () => {
  await expect(backend.call('models.lookup', { repository: 'tiny/llama' })).rejects.toMatchObject({
    code: 'hub-gated',
    remedy: expect.stringMatching(
      /accept its terms .*: in Settings, in the variable HF_TOKEN, or with "hf auth/,
    ),
  });
  expect(await backend.call('settings.hubToken', {})).toEqual({ kept: 'none' });
  mkdirSync(join(home.folder, 'hf'), { recursive: true });
  writeFileSync(join(home.folder, 'hf', 'token'), 'hf_secret\n');
  expect(await backend.call('settings.hubToken', {})).toEqual({ kept: 'file' });
  expect(await backend.call('models.lookup', { repository: 'tiny/llama' })).toMatchObject({ gated: true });
  rmSync(join(home.folder, 'hf', 'token'));
  expect(await backend.call('settings.setHubToken', { token: 'hf_secret' })).toEqual({ kept: 'memory' });
  expect(await backend.call('settings.hubToken', {})).toEqual({ kept: 'memory' });
});

test('a lookup says what would be fetched, where to, and whether it fits', async () => {
  const found = await backend.call('models.lookup', { repository: `${server.url}/tiny/llama` });
  expect(found).toMatchObject({ licence: 'mit', gated: true, commit, architecture: 'llama', problem: null });
  expect(found.missingBytes).toBe(found.bytes);
  expect(found.destination).toBe(join(cache, 'models--tiny--llama', 'snapshots', commit));
  expect(found.fits.map(({ method, verdict }) => [method, verdict])).toEqual([
    ['lora', 'fits'],
    ['full', 'fits'],
  ]);
  expect(await backend.call('models.list', {})).not.toContainEqual(
    expect.objectContaining({ name: 'tiny/llama' }),
  );
});

test('a broken-off download fails with one sentence and offers no model; the next one goes on and adds it', async () => {
  const cut = { cutAfter: 25_000 };
  server.next('model.safetensors', cut, { status: 401, headers: { 'x-error-code': 'GatedRepo' } });
  const failed = await jobEnd((await backend.call('models.download', { repository: 'tiny/llama' })).id);
  expect(failed).toMatchObject({ state: 'failed', error: { code: 'hub-gated' } });
  expect(failed.result).toMatchObject({ repository: 'tiny/llama', revision: 'main' });
  expect((await backend.call('models.cached', {})).models).toEqual([]);

  const job = await jobEnd((await backend.call('models.download', { repository: 'tiny/llama' })).id);
  expect(job.error).toBeNull();
  expect(server.fetches('model.safetensors').at(-1)?.headers.range).toBe('bytes=25000-');
  const { modelId } = job.result as { modelId: string };
  const model = await backend.call('models.get', { modelId });
  expect(model).toMatchObject({ name: 'tiny/llama', origin: 'download', problem: null });
  expect((await backend.call('models.lookup', { repository: 'tiny/llama' })).missingBytes).toBe(0);
});

test('the token is in no job, no setting and no log', async () => {
  const jobs = JSON.stringify(backend.services.store.jobs.list(null));
  expect(jobs).not.toContain('hf_secret');
  expect(readFileSync(backend.services.logFile, 'utf8')).not.toContain('hf_secret');
});

test('every request stands in the network ledger', async () => {
  const ledger = await backend.call('settings.ledger', {});
  expect(ledger).toHaveLength(server.seen.length);
  const weights = ledger.filter(({ why }) => why === 'model.safetensors of tiny/llama');
  expect(new Set(weights.map(({ host }) => host))).toEqual(new Set([server.host, server.farHost]));
  const read = weights.reduce((sum, { bytesIn }) => sum + bytesIn, 0);
  expect(read).toBeGreaterThan(files['model.safetensors'].length);
});

test('what other programs left is listed with the reason why it cannot be trained', async () => {
  const snapshot = join(cache, 'models--other--mamba', 'snapshots', commit);
  mkdirSync(snapshot, { recursive: true });
  writeFileSync(join(snapshot, 'config.json'), '{"model_type":"mamba"}');
  const studio = join(home.folder, 'user', '.lmstudio', 'models', 'tiny', 'llama');
  cpSync(llamaFolder, studio, { recursive: true });
  mkdirSync(join(studio, '..', 'run'), { recursive: true });
  writeFileSync(join(studio, '..', 'run', 'run.gguf'), 'GGUF');
  const { models, folders } = await backend.call('models.cached', {});
  expect(folders).toContain(cache);
  expect(models.map(({ name, place, problem }) => [name, place, problem?.code ?? null])).toEqual([
    ['other/mamba', 'Hugging Face cache', 'architecture-unsupported'],
    ['tiny/llama', 'Hugging Face cache', null],
    ['tiny/llama', 'LM Studio', null],
    ['tiny/run', 'LM Studio', 'weights-gguf'],
  ]);
  expect(models[1].modelId).not.toBeNull();
  const added = await backend.call('models.addCached', { key: models[2].key });
  expect(added).toMatchObject({ origin: 'folder', architecture: 'llama' });
  await expect(backend.call('models.addCached', { key: models[3].key })).rejects.toMatchObject({
    code: 'weights-gguf',
  });
  await expect(backend.call('models.addCached', { key: 'nothing' })).rejects.toMatchObject({
    code: 'model-folder-missing',
  });
});

test('the short list says for each model whether LoRA fits here', async () => {
  const list = await backend.call('models.suggested', {});
  expect(list.length).toBeGreaterThan(5);
  for (const { repository, fit, bytes } of list)
    expect([repository, (fit?.peakBytes ?? 0) > 0.7 * bytes]).toEqual([repository, true]);
});

test('a download that a crash broke off goes on by itself at the next start', async () => {
  const folder = join(home.folder, 'crashed');
  const dead = openTestBackend(folder);
  await dead.recovered;
  const job = dead.services.queue.start({
    kind: 'export', // a kind that ends at once, for a row to begin with
    projectId: null,
    subjectId: null,
    title: 'Download tiny/llama',
    spec: { repository: 'tiny/llama', revision: 'main' },
    lane: 'free',
  });
  await dead.services.queue.wait(job.id);
  const left = { ...job, kind: 'download-model', state: 'running', endedAt: null, error: null } as const;
  dead.services.store.jobs.save({ ...left, owner: 'backend that is gone', enginePid: null });
  await dead.close();

  process.env.HF_TOKEN = 'hf_secret';
  const next = openTestBackend(folder);
  try {
    await next.recovered;
    await new Promise((turn) => setImmediate(turn)); // restarted once the engine of old is known to be gone
    await next.services.queue.wait(job.id);
    expect(await next.call('jobs.get', { jobId: job.id })).toMatchObject({ state: 'finished', error: null });
    expect(await next.call('models.list', {})).toContainEqual(
      expect.objectContaining({ name: 'tiny/llama' }),
    );
  } finally {
    delete process.env.HF_TOKEN;
    await next.close();
  }
});

test('the command line lists, looks up and downloads', async () => {
  const run = async (...args: string[]) => {
    const out: string[] = [];
    const err: string[] = [];
    const output = {
      out: (text: string) => out.push(text),
      err: (text: string) => err.push(text),
      isTerminal: false,
    };
    const code = await runCommandLine(args, output, () =>
      openTestBackend(join(home.folder, 'cli'), { shell: { kind: 'cli' } }),
    );
    return { code, out: out.join('\n'), err: err.join('\n') };
  };
  process.env.HF_TOKEN = 'hf_secret';
  try {
    const looked = await run('model', 'download', 'tiny/llama', '--dry-run');
    expect(looked.code, looked.err).toBe(0);
    expect(looked.out).toContain('licence mit');
    const done = await run('model', 'download', 'tiny/llama', '--json');
    expect(JSON.parse(done.out)).toMatchObject({ name: 'tiny/llama', origin: 'download' });
    expect((await run('model', 'list', '--computer')).out).toContain('tiny/run');
    process.env.HF_HUB_OFFLINE = '1';
    const offline = await run('model', 'download', 'tiny/llama');
    expect(offline).toMatchObject({ code: 1, err: expect.stringContaining('HF_HUB_OFFLINE is set') });
  } finally {
    delete process.env.HF_TOKEN;
    delete process.env.HF_HUB_OFFLINE;
  }
}, 120_000);
