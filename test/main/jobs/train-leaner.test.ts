// Leaner plans: the ladder of settings, and the level in a run's folder. The whole way is in handlers/out-of-memory.test.ts.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isOutOfMemory, leanerLevel, raiseLeanerLevel } from '../../../main/jobs/leaner-level.ts';
import { asOutOfMemory, leanerSentence, leanerSettings } from '../../../main/jobs/train-leaner.ts';
import { crashSettings } from '../../crash/scenario.ts';

describe('the ladder of leaner settings', () => {
  const sizes = { microBatchTokens: 256, longest: 60 };
  const at = (level: number, recompute = crashSettings.recompute) => {
    const settings = leanerSettings({ ...crashSettings, recompute }, sizes, level);
    return [settings.recompute, settings.microBatchTokens];
  };

  it('computes more again first, then halves micro-batches, and leaves the batch of an update alone', () => {
    expect([0, 1, 2, 3, 4].map((level) => at(level))).toEqual([
      ['off', 256],
      ['selective', 256],
      ['layer', 256],
      ['layer', 128],
      ['layer', 64],
    ]);
    expect(at(1, 'layer')).toEqual(['layer', 128]);
    expect(leanerSettings(crashSettings, sizes, 4).batchSize).toBe(crashSettings.batchSize);
  });

  it('ends where a pass holds one record', () => {
    expect(() => at(5)).toThrow(expect.objectContaining({ code: 'memory-exhausted' }));
    expect(isOutOfMemory('memory-exhausted')).toBe(false);
  });

  it('says what it does', () => {
    const sentence = leanerSentence(leanerSettings(crashSettings, sizes, 3), crashSettings);
    expect(sentence).toContain('whole layers are computed twice, one pass holds at most 128 tokens');
  });

  it('knows a block that JavaScript could not get', () => {
    const refused = asOutOfMemory(new RangeError('Array buffer allocation failed'));
    expect(refused).toMatchObject({ code: 'out-of-memory' });
    const other = new RangeError('Maximum call stack size exceeded');
    expect(asOutOfMemory(other)).toBe(other);
  });
});

describe('the level in the run folder', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tunesmith-leaner-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('rises with each failure', () => {
    expect(leanerLevel(folder)).toBe(0);
    raiseLeanerLevel(folder);
    raiseLeanerLevel(folder);
    expect(leanerLevel(folder)).toBe(2);
    expect(readdirSync(folder)).toEqual(['leaner.json']);
  });
});
