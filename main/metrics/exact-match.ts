// Exact match after SQuAD's normalisation (Rajpurkar et al. 2016): lower case, no ASCII punctuation, no
// a/an/the.
import { meanMetric } from './metric.ts';
import { splitWords } from './words.ts';

const punctuation = /[!-/:-@[-`{-~]/g;
// Python's \b: a word is letters, numbers and the underscore of any script.
const articles = /(?<![\p{L}\p{N}_])(?:a|an|the)(?![\p{L}\p{N}_])/gu;

/** The text that SQuAD's measures compare, as words. */
export function squadWords(text: string): string[] {
  return splitWords(text.toLowerCase().replace(punctuation, '').replace(articles, ' '));
}

export const exactMatch = meanMetric(
  {
    id: 'exact-match',
    label: 'Same words as the reference (exact match)',
    unit: '%',
    description:
      'The share of answers that equal the reference; case, punctuation and articles do not count.',
    betterWhen: 'higher',
    needs: 'text',
    binary: true,
  },
  ({ output, references }) => {
    const answer = squadWords(output).join(' ');
    return references.some((reference) => squadWords(reference).join(' ') === answer) ? 1 : 0;
  },
);
