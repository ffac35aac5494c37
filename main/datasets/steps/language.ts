// Language filter: keeps passages in the chosen languages. Short passages have no certain language and
// stay.
import { z } from 'zod';
import { loadLanguageDetector } from '../../documents/language.ts';
import { filterPassages, passageText } from '../passage.ts';
import { defineStep } from './step.ts';

/** Characters of a passage that are looked at. */
const sampleCharacters = 2_000;

export const language = defineStep({
  id: 'language',
  label: 'Language',
  description: 'Keeps passages in the languages you choose; passages too short to tell stay.',
  defaultEnabled: false,
  Options: z.object({
    keep: z
      .array(z.string().regex(/^[a-z]{2}$/))
      .default([])
      .meta({ title: 'Languages to keep', description: 'ISO 639-1 codes such as "en"; all when empty.' }),
  }),
  async apply(passages, options) {
    if (options.keep.length === 0) return { passages, removed: 0, changed: 0, samples: [] };
    const detect = await loadLanguageDetector();
    return filterPassages(passages, (passage) => {
      const found = detect(passageText(passage).slice(0, sampleCharacters));
      return found === null || options.keep.includes(found);
    });
  },
});
