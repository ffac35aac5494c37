import { expect, test } from 'vitest';
import type { Evaluation, MetricResult, Prediction } from '../../../../main/contract/evaluations.ts';
import {
  differenceRange,
  differenceText,
  groupOf,
  intervalWords,
  meanLoss,
  powerSentence,
  rangeText,
  settingsSentence,
  unclearSentence,
  unitLine,
  valueText,
  verdictTone,
} from '../../../../renderer/screens/evaluate/measures.ts';

const plain = (text: string | null): string => (text ?? '').replaceAll('\u00a0', ' ');
const interval = (value: number, low: number, high: number) => ({ value, low, high });

function result(changes: Partial<MetricResult> = {}): MetricResult {
  return {
    metricId: 'exact-match',
    label: 'Exact match',
    unit: '%',
    description: '',
    betterWhen: 'higher',
    count: 88,
    base: interval(0.034, 0.012, 0.095),
    tuned: interval(0.614, 0.509, 0.709),
    difference: interval(0.58, 0.469, 0.678),
    verdict: 'better',
    ...changes,
  };
}

const evaluation = (results: MetricResult[]): Evaluation => ({
  id: 'e1',
  projectId: 'p1',
  runId: 'r7',
  versionId: 'v4',
  split: 'test',
  state: 'finished',
  jobId: null,
  records: 262,
  done: 262,
  results,
  verdict: null,
  leaks: 0,
  settings: {},
  seconds: 1,
  error: null,
  createdAt: 1,
});

test('a share is printed in % and its difference in points, with a true minus sign', () => {
  expect(valueText(0.614, '%')).toBe('61.4');
  expect(rangeText(0.509, 0.709, '%')).toBe('50.9 to 70.9');
  expect(plain(differenceText(-0.017, '%'))).toBe('−1.7 points');
  expect(differenceRange(-0.051, 0.016, '%')).toBe('−5.1 to +1.6');
});

test('losses and scores have three decimals, perplexity two, scores to 100 one', () => {
  expect(valueText(1.4211, 'nats per token')).toBe('1.421');
  expect(differenceText(-0.71, 'nats per token')).toBe('−0.710');
  expect(valueText(0.461, '0 to 1')).toBe('0.461');
  expect(valueText(4.142, 'tokens')).toBe('4.14');
  expect(plain(differenceText(3.25, '0 to 100'))).toBe('+3.3 points');
});

test('the line under a measure says its base and its direction', () => {
  expect(plain(unitLine(result()))).toBe('% of 88 records, higher is better');
  expect(plain(unitLine(result({ unit: 'nats per token', betterWhen: 'lower', count: 1 })))).toBe(
    'nats per token, 1 record, lower is better',
  );
  expect(intervalWords(result())).toBe('Exact match: base 3.4, 1.2 to 9.5; tuned 61.4, 50.9 to 70.9');
});

test('the tone of the verdict follows the measures and is never green without a clear gain', () => {
  const [better, worse, same] = (['better', 'worse', 'no-clear-change'] as const).map((verdict) =>
    result({ verdict }),
  );
  expect(verdictTone([better, same])).toBe('success');
  expect(verdictTone([same, same])).toBe('info');
  expect(verdictTone([better, worse])).toBe('warning');
  expect(verdictTone([worse, same])).toBe('danger');
});

test('measures without a clear change are named, unless that is all of them', () => {
  const unclear = result({ label: 'General knowledge', verdict: 'no-clear-change' });
  expect(unclearSentence([result(), unclear])).toBe(
    'On General knowledge, the difference is smaller than what chance alone can give.',
  );
  expect(unclearSentence([unclear])).toBeNull();
});

test('the sentence on power comes from the widest interval of a share', () => {
  const wide = result({ difference: interval(0, -0.05, 0.05) });
  expect(plain(powerSentence(evaluation([wide, result({ unit: 'nats per token' })])))).toBe(
    'With 262 records, a change below about 5 points cannot be told from chance.',
  );
  expect(powerSentence(evaluation([result({ unit: 'nats per token' })]))).toBeNull();
});

test('a record is grouped by why it is wrong', () => {
  const prediction = (output: string, stopped: boolean): Prediction => ({
    recordId: 'a',
    prompt: '',
    reference: 'Paris',
    place: '',
    base: { output: '', lossSum: 0, lossTokens: 0, stopped: true },
    tuned: { output, lossSum: 6, lossTokens: 3, stopped },
    scores: {},
  });
  expect(groupOf(prediction(' Paris ', true))).toBe('right');
  expect(groupOf(prediction('Rome', true))).toBe('wrong');
  expect(groupOf(prediction('Paris Paris', false))).toBe('cut');
  expect(meanLoss(prediction('', true).tuned)).toBe(2);
  expect(meanLoss(prediction('', true).base)).toBeNull();
});

test('the settings name the search where answers were looked for with beams', () => {
  const settings = { limit: 0, metricIds: [], maxNewTokens: 128 };
  const words = (changes: object) =>
    settingsSentence({ ...evaluation([]), settings: { ...settings, ...changes } }, true);
  expect(words({})).toBe('Same prompts, temperature 0, 128 tokens at most');
  expect(words({ beams: 1 })).toBe(words({}));
  expect(words({ beams: 4, lengthPenalty: 0.6 })).toBe(
    'Same prompts, temperature 0, 4 beams with length penalty 0.6, 128 tokens at most',
  );
  expect(settingsSentence({ settings }, false)).toBe('Same texts for base and tuned');
});
