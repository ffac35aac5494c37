import { expect, it } from 'vitest';
import { type Entry, matching } from '../../../renderer/shell/palette-match.ts';

const entry = (kind: Entry['kind'], label: string, also?: string): Entry => ({
  id: `${kind}-${label}`,
  kind,
  label,
  also,
  run: () => undefined,
});
const entries = [
  entry('Go to', 'Documents'),
  entry('Go to', 'Dataset'),
  entry('Action', 'Use the dark theme'),
  entry('Setting', 'Theme: light, dark or as the system'),
  entry('Run', 'Run 7: balanced, rank 16'),
  entry('Term', 'Rank', 'lora.rank'),
];
const labels = (text: string) => matching(entries, text).map((one) => one.label);

it('offers screens and actions before anything is typed', () => {
  expect(labels('')).toEqual(['Documents', 'Dataset', 'Use the dark theme']);
});

it('finds entries that hold every word, in any order', () => {
  expect(labels('theme dark')).toEqual(['Use the dark theme', 'Theme: light, dark or as the system']);
  expect(labels('theme blue')).toEqual([]);
});

it('puts labels that start with the text first', () => {
  expect(labels('rank')).toEqual(['Rank', 'Run 7: balanced, rank 16']);
});

it('finds a setting by its path, and everything of a kind by the kind', () => {
  expect(labels('lora')).toEqual(['Rank']);
  expect(labels('run')).toEqual(['Run 7: balanced, rank 16']);
});
