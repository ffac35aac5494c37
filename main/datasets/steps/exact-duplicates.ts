// Exact duplicates: keeps the first of passages with equal text. Rows count as equal when the columns in
// use are.
import { z } from 'zod';
import { maxSamples, type Passage, removedSample, type StepSample } from '../passage.ts';
import { defineStep } from './step.ts';

export const exactDuplicates = defineStep({
  id: 'exact-duplicates',
  label: 'Exact duplicates',
  description: 'Keeps the first of passages whose text is the same.',
  defaultEnabled: true,
  Options: z.object({
    ignoreCase: z
      .boolean()
      .default(false)
      .meta({ title: 'Ignore case and spaces', description: 'Counts "A  b" and "a b" as the same.' }),
  }),
  apply(passages, options) {
    const first = new Map<string, Passage>();
    const kept: Passage[] = [];
    const samples: StepSample[] = [];
    for (const passage of passages) {
      const key = keyOf(passage, options.ignoreCase);
      const twin = first.get(key);
      if (twin === undefined) {
        first.set(key, passage);
        kept.push(passage);
      } else if (samples.length < maxSamples) samples.push(removedSample(passage, twin));
    }
    return { passages: kept, removed: passages.length - kept.length, changed: 0, samples };
  },
});

/** Field names and roles count too, so that a question equal to another row's answer is no duplicate. */
function keyOf(passage: Passage, ignoreCase: boolean): string {
  const fields = Object.entries(passage.fields).map(([name, text]) => {
    const same = ignoreCase ? text.toLowerCase().replace(/\s+/g, ' ').trim() : text;
    return [name, same];
  });
  return JSON.stringify([passage.isRow, passage.roles, fields]);
}
