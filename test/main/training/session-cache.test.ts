import { expect, test } from 'vitest';
import type { Session } from '../../../main/training/session.ts';
import { createSessionCache } from '../../../main/training/session-cache.ts';

function recorded() {
  const made: string[] = [];
  const released: string[] = [];
  const make = (key: string) => async () => {
    made.push(key);
    return { release: async () => void released.push(key) } as Partial<Session> as Session;
  };
  return { made, released, make };
}

test('a session is made once, and the least recently used one goes first', async () => {
  const { made, released, make } = recorded();
  const cache = createSessionCache(2);
  const first = await cache.get('a', make('a'));
  await cache.get('b', make('b'));
  expect(await cache.get('a', make('a'))).toBe(first);
  await cache.get('c', make('c'));
  expect(made).toEqual(['a', 'b', 'c']);
  expect(released).toEqual(['b']);
  await cache.release();
  expect(released).toEqual(['b', 'a', 'c']);
});

test('a session that cannot be made leaves no trace, and is made at the next try', async () => {
  const { made, make } = recorded();
  const cache = createSessionCache(2);
  await expect(cache.get('a', () => Promise.reject(new Error('no memory')))).rejects.toThrow('no memory');
  await cache.get('a', make('a'));
  expect(made).toEqual(['a']);
});
