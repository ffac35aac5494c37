// Which checkpoints stay: the newest and the best, the one before until the newest is known to be sound, and after a
// divergence only sound ones.
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { keepCheckpoints } from '../../../main/jobs/kept-checkpoints.ts';

/** A run folder with these checkpoints, and the keeper of a run that went on from `resumed`. */
function keeperOf(resumed = 0) {
  const folder = mkdtempSync(join(tmpdir(), 'tunesmith kept '));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const folderOf = (step: number) => join(folder, 'checkpoints', String(step).padStart(8, '0'));
  mkdirSync(join(folder, 'checkpoints'));
  if (resumed > 0) mkdirSync(folderOf(resumed));
  const kept = keepCheckpoints(folder, resumed);
  return {
    ...kept,
    save: (step: number, best: number | null = null) => {
      mkdirSync(folderOf(step));
      kept.saved(step, best);
    },
    steps: () =>
      readdirSync(join(folder, 'checkpoints'))
        .map(Number)
        .sort((a, b) => a - b),
  };
}

test('the one before stays until the next loss shows that the newest is sound', () => {
  const { save, sound, steps } = keeperOf();
  save(4);
  sound(4, null);
  save(8);
  expect(steps()).toEqual([4, 8]);
  sound(7, null);
  expect(steps()).toEqual([4, 8]);
  sound(8, null);
  expect(steps()).toEqual([8]);
});

test('the best stays, and is sound by its validation', () => {
  const { save, sound, steps, dropUnsound } = keeperOf();
  save(2, 2);
  save(4, 2);
  sound(4, 2);
  save(6, 2);
  expect(steps()).toEqual([2, 4, 6]);
  expect(dropUnsound(2)).toBe(4);
  expect(steps()).toEqual([2, 4]);
});

test('after a divergence nothing is left where nothing was sound', () => {
  const { save, steps, dropUnsound } = keeperOf();
  save(1);
  save(2);
  expect(dropUnsound(null)).toBeUndefined();
  expect(steps()).toEqual([]);
});

test('a run that went on keeps what it went on from', () => {
  const { save, steps, dropUnsound } = keeperOf(40);
  save(44);
  expect(steps()).toEqual([40, 44]);
  expect(dropUnsound(null)).toBe(40);
  expect(steps()).toEqual([40]);
});
