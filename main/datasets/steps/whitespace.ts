// White space: none at line ends and around the text, at most one blank line in a row. Spaces inside lines
// and indentation stay, unless asked for, since they carry meaning in code and tables.
import { z } from 'zod';
import { mapTexts } from '../passage.ts';
import { defineStep } from './step.ts';

export const whitespace = defineStep({
  id: 'whitespace',
  label: 'White space',
  description: 'Takes out spaces at line ends and around the text, and more than one blank line in a row.',
  defaultEnabled: true,
  Options: z.object({
    collapse: z.boolean().default(false).meta({
      title: 'Single spaces inside lines',
      description: 'Also turns tabs and no-break spaces into spaces.',
    }),
  }),
  apply: (passages, options) => mapTexts(passages, (text) => tidy(text, options.collapse)),
});

export function tidy(text: string, collapse = false): string {
  const inner = collapse ? text.replace(/(?<=\S)[ \t\u00A0\u2000-\u200A\u202F\u3000]+/g, ' ') : text;
  const lines = inner
    .replace(/(?<![ \t\u00A0])[ \t\u00A0]+$/gm, '') // from the first one of a run, or long runs take minutes
    .replace(/\n{3,}/g, '\n\n')
    .replace(/^(?:[ \t\u00A0]*\n)+/, '')
    .trimEnd();
  return lines.includes('\n') ? lines : lines.replace(/^[ \t\u00A0]+/, '');
}
