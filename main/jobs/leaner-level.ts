// How often a run became leaner after its memory ran out: a small file in the run folder, so that it outlives the engine
// and the backend. What a level means is known to train-leaner.ts.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const Leaner = z.object({ version: z.literal(1), level: z.int().min(0) });

const fileOf = (runFolder: string) => join(runFolder, 'leaner.json');

/** 0 = never. */
export function leanerLevel(runFolder: string): number {
  try {
    return Leaner.parse(JSON.parse(readFileSync(fileOf(runFolder), 'utf8'))).level;
  } catch {
    return 0; // absent, or damaged: the next failure writes it again
  }
}

export function raiseLeanerLevel(runFolder: string): void {
  const level = leanerLevel(runFolder) + 1;
  const file = fileOf(runFolder);
  writeFileSync(`${file}.tmp`, JSON.stringify({ version: 1, level }));
  renameSync(`${file}.tmp`, file);
}

/** Whether an engine that ended so may go on with a leaner plan. */
export function isOutOfMemory(code: string): boolean {
  return code === 'out-of-memory' || code === 'engine-memory' || code === 'engine-killed';
}
