// Where this program lies, and its version: the repository while developing, the package's folder when installed.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The folder that holds package.json. */
export function applicationRoot(): string {
  // `main/` here; `out/main/` in a bundle.
  const above = join(import.meta.dirname, '..');
  return /[\\/]out$/.test(above) ? join(above, '..') : above;
}

export function applicationVersion(): string {
  return JSON.parse(readFileSync(join(applicationRoot(), 'package.json'), 'utf8')).version as string;
}
