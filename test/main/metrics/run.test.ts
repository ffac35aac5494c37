import { describe, expect, it } from 'vitest';
import { MetricResult } from '../../../main/contract/evaluations.ts';
import { metrics } from '../../../main/metrics/index.ts';
import { type AnsweredRecord, scoresOf, summarize, verdictSentence } from '../../../main/metrics/run.ts';

function record(
  index: number,
  base: string,
  tuned: string,
  more: Partial<AnsweredRecord> = {},
): AnsweredRecord {
  const answer = (output: string, lossSum: number) => ({ output, lossSum, lossTokens: 10, stopped: true });
  return {
    recordId: `r${String(index).padStart(2, '0')}`,
    reference: `fact ${index}`,
    base: answer(base, 30 + index),
    tuned: answer(tuned, 10 + index),
    ...more,
  };
}

/** Base always wrong, tuned right but for records 0 and 1. */
const records = Array.from({ length: 20 }, (_, i) =>
  record(i, 'no idea', i < 2 ? 'something else' : `fact ${i}`),
);

describe('the table of metrics', () => {
  it('shows value, interval, count and verdict in the shape of the contract', () => {
    const { results, leftOut } = summarize(records, ['exact-line', 'loss', 'bits-per-byte']);
    expect(leftOut).toEqual([]);
    const [exact, loss, bits] = results.map((row) => MetricResult.parse(row));
    expect(exact).toMatchObject({ metricId: 'exact-line', unit: '%', count: 20, verdict: 'better' });
    expect(exact.base.value).toBe(0);
    expect(exact.base.high).toBeGreaterThan(0.1);
    expect(exact.tuned.value).toBe(0.9);
    expect(exact.difference.low).toBeGreaterThan(0.6);
    expect(loss.difference.value).toBeCloseTo(-2, 12);
    expect(loss.verdict).toBe('better');
    const bytes = records.reduce((sum, { reference }) => sum + reference.length, 0);
    expect(bits.tuned.value).toBeCloseTo((200 + 190) / Math.LN2 / bytes, 12);
  });

  it('is the same whenever it is made', () => {
    const ids = ['loss', 'f1', 'bleu'];
    expect(summarize(records, ids)).toEqual(summarize(records, ids));
    expect(summarize(records, ids, { seed: 1 })).not.toEqual(summarize(records, ids));
  });

  it('says why a metric has no value instead of failing', () => {
    const { results, leftOut } = summarize(records, ['roc-auc', 'f1']);
    expect(results.map(({ metricId }) => metricId)).toEqual(['f1']);
    expect(leftOut).toEqual([
      expect.objectContaining({
        metricId: 'roc-auc',
        error: expect.objectContaining({ code: 'metric-without-records' }),
      }),
    ]);
  });

  it('counts only records that have something to learn', () => {
    const empty = { output: 'no idea', lossSum: 0, lossTokens: 0, stopped: true };
    const { results } = summarize(
      [...records, record(20, '', '', { base: empty, tuned: empty })],
      ['loss', 'f1'],
    );
    expect(results.map(({ count }) => count)).toEqual([20, 21]);
    expect(results[0].base.value).toBeCloseTo((30 * 20 + 190) / 200, 12);
  });

  it('measures classifiers by their probabilities', () => {
    const classified = records.map((one, i) => ({
      ...one,
      truth: i % 2,
      base: { ...one.base, probabilities: [0.5, 0.5] },
      tuned: { ...one.tuned, probabilities: i % 2 === 0 ? [0.9, 0.1] : [0.2, 0.8] },
    }));
    const { results } = summarize(classified, ['roc-auc', 'log-loss', 'brier', 'ece']);
    expect(results.map(({ base }) => base.value)).toEqual([0.5, expect.closeTo(Math.LN2, 10), 0.25, 0]);
    expect(results.map(({ verdict }) => verdict)).toEqual([
      ...['better', 'better', 'better', 'no-clear-change'],
    ]);
  });

  it('has a row or a reason for every metric of the registry', () => {
    const ids = metrics.map(({ id }) => id);
    const { results, leftOut } = summarize(records, ids, { resamples: 50 });
    expect([...results, ...leftOut].map(({ metricId }) => metricId).sort()).toEqual(ids.toSorted());
    for (const row of results) {
      expect(row.tuned.low, row.metricId).toBeLessThanOrEqual(row.tuned.value);
      expect(row.tuned.high, row.metricId).toBeGreaterThanOrEqual(row.tuned.value);
    }
  });
});

describe('single records', () => {
  it('have the scores of the tuned model that exist for one record', () => {
    expect(scoresOf(records[5], ['exact-line', 'loss', 'roc-auc'])).toEqual({ 'exact-line': 1, loss: 1.5 });
    expect(scoresOf(records[5], ['f1'], 'base')).toEqual({ f1: 0 });
  });
});

describe('the verdict', () => {
  it('counts what is clearly better and worse', () => {
    const rows = summarize(records, ['exact-line', 'loss']).results;
    const unclear = { ...rows[0], verdict: 'no-clear-change' } as const;
    expect(verdictSentence('Run 7', [...rows, unclear])).toBe(
      'Run 7 is better than the base on 2 of 3 measures, and worse on none.',
    );
    expect(verdictSentence('Run 7', [unclear])).toBe(
      'Run 7 is not clearly better or worse than the base on 1 measure.',
    );
    expect(verdictSentence('Run 7', [{ ...unclear, verdict: 'worse' }, unclear])).toBe(
      'Run 7 is worse than the base on 1 of 2 measures.',
    );
  });
});
