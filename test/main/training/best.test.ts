import { expect, test } from 'vitest';
import { type Judged, judge, type Rule } from '../../../main/training/best.ts';

const start: Judged = { best: null, validationsWithoutGain: 0 };

/** Steps 1, 2, .. with these values; the last verdict, and the step of the first stop. */
function after(values: readonly number[], rule: Partial<Rule>, from = start) {
  let judged = from;
  let stopped: number | undefined;
  const improved: boolean[] = [];
  values.forEach((value, i) => {
    const full: Rule = { betterWhen: 'lower', minimumGain: 0, patience: 2, ...rule };
    const verdict = judge(judged, { step: i + 1, loss: 9, value }, full);
    judged = verdict.judged;
    improved.push(verdict.improved);
    if (verdict.stop) stopped ??= i + 1;
  });
  return { judged, improved, stopped, best: judged.best?.step };
}

test('the best is the lowest loss or the highest score, by the direction of the measure', () => {
  expect(after([3, 2, 2.5, 1], {})).toMatchObject({ best: 4, improved: [true, true, false, true] });
  expect(after([0.2, 0.9, 0.4], { betterWhen: 'higher' })).toMatchObject({ best: 2, stopped: undefined });
  expect(after([0.9, 0.2, 0.4], { betterWhen: 'higher' })).toMatchObject({ best: 1, stopped: 3 });
});

test('an equal value is no gain, and the earlier one stays the best', () => {
  expect(after([1, 1, 1], {})).toMatchObject({ best: 1, stopped: 3 });
});

test('gains up to the minimum do not keep a run going, but the best checkpoint follows them', () => {
  expect(after([1, 0.997, 0.995], { minimumGain: 0.01 })).toMatchObject({ best: 3, stopped: 3 });
  expect(after([0.5, 0.503, 0.505], { minimumGain: 0.01, betterWhen: 'higher' }).stopped).toBe(3);
});

test('small gains add up to one that counts', () => {
  expect(after([1, 0.994, 0.988, 0.982, 0.976], { minimumGain: 0.01 }).stopped).toBeUndefined();
});

test('patience 0 never ends a run, and the untrained model is compared with none', () => {
  expect(after([1, 2, 3, 4], { patience: 0 }).stopped).toBeUndefined();
  const rule: Rule = { betterWhen: 'lower', minimumGain: 0, patience: 1 };
  expect(judge(start, { step: 0, loss: 1, value: 1 }, rule)).toEqual({
    judged: start,
    improved: false,
    stop: false,
  });
});

test('a checkpoint from before there were other measures goes on with its loss', () => {
  const stored: Judged = { best: { step: 7, loss: 0.5 }, validationsWithoutGain: 1 };
  expect(after([0.6], {}, stored)).toMatchObject({ best: 7, stopped: 1 });
  expect(after([0.4], {}, stored)).toMatchObject({ best: 1, stopped: undefined });
});
