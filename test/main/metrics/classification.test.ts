import { describe, expect, it } from 'vitest';
import {
  averageScores,
  balancedAccuracy,
  classification,
  matthewsCorrelation,
} from '../../../main/metrics/classification.ts';

const metric = (id: string) => classification.find((entry) => entry.id === id)!;
const truth = ['a', 'a', 'a', 'b'];
const pairs = (outputs: string[]) => outputs.map((output, i) => ({ output, references: [truth[i]] }));

describe('label measures', () => {
  it('macro counts a rare label as much as a frequent one, weighted does not', () => {
    const allA = pairs(['a', 'a', 'a', 'a']);
    expect(metric('recall-macro').score(allA).value).toBe(0.5);
    expect(metric('recall-weighted').score(allA).value).toBe(0.75);
    expect(metric('balanced-accuracy').score(allA).value).toBe(0.5);
    expect(metric('matthews').score(allA).value).toBe(0);
  });

  it('a text that is no label at all is a miss and not a label of its own', () => {
    const rambling = pairs(['a', 'a', 'I think it is a', 'b']);
    expect(metric('recall-macro').score(rambling).value).toBeCloseTo((2 / 3 + 1) / 2, 12);
    expect(metric('precision-macro').score(rambling).value).toBe(1);
  });

  it('micro precision, recall and F1 are the accuracy when every record has one label', () => {
    const scores = averageScores([0, 1, 2, 2], [0, 2, 2, 2], [0, 1, 2], 'micro');
    expect(scores).toEqual({ precision: 0.75, recall: 0.75, f1: 0.75 });
  });

  it('perfect and inverted labels are at the two ends of Matthews correlation', () => {
    expect(matthewsCorrelation([0, 1, 0, 1], [0, 1, 0, 1])).toBe(1);
    expect(matthewsCorrelation([0, 1, 0, 1], [1, 0, 1, 0])).toBe(-1);
    expect(balancedAccuracy([0, 1, 0, 1], [1, 0, 1, 0])).toBe(0);
  });

  it('one record alone has no value', () => {
    expect(metric('f1-macro').scoreRecord(pairs(['a'])[0])).toBeUndefined();
  });
});
