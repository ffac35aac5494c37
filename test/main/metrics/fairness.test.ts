import { describe, expect, it } from 'vitest';
import { fairness } from '../../../main/metrics/fairness.ts';

describe('fairness', () => {
  it('measures the gaps between groups', () => {
    const result = fairness([true, true, false, true], [true, false, false, true], ['a', 'a', 'b', 'b']);
    expect(result.demographicParityDifference).toBe(0);
    expect(result.demographicParityRatio).toBe(1);
    expect(result.equalOpportunityDifference).toBe(0.5);
    expect(result.groups.a).toMatchObject({ n: 2, positives: 2, negatives: 0, falsePositiveRate: 0 });
  });

  it('has no ratio when nobody is selected, and takes any group name', () => {
    const result = fairness([true, false], [false, false], ['__proto__', 'b']);
    expect(result.demographicParityRatio).toBeNull();
    expect(Object.keys(result.groups).sort()).toEqual(['__proto__', 'b']);
  });
});
