// The letters that byte-level vocabularies use for bytes (GPT-2's table): printable ones stand for
// themselves, the others get letters from U+0100 on.

/** The 256 letters that stand for bytes in byte-level vocabularies, by byte value. */
export function byteAlphabet(): string[] {
  const letters: string[] = [];
  let beyond = 256;
  for (let byte = 0; byte < 256; byte++) {
    const printable = (byte > 32 && byte < 127) || (byte > 160 && byte !== 173);
    letters.push(String.fromCodePoint(printable ? byte : beyond++));
  }
  return letters;
}

let byteOfLetter: Map<string, number> | undefined;

/** The bytes that a token of such letters stands for; undefined if it holds any other character. */
export function bytesOfLetters(token: string): number[] | undefined {
  byteOfLetter ??= new Map(byteAlphabet().map((letter, byte) => [letter, byte]));
  const bytes: number[] = [];
  for (const letter of token) {
    const byte = byteOfLetter.get(letter);
    if (byte === undefined) return undefined;
    bytes.push(byte);
  }
  return bytes;
}
