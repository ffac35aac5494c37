import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { hubPlaces } from '../../../main/hub/places.ts';
import { temporaryFolder } from '../../helpers/tiny-model.ts';

const home = resolve('/people/ida');
const cacheOf = (env: NodeJS.ProcessEnv) => hubPlaces(env, home).cacheFolder;

test('the cache lies where the variables of huggingface_hub say, the nearest first', () => {
  expect(cacheOf({})).toBe(join(home, '.cache', 'huggingface', 'hub'));
  expect(cacheOf({ XDG_CACHE_HOME: '/big' })).toBe(resolve('/big/huggingface/hub'));
  expect(cacheOf({ HF_HOME: '~/hf', XDG_CACHE_HOME: '/big' })).toBe(join(home, 'hf', 'hub'));
  expect(cacheOf({ HUGGINGFACE_HUB_CACHE: '/old', HF_HOME: '/hf' })).toBe(resolve('/old'));
  expect(cacheOf({ HF_HUB_CACHE: '/new', HUGGINGFACE_HUB_CACHE: '/old' })).toBe(resolve('/new'));
});

test('models are looked for in every place that a variable names, and in the usual one', () => {
  const usual = join(home, '.cache', 'huggingface', 'hub');
  expect(hubPlaces({}, home).cacheFolders).toEqual([usual]);
  expect(hubPlaces({ HF_HOME: '/hf' }, home).cacheFolders).toEqual([resolve('/hf/hub'), usual]);
  expect(
    hubPlaces({ HF_HUB_CACHE: '/new', HF_HOME: '/hf', XDG_CACHE_HOME: join(home, '.cache') }, home)
      .cacheFolders,
  ).toEqual([resolve('/new'), resolve('/hf/hub'), usual]);
});

test('the token is that of HF_TOKEN, or else of the file that "hf auth login" wrote', () => {
  const folder = temporaryFolder();
  const tokens = (env: NodeJS.ProcessEnv) => {
    const { token, tokenFrom } = hubPlaces({ ...env }, folder);
    return [token, tokenFrom];
  };
  expect(tokens({})).toEqual([null, null]);
  const data = join(folder, '.cache', 'huggingface');
  mkdirSync(data, { recursive: true });
  writeFileSync(join(data, 'token'), 'hf_usual\n');
  writeFileSync(join(folder, 'other'), 'hf_other\r\n');
  writeFileSync(join(folder, 'odd'), 'hf_a\nhf_b\n');
  expect(tokens({})).toEqual(['hf_usual', 'file']);
  expect(tokens({ HF_TOKEN: 'hf_set' })).toEqual(['hf_set', 'HF_TOKEN']);
  expect(tokens({ HF_TOKEN_PATH: '~/other' })).toEqual(['hf_other', 'file']);
  expect(tokens({ HF_TOKEN_PATH: '~/odd' })).toEqual([null, null]);
  expect(tokens({ HF_HOME: join(folder, 'empty') })).toEqual([null, null]);
  expect(tokens({ HF_TOKEN: 'hf_set', HF_HUB_DISABLE_IMPLICIT_TOKEN: '1' })).toEqual([null, null]);
});

test('a mirror, proxies and the token are taken from the environment', () => {
  const places = hubPlaces(
    { HF_ENDPOINT: 'https://mirror.test/hub/', HTTPS_PROXY: 'http://p:1', no_proxy: 'x', HF_TOKEN: ' t ' },
    home,
  );
  expect(places).toMatchObject({ endpoint: 'https://mirror.test/hub', token: 't', offlineBy: null });
  expect(places.proxy).toEqual({ HTTPS_PROXY: 'http://p:1', no_proxy: 'x' });
  expect(hubPlaces({}, home).endpoint).toBe('https://huggingface.co');
});

test('either offline variable forbids the network, in the spellings that the libraries know', () => {
  expect(hubPlaces({ HF_HUB_OFFLINE: '1' }).offlineBy).toBe('HF_HUB_OFFLINE');
  expect(hubPlaces({ TRANSFORMERS_OFFLINE: 'yes' }).offlineBy).toBe('TRANSFORMERS_OFFLINE');
  expect(hubPlaces({ HF_HUB_OFFLINE: '0' }).offlineBy).toBeNull();
});
