import { expect, it } from 'vitest';
import { bitsPerByte } from '../../../main/metrics/bits-per-byte.ts';

it('bits per byte do not depend on how many tokens the text was cut into', () => {
  const coarse = { sum: 8 * Math.LN2, tokens: 2, bytes: 4 };
  expect(bitsPerByte.score([coarse]).value).toBeCloseTo(2, 12);
  expect(bitsPerByte.score([{ ...coarse, tokens: 4 }]).value).toBeCloseTo(2, 12);
});
