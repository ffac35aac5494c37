// Runs one conformance check on a folder of test/reference.
import type { Check } from '../conformance/check.ts';
import { referenceFolder } from './reference-model.ts';

/** How many quantities were compared, and what was not as stored. */
export async function compare(check: Check, name: string): Promise<{ compared: number; wrong: string[] }> {
  const wrong: string[] = [];
  let compared = 0;
  for await (const row of check.run(referenceFolder(name), { provider: 'cpu' })) {
    compared++;
    if (row.status !== 'passed') wrong.push(`${row.case}: ${row.quantity}: ${row.difference} ${row.note}`);
  }
  return { compared, wrong };
}
