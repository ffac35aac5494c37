// The report of a build: counts, what each step did, leaks, problems. Pure.
import type { DatasetRecord, DatasetReport, StepReport } from '../contract/datasets.ts';
import { plural } from '../documents/limits.ts';
import { recordText } from './record.ts';

export function reportOf(
  passages: number,
  steps: StepReport[],
  records: DatasetRecord[],
  leaks: number,
  problems: string[],
): DatasetReport {
  const counts = { train: 0, validation: 0, test: 0 };
  let characters = 0;
  for (const record of records) {
    counts[record.split]++;
    characters += recordText(record.content).length;
  }
  const have = leaks === 1 ? 'has' : 'have';
  const leakSentences =
    leaks === 0 ? [] : [`${plural(leaks, 'record')} outside training ${have} an equal one in another split.`];
  return { passages, steps, records: counts, characters, leaks, problems: [...problems, ...leakSentences] };
}
