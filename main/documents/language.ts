// Which language a text is in. The only import of eld, which takes half a second and 200 MB to load, so it
// is loaded on first use and in one thread only.

/** Below this many letters any answer would be a guess. */
const leastLetters = 20;

/** ISO 639-1 codes of texts; null for "unknown" (too short or unclear). */
export async function loadLanguageDetector(): Promise<(text: string) => string | null> {
  const { eld } = await import('eld/medium');
  return (text) => {
    const letters = text.match(/\p{L}/gu)?.length ?? 0;
    if (letters < leastLetters) return null;
    const result = eld.detect(text);
    return result.isReliable() ? result.language : null;
  };
}
