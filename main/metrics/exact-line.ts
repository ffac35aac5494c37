// Exact equality for structured answers, such as one line of fields: every character counts, only white space
// at the two ends does not.
import { meanMetric } from './metric.ts';
import { trim } from './words.ts';

export const exactLine = meanMetric(
  {
    id: 'exact-line',
    label: 'Exactly the reference',
    unit: '%',
    description:
      'The share of answers that equal the reference in every character, spaces at the ends aside.',
    betterWhen: 'higher',
    needs: 'text',
    binary: true,
  },
  ({ output, references }) => (references.some((line) => trim(line) === trim(output)) ? 1 : 0),
);
