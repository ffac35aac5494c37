// Families of reference data that nothing is compared with yet. They are named in the table, so that what is missing is
// seen.
import { basename } from 'node:path';
import { type Check, skipped } from './check.ts';

function later(id: string, sign: (file: string) => boolean, reason: string): Check {
  return {
    id,
    matches: (_, files) => files.some(sign),
    async *run(folder) {
      yield skipped(basename(folder), 'all', reason);
    },
  };
}

export const laterChecks: readonly Check[] = [
  later('gguf', (file) => file.endsWith('.gguf'), 'GGUF files are not supported yet'),
];
