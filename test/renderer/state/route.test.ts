import { afterEach, expect, it, vi } from 'vitest';
import { goOn, hashOf, parseHash, placeNow } from '../../../renderer/state/route.ts';

it('keeps project, screen and what follows in the address', () => {
  const route = { screen: 'run', projectId: 'p1', rest: ['r7'] };
  expect(hashOf(route)).toBe('#/projects/p1/run/r7');
  expect(parseHash(hashOf(route))).toEqual(route);
});

it('survives slashes, spaces and non-ASCII in what follows', () => {
  const route = { screen: 'dataset', projectId: 'p1', rest: ['v4', 'records', 'a/b ü #1'] };
  expect(parseHash(hashOf(route))).toEqual(route);
});

it('opens the projects when the address is empty', () => {
  expect(parseHash('')).toEqual({ screen: 'projects', projectId: null, rest: [] });
  expect(parseHash('#/projects')).toEqual({ screen: 'projects', projectId: null, rest: [] });
});

it('opens the documents of a project that is named without a screen', () => {
  expect(parseHash('#/projects/p1')).toEqual({ screen: 'documents', projectId: 'p1', rest: [] });
});

it('knows screens that belong to no project', () => {
  expect(parseHash('#/settings/ledger')).toEqual({ screen: 'settings', projectId: null, rest: ['ledger'] });
});

it('takes a part that is cut in the middle of a character as it stands', () => {
  expect(parseHash('#/projects/p1/dataset/%E2%8')).toEqual({
    screen: 'dataset',
    projectId: 'p1',
    rest: ['%E2%8'],
  });
});

afterEach(() => vi.unstubAllGlobals());

it('goes on after a wait only from where the wait began', () => {
  const location = { hash: '#/projects/p1/model' };
  vi.stubGlobal('window', { location });
  const from = placeNow();
  location.hash = '#/projects/p1/dataset'; // a click while the model was chosen
  goOn(from, 'train');
  expect(location.hash).toBe('#/projects/p1/dataset');
  location.hash = from;
  goOn(from, 'train');
  expect(location.hash).toBe('#/train');
});
