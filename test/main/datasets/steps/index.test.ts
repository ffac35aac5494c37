import { expect, test } from 'vitest';
import { z } from 'zod';
import { stepById, steps } from '../../../../main/datasets/steps/index.ts';
import { passage } from '../samples.ts';

test('three steps are on from the start', () => {
  expect(steps.filter((step) => step.defaultEnabled).map((step) => step.id)).toEqual([
    'unicode',
    'whitespace',
    'exact-duplicates',
  ]);
});

test('every step has a form, works without options, and leaves its input as it was', async () => {
  expect(new Set(steps.map((step) => step.id)).size).toBe(steps.length);
  for (const step of steps) {
    expect(z.toJSONSchema(step.Options)).toMatchObject({ type: 'object' });
    const before = [passage('Some  <b>text</b> that nobody would want to change very much.\n'), passage('x')];
    const copy = structuredClone(before);
    const result = await step.apply(before, {});
    expect(before).toEqual(copy);
    expect(result.passages.length).toBe(before.length - result.removed);
  }
});

test('a step that is not there is refused', () => {
  expect(() => stepById('wash')).toThrow('no cleaning step "wash"');
});
