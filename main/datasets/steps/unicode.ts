// Unicode: composed characters (NFC), Latin ligatures expanded, control characters and soft hyphens taken
// out. Never NFKC, which turns superscripts, fractions and units into wrong numbers (field case A07).
import { z } from 'zod';
import { expandLigatures } from '../../documents/ligatures.ts';
import { mapTexts } from '../passage.ts';
import { defineStep } from './step.ts';

export const unicode = defineStep({
  id: 'unicode',
  label: 'Unicode',
  description: 'Composes characters, expands ligatures such as "ﬁ", and takes out control characters.',
  defaultEnabled: true,
  Options: z.object({
    unreadable: z
      .boolean()
      .default(false)
      .meta({ title: 'Remove unreadable characters', description: 'U+FFFD and private-use characters.' }),
  }),
  apply: (passages, options) => mapTexts(passages, (text) => normalise(text, options.unreadable)),
});

/** Line ends become LF; U+2028, U+2029 and U+0085 stay, since they may be meant. */
export function normalise(text: string, removeUnreadable = false): string {
  // Nearly all text is plain; the quick test saves the copies.
  if (!/[^\n\t\x20-\x7e\u00a1-\u00ac\u00ae-\u02ff]/.test(text)) return text;
  const clean = expandLigatures(text)
    .replace(/\r\n?/g, '\n')
    // Control characters but tab, line end and next line; soft hyphen; byte-order mark; directional
    // overrides.
    .replace(/(?![\n\t\u0085])\p{Cc}|[\u00AD\uFEFF\u200B\u202A-\u202E\u2060\u2066-\u2069]/gu, '')
    .normalize('NFC');
  return removeUnreadable ? clean.replace(/[\uFFFD]|\p{Co}/gu, '') : clean;
}
