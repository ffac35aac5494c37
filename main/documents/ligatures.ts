// Latin ligatures to letters, and nothing else: other compatibility characters carry meaning (field case
// A07).

const ligatures: Record<string, string> = {
  '\uFB00': 'ff',
  '\uFB01': 'fi',
  '\uFB02': 'fl',
  '\uFB03': 'ffi',
  '\uFB04': 'ffl',
  '\uFB05': '\u017Ft',
  '\uFB06': 'st',
};

/** Expands the Latin ligatures U+FB00 to U+FB06 and nothing else (field case A07). */
export function expandLigatures(text: string): string {
  return text.replace(/[\uFB00-\uFB06]/g, (ligature) => ligatures[ligature]);
}
