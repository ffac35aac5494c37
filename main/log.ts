// One log file of JSON lines, with levels. Does not know who reads it. Until `openLog` is called, warnings and
// errors go to stderr, so that tests and one-off commands show them.
import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

const maxBytes = 5_000_000;
let path: string | undefined;

/** Sends later entries to `file` (created with its folder; the last 5 MB are kept in `file.1`). */
export function openLog(file: string): void {
  mkdirSync(dirname(file), { recursive: true });
  path = file;
}

/** Writes one entry. `fields` must be JSON; an Error among them is written with its stack. Never throws. */
export function log(level: LogLevel, event: string, fields: Record<string, unknown> = {}): void {
  const plain = Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [
      key,
      value instanceof Error ? (value.stack ?? value.message) : value,
    ]),
  );
  const line = `${JSON.stringify({ time: new Date().toISOString(), level, event, pid: process.pid, ...plain })}\n`;
  try {
    if (path === undefined) {
      if (level === 'warn' || level === 'error') process.stderr.write(line);
      return;
    }
    if (sizeOf(path) > maxBytes) renameSync(path, `${path}.1`);
    appendFileSync(path, line);
  } catch {
    process.stderr.write(line); // a full disk must not stop the program that reports it
  }
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
