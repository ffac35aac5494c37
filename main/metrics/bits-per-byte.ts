// Bits per byte of UTF-8: loss that can be compared between models with different tokenizers.
import { ratioMetric } from './metric.ts';

export const bitsPerByte = ratioMetric(
  {
    id: 'bits-per-byte',
    label: 'Bits per byte',
    unit: 'bits per byte',
    description: 'Loss per byte of text, which compares models whose tokenizers differ.',
    betterWhen: 'lower',
    needs: 'logits',
  },
  ({ sum, bytes }) => ({ sum: sum / Math.LN2, count: bytes }),
);
