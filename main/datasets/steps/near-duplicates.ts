// Near-duplicates: keeps the first of passages that share most of their wording (MinHash, verified
// exactly).
import { z } from 'zod';
import { createNearIndex } from '../near.ts';
import { maxSamples, type Passage, passageText, removedSample, type StepSample } from '../passage.ts';
import { defineStep } from './step.ts';

export const nearDuplicates = defineStep({
  id: 'near-duplicates',
  label: 'Near-duplicates',
  description: 'Keeps the first of passages whose wording is nearly the same.',
  defaultEnabled: false,
  Options: z.object({
    threshold: z.number().min(0.5).max(1).default(0.8).meta({
      title: 'Similarity',
      description: 'Share of five-word sequences in common, 0.5 to 1.',
    }),
    leastWords: z.int().min(1).default(10).meta({
      title: 'Least words',
      description: 'Shorter passages are never near-duplicates.',
    }),
  }),
  apply(passages, options) {
    const index = createNearIndex(options.threshold, options.leastWords, false);
    const kept: Passage[] = [];
    const samples: StepSample[] = [];
    for (const [at, passage] of passages.entries()) {
      const twin = index.add(at, passageText(passage));
      if (twin < 0) kept.push(passage);
      else if (samples.length < maxSamples) samples.push(removedSample(passage, passages[twin]));
    }
    return { passages: kept, removed: passages.length - kept.length, changed: 0, samples };
  },
});
