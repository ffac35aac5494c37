// When a run counts as diverged: no number at once, a loss far above the first one when it stays there.
import { expect, test } from 'vitest';
import { createDivergenceWatch, notANumber } from '../../../main/training/divergence.ts';

/** Verdicts of these losses in turn, at the learning rate 0.5. */
function watched(losses: readonly number[]): boolean[] {
  const watch = createDivergenceWatch();
  return losses.map((loss, i) => watch.isSound(i + 1, loss, 0.5));
}

test('a loss that is not a number ends the run at once', () => {
  expect(() => watched([2, Number.NaN])).toThrow(
    expect.objectContaining({
      code: 'diverged',
      message: 'Since step 2 the loss is not a number. The learning rate 5.0e-1 is probably too high.',
    }),
  );
  expect(() => watched([2, Number.POSITIVE_INFINITY])).toThrow(/Since step 2/);
});

test('a loss that stays far above the first one ends the run at the third step, which names where it began', () => {
  expect(() => watched([2.5, 2, 40, 1234.56, 5000])).toThrow(
    expect.objectContaining({
      code: 'diverged',
      message:
        'Since step 3 the loss is far above the first one: it is 5,000, and was 2.5. The learning rate 5.0e-1 is probably too high.',
    }),
  );
});

test('one or two odd batches are unsound, but no divergence', () => {
  expect(watched([2.5, 40, 40, 2.4, 40, 2.3])).toEqual([true, false, false, true, false, true]);
});

test('a rise within ten, or within three times a large first loss, is sound', () => {
  expect(watched([2.5, 12, 12, 12, 12])).not.toContain(false);
  expect(watched([900, 2600, 2600, 2600])).not.toContain(false);
});

test('before anything is trained the model is to blame, not the learning rate', () => {
  expect(notANumber(0, 1e6)).toMatchObject({ code: 'base-loss-not-finite' });
});
