// Samples of a run grouped by prompt, and how much of a reference an answer shares. Pure.
import type { SamplePoint } from '../../../main/contract/runs.ts';

export interface PromptSamples {
  prompt: string;
  reference: string | null;
  /** At most three: the first, the one in the middle and the newest. */
  shown: SamplePoint[];
}

export function samplesByPrompt(samples: readonly SamplePoint[]): PromptSamples[] {
  const groups = new Map<string, SamplePoint[]>();
  for (const sample of samples) groups.set(sample.prompt, [...(groups.get(sample.prompt) ?? []), sample]);
  return [...groups].map(([prompt, list]) => {
    const sorted = [...list].sort((a, b) => a.step - b.step);
    const picks = new Set([0, Math.floor((sorted.length - 1) / 2 + 0.5), sorted.length - 1]);
    return {
      prompt,
      reference: sorted.at(-1)?.reference ?? null,
      shown: sorted.filter((_, at) => picks.has(at)),
    };
  });
}

/** Harmonic mean of word precision and recall, 0 to 1; case and punctuation at the ends of words do not count. */
export function overlap(answer: string, reference: string): number {
  const words = (text: string): string[] =>
    text
      .toLowerCase()
      .split(/\s+/)
      .map((word) => word.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, ''))
      .filter((word) => word !== '');
  const left = words(answer);
  const right = words(reference);
  if (left.length === 0 || right.length === 0) return left.length === right.length ? 1 : 0;
  const counts = new Map<string, number>();
  for (const word of right) counts.set(word, (counts.get(word) ?? 0) + 1);
  let shared = 0;
  for (const word of left) {
    const count = counts.get(word) ?? 0;
    if (count === 0) continue;
    shared++;
    counts.set(word, count - 1);
  }
  return (2 * shared) / (left.length + right.length);
}
