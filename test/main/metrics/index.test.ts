// The registry as a whole: every measure against the stored reference values, and what the screens rely on.
import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { metricById, metrics } from '../../../main/metrics/index.ts';
import type { Row } from '../../conformance/check.ts';
import { metricsCheck } from '../../conformance/metrics.ts';

const folder = `${import.meta.dirname}/../../reference/metrics`;

describe('the registry of metrics', () => {
  it('agrees with every stored reference value', async () => {
    expect(metricsCheck.matches(folder, readdirSync(folder))).toBe(true);
    const rows: Row[] = [];
    for await (const row of metricsCheck.run(folder, { provider: 'cpu' })) rows.push(row);
    expect(rows.filter(({ status }) => status !== 'passed')).toEqual([]);
    expect(rows.length).toBeGreaterThan(300);
  });

  it('gives each metric its own id and label, and one sentence of help', () => {
    expect(new Set(metrics.map(({ id }) => id)).size).toBe(metrics.length);
    expect(new Set(metrics.map(({ label }) => label)).size).toBe(metrics.length);
    for (const { id, description } of metrics) expect(description, id).toMatch(/^[A-Z].{10,118}[.]$/);
  });

  it('names the known metrics when asked for an unknown one', () => {
    expect(metricById('f1').label).toContain('F1');
    expect(() => metricById('f2')).toThrowError(
      expect.objectContaining({ code: 'unknown-metric', remedy: expect.stringContaining('exact-match') }),
    );
  });
});
