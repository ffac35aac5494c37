import { expect, test } from 'vitest';
import { measureGflops } from '../../../main/training/speed.ts';

test('the speed is measured once for each size and number of threads', async () => {
  const first = await measureGflops(64, 1);
  expect(first).toBeGreaterThan(0.05);
  expect(first).toBeLessThan(5000);
  expect(await measureGflops(64, 1)).toBe(first);
});
