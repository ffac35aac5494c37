// Options of answers: which of them a model is asked with, and which cannot stand together.
import { expect, test } from 'vitest';
import { conflictOf, defaultOptions, optionsFor } from '../../../../renderer/screens/chat/options.tsx';

const searching = { ...defaultOptions, beams: 4, lengthPenalty: 0.6 };

test('beams that were set for an encoder-decoder are not asked of a model that does not search', () => {
  expect(optionsFor(searching, true)).toEqual(searching);
  expect(optionsFor({ ...searching, seed: 7 }, false)).toEqual({ ...defaultOptions, seed: 7 });
});

test('beams go with neither a temperature nor a repetition penalty', () => {
  expect(conflictOf(searching)).toBeUndefined();
  expect(conflictOf({ ...searching, temperature: 0.7 })).toContain('need temperature 0');
  expect(conflictOf({ ...searching, repetitionPenalty: 1.2 })).toContain('need repetition penalty 1');
  expect(conflictOf({ ...searching, beams: 1, temperature: 0.7 })).toBeUndefined();
});
