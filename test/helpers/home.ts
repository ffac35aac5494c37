// A temporary home folder for one test file, and a backend in it that is closed at the end. Real store, real engine.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Backend, type BackendOptions, createBackend } from '../../main/backend.ts';

export const root = join(import.meta.dirname, '..', '..');

/** A fresh folder; `name` may hold anything that a file system allows. */
export function temporaryFolder(name = 'home'): { folder: string; remove(): void } {
  const parent = mkdtempSync(join(tmpdir(), 'tunesmith-'));
  return { folder: join(parent, name), remove: () => rmSync(parent, { recursive: true, force: true }) };
}

/** A backend as the command line opens it, in a home folder of its own. */
export function openTestBackend(home: string, options: Partial<BackendOptions> = {}): Backend {
  return createBackend({
    shell: { kind: 'cli' },
    home,
    resources: join(root, 'resources'),
    engineFile: join(root, 'main', 'engine.ts'),
    nodePath: process.execPath,
    makeSample: false,
    version: '0.0.0-test',
    ...options,
  });
}
