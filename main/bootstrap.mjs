#!/usr/bin/env node
// Installs from the lockfile when it changed, then starts the pinned Node. Plain JavaScript over built-ins, because
// this is the one file that an old system Node reads. Without a `.ts` file to run it is the command line.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const windows = process.platform === 'win32';
const [script, ...rest] = process.argv.slice(2);
const isScript = script?.endsWith('.ts') ?? false;

const lock = createHash('sha256')
  .update(readFileSync(join(root, 'package-lock.json')))
  .digest('hex');
const stamp = join(root, 'node_modules', '.installed-lock');
if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== lock) {
  console.error('Tunesmith installs its packages, about a minute, once.');
  const npm = process.env.npm_execpath;
  const flags = [
    'ci',
    '--ignore-scripts',
    '--include=dev',
    '--include=optional',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ];
  const options = { cwd: root, stdio: ['inherit', 2, 'inherit'] };
  const install = npm?.endsWith('npm-cli.js')
    ? spawnSync(process.execPath, [npm, ...flags], options)
    : spawnSync('npm', flags, { ...options, shell: windows });
  if (install.status !== 0) process.exit(install.status ?? 1);
  writeFileSync(stamp, lock);
}

const binary = windows ? 'node.exe' : 'node';
const pinned = join(root, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', binary);
const [major, minor] = process.versions.node.split('.').map(Number);
if (!existsSync(pinned) && (major < 22 || (major === 22 && minor < 18))) {
  console.error(
    `Tunesmith needs Node 22.18 or newer on this system, and this is ${process.version}. Install it from nodejs.org.`,
  );
  process.exit(1);
}
const args = isScript ? [script, ...rest] : [join(root, 'main', 'cli.ts'), ...process.argv.slice(2)];
const child = spawn(existsSync(pinned) ? pinned : process.execPath, args, {
  cwd: isScript ? root : process.cwd(),
  stdio: 'inherit',
});
process.on('SIGINT', () => {}); // the child gets it too, and decides
process.on('SIGTERM', () => child.kill('SIGTERM'));
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
