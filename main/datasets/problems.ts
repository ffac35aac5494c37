// Gathers what went wrong with single rows into sentences with counts: "212 of 3,104 rows have no text in
// "answer"; the first is row 14." Knows no kind of problem.
import { count } from '../documents/limits.ts';

export interface Problems {
  /** Counts a row, for "of M rows". */
  sawRow(): void;
  /** A problem of one row; `what` completes "N of M rows ...". */
  row(what: string, place: string): void;
  /** A whole sentence, said once. */
  say(sentence: string): void;
  sentences(): string[];
}

export function createProblems(): Problems {
  const rowProblems = new Map<string, { times: number; first: string }>();
  const said = new Set<string>();
  let rows = 0;
  return {
    sawRow: () => void rows++,
    row(what, place) {
      const known = rowProblems.get(what);
      if (known === undefined) rowProblems.set(what, { times: 1, first: place });
      else known.times++;
    },
    say: (sentence) => said.add(sentence),
    sentences() {
      const counted = [...rowProblems].map(
        ([what, { times, first }]) =>
          `${count(times)} of ${count(rows)} rows ${what}; the first is ${first}.`,
      );
      return [...counted, ...said];
    },
  };
}
