import { expect, test } from 'vitest';
import { createCollection } from '../../../renderer/state/collection.ts';

interface Item {
  id: string;
  projectId: string;
  createdAt: number;
}

const item = (id: string, createdAt: number): Item => ({ id, projectId: 'p1', createdAt });
const ids = (items: Item[] | undefined): string[] | undefined => items?.map(({ id }) => id);

test('an event does not make a list of one where the list was never asked for', async () => {
  const store = createCollection<Item>(async () => [item('a', 1), item('b', 2)]);
  store.getState().put(item('b', 2));
  expect(store.getState().byProject.p1).toBeUndefined();
  await store.getState().load('p1');
  expect(ids(store.getState().byProject.p1)).toEqual(['b', 'a']);
  expect(store.getState().status.p1).toBe('ready');
});

test('news that arrive while the list is on its way are not lost', async () => {
  const kept = [item('a', 1)];
  const { promise, resolve } = Promise.withResolvers<void>();
  const store = createCollection<Item>(async () => {
    const answer = [...kept];
    await promise;
    return answer;
  });
  const loading = store.getState().load('p1');
  kept.push(item('b', 2));
  store.getState().put(item('b', 2));
  resolve();
  await loading;
  expect(ids(store.getState().byProject.p1)).toEqual(['b', 'a']);
});

test('one that changed takes the place of the older one', async () => {
  const store = createCollection<Item>(async () => [item('a', 1), item('b', 2)]);
  await store.getState().load('p1');
  store.getState().put(item('a', 3));
  expect(ids(store.getState().byProject.p1)).toEqual(['a', 'b']);
  store.getState().drop('p1', 'b');
  expect(ids(store.getState().byProject.p1)).toEqual(['a']);
});
