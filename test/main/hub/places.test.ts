import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { hubPlaces } from '../../../main/hub/places.ts';

const home = resolve('/people/ida');
const cacheOf = (env: NodeJS.ProcessEnv) => hubPlaces(env, home).cacheFolder;

test('the cache lies where the variables of huggingface_hub say, the nearest first', () => {
  expect(cacheOf({})).toBe(join(home, '.cache', 'huggingface', 'hub'));
  expect(cacheOf({ XDG_CACHE_HOME: '/big' })).toBe(resolve('/big/huggingface/hub'));
  expect(cacheOf({ HF_HOME: '~/hf', XDG_CACHE_HOME: '/big' })).toBe(join(home, 'hf', 'hub'));
  expect(cacheOf({ HUGGINGFACE_HUB_CACHE: '/old', HF_HOME: '/hf' })).toBe(resolve('/old'));
  expect(cacheOf({ HF_HUB_CACHE: '/new', HUGGINGFACE_HUB_CACHE: '/old' })).toBe(resolve('/new'));
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
