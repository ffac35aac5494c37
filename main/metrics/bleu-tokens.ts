// The ways in which BLEU cuts text into tokens, token for token as sacrebleu 2 does (Post 2018), so that
// scores can be compared with published ones. Ordered by growing complexity.
import { splitWords, trim } from './words.ts';

/**
 * Characters that `zh` takes for Chinese, as [first, last]. sacrebleu's table really holds U+2001 to U+2A6D.
 */
const chinese: readonly (readonly [number, number])[] = [
  [0x2001, 0x2a6d],
  [0x2e80, 0x2fdf],
  [0x2ff0, 0x303f],
  [0x3100, 0x312f],
  [0x31a0, 0x31ef],
  [0x3200, 0x4db5],
  [0x4e00, 0x9fbb],
  [0xf900, 0xfa2d],
  [0xfa30, 0xfa6a],
  [0xfa70, 0xfad9],
  [0xfe10, 0xfe1f],
  [0xfe30, 0xfe4f],
  [0xff00, 0xffef],
];

function isChinese(character: string): boolean {
  const code = character.codePointAt(0)!;
  return chinese.some(([first, last]) => first <= code && code <= last);
}

/**
 * The rules of mteval-v13a for Western languages: ASCII punctuation apart; . , - by the digits around them.
 */
function splitWestern(text: string): string[] {
  return splitWords(
    text
      .replace(/[!-&(-+/:-@[-`{-~]/g, ' $& ')
      .replace(/([^0-9])([.,])/gu, '$1 $2 ')
      .replace(/([.,])([^0-9])/gu, ' $1 $2')
      .replace(/([0-9])(-)/g, '$1 $2 '),
  );
}

export const bleuTokenizers = {
  none: splitWords,
  char: (text) => splitWords(Array.from(text).join(' ')),
  '13a': (text) =>
    splitWestern(
      ` ${text
        .replaceAll('<skipped>', '')
        .replaceAll('-\n', '')
        .replaceAll('\n', ' ')
        .replaceAll('&quot;', '"')
        .replaceAll('&amp;', '&')
        .replaceAll('&lt;', '<')
        .replaceAll('&gt;', '>')} `,
    ),
  intl: (text) =>
    splitWords(
      text
        .replace(/(\P{N})(\p{P})/gu, '$1 $2 ')
        .replace(/(\p{P})(\P{N})/gu, ' $1 $2')
        .replace(/\p{S}/gu, ' $& '),
    ),
  zh: (text) =>
    splitWestern(
      Array.from(trim(text))
        .map((character) => (isChinese(character) ? ` ${character} ` : character))
        .join(''),
    ),
} satisfies Record<string, (text: string) => string[]>;

export type BleuTokenizer = keyof typeof bleuTokenizers;
