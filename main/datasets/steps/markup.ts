// Markup: HTML tags, entities and Markdown marks that are left in the text. The words stay.
import { z } from 'zod';
import { mapTexts } from '../passage.ts';
import { defineStep } from './step.ts';

export const markup = defineStep({
  id: 'markup',
  label: 'Markup',
  description: 'Takes HTML tags and, if you want, Markdown marks out of the text. The words stay.',
  defaultEnabled: false,
  Options: z.object({
    html: z.boolean().default(true).meta({ title: 'HTML tags and entities' }),
    markdown: z.boolean().default(false).meta({ title: 'Markdown marks' }),
  }),
  apply: (passages, options) =>
    mapTexts(passages, (text) => {
      const plain = options.html ? withoutHtml(text) : text;
      return options.markdown ? withoutMarkdown(plain) : plain;
    }),
});

const entities: Record<string, string> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  ndash: '\u2013',
  mdash: '\u2014',
  hellip: '\u2026',
  copy: '\u00A9',
  euro: '\u20AC',
};

/** Only known tags go, so that "a < b" and "<name>" stay. */
const tagNames =
  'a abbr article aside b blockquote br button center code dd del details div dl dt em figure font footer ' +
  'form h[1-6] head header hr html i iframe img input ins label li link main mark meta nav ol option p pre ' +
  'q s section select small span strong sub sup svg table tbody td tfoot th thead title tr u ul video';
const tag = new RegExp(`</?(?:${tagNames.replaceAll(' ', '|')})(?:\\s[^<>]*)?/?>`, 'gi');

export function withoutHtml(text: string): string {
  if (!/[<&]/.test(text)) return text;
  return text
    .replace(/<!--[\s\S]*?-->|<(script|style)\b[\s\S]*?<\/\1\s*>/gi, '')
    .replace(/<(?:br|hr)\s*\/?>|<\/(?:p|div|li|tr|h[1-6]|section|article|blockquote|dd|dt)\s*>/gi, '\n')
    .replace(tag, '')
    .replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|([a-z]+));/gi, (whole, decimal, hex, name) => {
      if (name !== undefined) return entities[name.toLowerCase()] ?? whole;
      const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
      return code > 0x1f && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    });
}

export function withoutMarkdown(text: string): string {
  return text
    .replace(/^ {0,3}#{1,6}[ \t]+/gm, '')
    .replace(/^ {0,3}(?:```|~~~).*$\n?/gm, '')
    .replace(/^ {0,3}(?:[-*_] *){3,}$\n?/gm, '')
    .replace(/^ {0,3}> ?/gm, '')
    .replace(/!\[([^\]]*)\]\([^)\s]*(?:\s"[^"]*")?\)/g, '$1')
    .replace(/\[([^\]]+)\]\([^)\s]*(?:\s"[^"]*")?\)/g, '$1')
    .replace(/(\*\*|__)(?=\S)(.+?)(?<=\S)\1/g, '$2')
    .replace(/(?<![\w*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\w*])/g, '$1')
    .replace(/`([^`\n]+)`/g, '$1');
}
