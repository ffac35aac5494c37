import { describe, expect, it } from 'vitest';
import { chooseWidths } from '../../../main/tokens/widths.ts';

describe('widths', () => {
  it('are few, and the last reaches the longest record', () => {
    const widths = chooseWidths([...Array(90).fill(30), ...Array(9).fill(200), 1000], 1024, 3);
    expect(widths).toEqual([64, 256, 1024]);
  });

  it('are one where all records are alike', () => {
    expect(chooseWidths([100, 101, 102], 512)).toEqual([128]);
    expect(chooseWidths([], 512)).toEqual([64]);
  });
});
