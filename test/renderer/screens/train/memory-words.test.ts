// What policies cost and save, and the nearest setting that fits, in words.
import { describe, expect, it } from 'vitest';
import type { Plan } from '../../../../main/contract/runs.ts';
import { policyRows, remedyWords, withRemedy } from '../../../../renderer/screens/train/memory-words.ts';
import { plan as base } from './examples.ts';
import { balanced as settings } from './settings.ts';

const plan: Plan = {
  ...base,
  policies: [
    { recompute: 'off', peakBytes: 4.47e9, seconds: 5880, verdict: 'too-large' },
    { recompute: 'selective', peakBytes: 3.65e9, seconds: 6120, verdict: 'fits' },
    { recompute: 'layer', peakBytes: 2.07e9, seconds: 6840, verdict: 'fits' },
  ],
};

describe('policies of recomputation', () => {
  it('say what they save and cost against the chosen one', () => {
    const rows = policyRows(plan, { ...settings, recompute: 'off' });
    expect(rows.map(({ chosen }) => chosen)).toEqual([true, false, false]);
    expect(rows[0].tooLarge).toBe(true);
    expect(rows[1].difference).toBe('saves 820 MB, takes 4 min longer');
    expect(policyRows(plan, { ...settings, recompute: 'layer' })[0].difference).toBe(
      'needs 2.40 GB more, ends 16 min earlier',
    );
  });

  it('are not shown for plans from before', () => {
    expect(policyRows(base, settings)).toEqual([]);
  });
});

describe('the nearest setting that fits', () => {
  const remedy = {
    recompute: 'layer' as const,
    microBatchTokens: 512,
    maxLength: 2048,
    cuts: false,
    peakBytes: 2e9,
  };

  it('is named with what it takes, and leaves the length alone where nothing is cut', () => {
    const now = { ...settings, recompute: 'off' as const, microBatchTokens: 1024, maxLength: 0 };
    expect(remedyWords(remedy, now)).toBe(
      'Nearest that fits, 2.00 GB: compute layers twice, at most 512 tokens a pass. The result stays the same.',
    );
    expect(withRemedy(now, remedy)).toEqual({ ...now, recompute: 'layer', microBatchTokens: 512 });
  });

  it('says that what is cut off is not learned', () => {
    const cut = { ...remedy, maxLength: 256, cuts: true };
    expect(remedyWords(cut, settings)).toContain(
      'records cut at 256 tokens. What is cut off is not learned.',
    );
    expect(withRemedy(settings, cut).maxLength).toBe(256);
  });
});
