// Token F1 of SQuAD (Rajpurkar et al. 2016): words shared with the reference, as the mean of precision and
// recall.
import { squadWords } from './exact-match.ts';
import { meanMetric } from './metric.ts';
import { countNgrams, sharedCount } from './words.ts';

/** F1 of two word lists; two empty lists are equal (1), one empty list matches nothing (0). */
export function wordF1(answer: readonly string[], reference: readonly string[]): number {
  if (answer.length === 0 || reference.length === 0) return answer.length === reference.length ? 1 : 0;
  const shared = sharedCount(countNgrams(answer, 1, ''), countNgrams(reference, 1, ''));
  return (2 * shared) / (answer.length + reference.length);
}

export const f1 = meanMetric(
  {
    id: 'f1',
    label: 'Word overlap with the reference (F1)',
    unit: '0 to 1',
    description: 'How many words answer and reference share; 1 means the same words, in any order.',
    betterWhen: 'higher',
    needs: 'text',
  },
  ({ output, references }) => {
    const answer = squadWords(output);
    return Math.max(0, ...references.map((reference) => wordF1(answer, squadWords(reference))));
  },
);
