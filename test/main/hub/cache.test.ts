import { lstatSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  blobsFolder,
  finishSnapshot,
  gitBlobId,
  hasFile,
  listCache,
  refuseLongPaths,
  repositoryFolder,
  repositoryOf,
  snapshotFolder,
} from '../../../main/hub/cache.ts';
import { temporaryFolder } from '../../helpers/tiny-model.ts';

const commit = 'a'.repeat(40);
const contents = { 'config.json': '{}', 'model.safetensors': 'weights', LICENSE: 'free', NOTICE: 'free' };
const files = Object.entries(contents).map(([path, text]) => ({
  path,
  bytes: text.length,
  etag: gitBlobId(Buffer.from(text)),
}));
const model = { repository: 'ida/model', revision: 'refs/pr/1', commit, files };

function cacheWithBlobs(): string {
  const cache = temporaryFolder();
  mkdirSync(blobsFolder(cache, model.repository), { recursive: true });
  for (const { path, etag } of files)
    writeFileSync(join(blobsFolder(cache, model.repository), etag), contents[path as keyof typeof contents]);
  return cache;
}

test.each([true, false])('a finished snapshot holds every file, with links: %s', (links) => {
  const cache = cacheWithBlobs();
  const folder = finishSnapshot(cache, model, links);
  expect(folder).toBe(snapshotFolder(cache, model.repository, commit));
  for (const [path, text] of Object.entries(contents)) {
    expect(readFileSync(join(folder, path), 'utf8')).toBe(text);
    expect(lstatSync(join(folder, path)).isSymbolicLink()).toBe(links);
  }
  expect(readdirSync(blobsFolder(cache, model.repository))).toHaveLength(links ? 3 : 0);
  expect(listCache(cache)).toEqual([
    { repository: 'ida/model', commit, revisions: ['refs/pr/1'], folder, bytes: 17, unfinished: false },
  ]);
  expect(files.every((file) => hasFile(cache, model.repository, commit, file))).toBe(true);
  expect(finishSnapshot(cache, model, links)).toBe(folder);
});

test('a snapshot is not begun while a file is missing', () => {
  const cache = cacheWithBlobs();
  const more = { ...model, files: [...files, { path: 'tokenizer.json', bytes: 4, etag: 'b'.repeat(64) }] };
  expect(() => finishSnapshot(cache, more)).toThrow(expect.objectContaining({ code: 'download-incomplete' }));
  expect(listCache(cache)).toEqual([]);
});

test('a file in a snapshot without links counts only with its own content', () => {
  const cache = cacheWithBlobs();
  const folder = finishSnapshot(cache, model, false);
  writeFileSync(join(folder, 'config.json'), '[]');
  expect(hasFile(cache, model.repository, commit, files[0])).toBe(false);
});

test('main decides which snapshot is listed, and odd folders are passed over', () => {
  const cache = cacheWithBlobs();
  finishSnapshot(cache, { ...model, revision: 'main' });
  const newer = snapshotFolder(cache, model.repository, 'c'.repeat(40));
  mkdirSync(newer);
  writeFileSync(join(newer, 'config.json'), '{}');
  mkdirSync(join(cache, 'datasets--ida--texts', 'snapshots'), { recursive: true });
  mkdirSync(join(cache, 'models--empty', 'snapshots', commit), { recursive: true });
  writeFileSync(join(cache, 'version.txt'), '1');
  expect(listCache(cache).map((one) => one.commit)).toEqual([commit]);
  expect(listCache(join(cache, 'not-there'))).toEqual([]);
});

test('a broken-off download is marked', () => {
  const cache = cacheWithBlobs();
  finishSnapshot(cache, model);
  writeFileSync(join(blobsFolder(cache, model.repository), `${'d'.repeat(64)}.incomplete`), 'half');
  expect(listCache(cache)[0].unfinished).toBe(true);
});

test('names of folders and repositories belong to each other', () => {
  expect(repositoryOf('models--ida--model-1.0')).toBe('ida/model-1.0');
  expect(repositoryOf('models--gpt2')).toBe('gpt2');
  expect(repositoryOf('datasets--a--b')).toBeNull();
  expect(repositoryFolder('/c', 'ida/model')).toBe(join('/c', 'models--ida--model'));
});

test('a path that Windows cannot hold is told with its length before anything is fetched', () => {
  const deep = `/${'x'.repeat(154)}`;
  const long = { ...model, repository: `ida/${'m'.repeat(60)}` };
  expect(() => refuseLongPaths(deep, long, 'win32')).toThrow(
    /path of \d{3} characters; this system takes 259/,
  );
  expect(() => refuseLongPaths(deep, long, 'linux')).not.toThrow();
});

test('folders are made only where something is written', () => {
  const cache = temporaryFolder();
  listCache(join(cache, 'hub'));
  expect(statSync(join(cache, 'hub'), { throwIfNoEntry: false })).toBeUndefined();
});
