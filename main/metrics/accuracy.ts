// Accuracy of labels: the share of records whose label, spaces around it aside, is the right one.
import { meanMetric } from './metric.ts';
import { trim } from './words.ts';

export const accuracy = meanMetric(
  {
    id: 'accuracy',
    label: 'Right label (accuracy)',
    unit: '%',
    description: 'The share of records that got the right label.',
    betterWhen: 'higher',
    needs: 'text',
    binary: true,
  },
  ({ output, references }) => (references.some((label) => trim(label) === trim(output)) ? 1 : 0),
);
