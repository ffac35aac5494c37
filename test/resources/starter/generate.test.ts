// The training text of the starter: reproducible, growing, and never holding a held-out name.
import { describe, expect, it } from 'vitest';
import { heldOutQuestions, type Sample, sampleAt } from '../../../resources/starter/generate.ts';
import { isReserved } from '../../../resources/starter/invent.ts';

const textOf = (sample: Sample): string =>
  'text' in sample ? sample.text : sample.messages.map(({ content }) => content).join('\n');

const many = (count: number, progress: number): Sample[] =>
  Array.from({ length: count }, (_, i) => sampleAt(5, i, progress));

describe('sampleAt', () => {
  it('gives the same sample for the same arguments, and other samples for other seeds', () => {
    expect(sampleAt(5, 123, 0.5)).toEqual(sampleAt(5, 123, 0.5));
    expect(sampleAt(5, 123, 0.5)).not.toEqual(sampleAt(6, 123, 0.5));
    expect(new Set(many(500, 0.5).map(textOf)).size).toBeGreaterThan(480);
  });

  it('asks about one fact at the start and about up to five later', () => {
    const sentences = (progress: number): number[] =>
      many(1500, progress)
        .filter(({ kind }) => kind === 'questions')
        .map(
          (sample) =>
            (
              textOf(sample)
                .split('\n')[0]
                .match(/\.( |$)/g) ?? []
            ).length,
        );
    const mean = (list: number[]): number => list.reduce((a, b) => a + b, 0) / list.length;
    expect(mean(sentences(1))).toBeGreaterThan(mean(sentences(0)) + 1);
  });

  it('makes every kind of text, each chat closing with an answer', () => {
    const samples = many(4000, 0.7);
    const kinds = new Set(samples.map(({ kind }) => kind));
    for (const kind of [
      'questions',
      'absent',
      'yes or no',
      'unknown',
      'repeat',
      'lists',
      'letters',
      'extract',
      'rewriting',
      'stories',
      'descriptions',
      'dialogues',
      'everyday',
    ]) {
      expect(kinds, kind).toContain(kind);
    }
    for (const sample of samples) {
      if ('text' in sample) continue;
      expect(sample.messages.at(-1)?.role).toBe('assistant');
      expect(sample.messages.every(({ content }) => content.length > 0 && content === content.trim())).toBe(
        true,
      );
    }
  });

  it('leaves no template mark and no missing value in a text', () => {
    for (const progress of [0, 0.5, 1]) {
      for (const sample of many(3000, progress))
        expect(textOf(sample)).not.toMatch(/[{}]|\b(undefined|NaN)\b/);
    }
  });

  it('never writes the line that the sample project teaches', () => {
    for (const sample of many(4000, 1))
      expect(textOf(sample)).not.toMatch(/urgency|category|\| (low|normal|high)/i);
  });
});

describe('heldOutQuestions', () => {
  const stems = (text: string): string[] => text.match(/[A-Za-z]{3,}/g) ?? [];

  it('answers from the passage, word for word', () => {
    for (const { passage, answer } of heldOutQuestions(3, 3, 300)) {
      expect(passage.toLowerCase()).toContain(answer.toLowerCase());
    }
  });

  it('names things with stems that no training text holds', () => {
    const training = new Set(many(12_000, 0.6).flatMap((sample) => stems(textOf(sample).toLowerCase())));
    const asked = heldOutQuestions(3, 1, 200);
    const fresh = asked.filter(({ passage }) =>
      stems(passage).some((stem) => isReserved(stem) && !training.has(stem.toLowerCase())),
    );
    expect(fresh.length).toBe(asked.length);
  });

  it('is the same each time and holds the asked number of questions', () => {
    expect(heldOutQuestions(7, 3, 20)).toEqual(heldOutQuestions(7, 3, 20));
    expect(heldOutQuestions(7, 1, 20)).toHaveLength(20);
    expect(heldOutQuestions(7, 1, 20)).not.toEqual(heldOutQuestions(8, 1, 20));
  });
});
