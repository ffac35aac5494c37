// The text that the tokens of a prompt were read from, for answers that repeat it: tokens alone do not tell capital letters
// and spaces. Kept beside the ids, so that whoever passes them on need not know of it.
const texts = new WeakMap<readonly number[], string>();

/** The same ids, which `textOf` knows from then on. */
export function withText(ids: number[], text: string): number[] {
  texts.set(ids, text);
  return ids;
}

/** Undefined for ids that were made elsewhere. */
export const textOf = (ids: readonly number[]): string | undefined => texts.get(ids);
