// Finds every case below some folders and runs the checks that match them. A case that throws is a
// failed row, so that one fault hides nothing else. Knows neither the command line nor how a table is
// printed.
import { readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type Check, type CheckOptions, type Row, skipped } from './check.ts';

export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/** `folder` and every folder below it, in alphabetical order, with the names of the files directly inside. */
export function foldersBelow(folder: string): { folder: string; files: string[] }[] {
  const files: string[] = [];
  const folders: string[] = [];
  for (const name of readdirSync(folder).sort()) {
    const found = statSync(join(folder, name), { throwIfNoEntry: false }); // a dangling link is neither
    if (found?.isDirectory()) folders.push(join(folder, name));
    else if (found?.isFile()) files.push(name);
  }
  return [{ folder, files }, ...folders.flatMap(foldersBelow)];
}

/** Runs all checks below the folders, and gives each row to `onRow` as soon as it is known. */
export async function runConformance(
  folders: readonly string[],
  checks: readonly Check[],
  options: CheckOptions,
  onRow: (row: Row) => void,
): Promise<Counts> {
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 };
  const give = (row: Row) => {
    counts[row.status]++;
    onRow(row);
  };
  for (const { folder, files } of folders.flatMap(foldersBelow)) {
    for (const check of checks) {
      try {
        if (!check.matches(folder, files)) continue;
        if (check.onProcessorOnly !== undefined && options.provider !== 'cpu') {
          give(
            skipped(basename(folder), check.id, `${check.onProcessorOnly}: nothing of it runs on a device`),
          );
          continue;
        }
        for await (const row of check.run(folder, options)) give(row);
      } catch (thrown) {
        const note = thrown instanceof Error ? thrown.message : String(thrown);
        give({ case: basename(folder), quantity: check.id, status: 'failed', note: note.split('\n')[0] });
      }
    }
  }
  return counts;
}
