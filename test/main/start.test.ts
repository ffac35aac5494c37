// How `npm start` decides between the window and the browser.
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { chooseMode, rendererIsOld, type Surroundings } from '../../main/start.ts';
import { temporaryFolder } from '../helpers/home.ts';

const desktop: Surroundings = {
  platform: 'linux',
  env: { DISPLAY: ':0' },
  isRoot: false,
  electronBinary: () => '/electron',
  installElectron: () => {
    throw new Error('not asked for');
  },
};

test('with a display and its binary, Electron opens', () => {
  expect(chooseMode(desktop)).toMatchObject({ mode: 'electron', binary: '/electron' });
  expect(chooseMode({ ...desktop, env: { WAYLAND_DISPLAY: 'wayland-0' } }).mode).toBe('electron');
  expect(chooseMode({ ...desktop, platform: 'darwin', env: {} }).mode).toBe('electron');
});

test('without a display, as root, or when asked, the browser is used and no download is tried', () => {
  const missing = { ...desktop, electronBinary: () => null };
  expect(chooseMode({ ...missing, env: {} })).toMatchObject({ mode: 'browser', why: 'there is no display' });
  expect(chooseMode({ ...missing, isRoot: true })).toMatchObject({
    mode: 'browser',
    why: expect.stringContaining('root'),
  });
  expect(chooseMode({ ...desktop, env: { DISPLAY: ':0', TUNESMITH_MODE: 'browser' } }).mode).toBe('browser');
});

test('a missing binary is fetched once; a failed download ends in browser mode', () => {
  let there = false;
  const fetching = { ...desktop, electronBinary: () => (there ? '/electron' : null) };
  const succeed = () => {
    there = true;
    return true;
  };
  expect(chooseMode({ ...fetching, installElectron: succeed }).mode).toBe('electron');
  there = false;
  expect(chooseMode({ ...fetching, installElectron: () => false })).toMatchObject({ mode: 'browser' });
});

test('the pages are built when they are missing or older than a source', () => {
  const { folder, remove } = temporaryFolder('repository');
  for (const name of ['renderer', 'main/contract', 'out/renderer'])
    mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, 'renderer', 'app.tsx'), '');
  writeFileSync(join(folder, 'package-lock.json'), '{}');
  expect(rendererIsOld(folder)).toBe(true);
  writeFileSync(join(folder, 'out', 'renderer', 'index.html'), '');
  const later = new Date(Date.now() + 5000);
  utimesSync(join(folder, 'out', 'renderer', 'index.html'), later, later);
  expect(rendererIsOld(folder)).toBe(false);
  const latest = new Date(Date.now() + 9000);
  utimesSync(join(folder, 'renderer', 'app.tsx'), latest, latest);
  expect(rendererIsOld(folder)).toBe(true);
  remove();
});
