// Guesses of the next tokens from what was written before: where the last tokens occurred already, the text probably goes
// on as it did there (prompt lookup decoding, Saxena 2023, https://github.com/apoorvumang/prompt-lookup-decoding). Answers
// that quote their prompt are written several tokens at once by it. The guesses are checked by the model (Leviathan et al.
// 2023, https://arxiv.org/abs/2211.17192), so they change how fast an answer comes, not what it says. Knows no model.

/** Tokens at the end that have to occur before; the longest that do decide. */
const [longest, shortest] = [3, 2];
/** Of the share of guesses that were right, what a new one weighs. */
const weight = 0.15;
/** Guesses whose outcome is known before any is used: a step that checks guesses needs a graph of its own. */
const fewestSeen = 8;

export interface Drafter {
  /** To be told each token as it is chosen; `all` ends with it. */
  observe(all: readonly number[]): void;
  /** Up to `most` guesses of what follows `all`; empty while guesses are not right often enough. */
  propose(all: readonly number[], most: number): number[];
}

/**
 * `cost`: how long the check of guesses takes, as a multiple of a step of one token. Depends on the tokens alone and on no
 * clock, so that an answer is the same each time.
 */
export function createDrafter(cost: number): Drafter {
  let guess: number | undefined;
  let share = 0;
  let seen = 0;
  return {
    observe(all) {
      if (guess !== undefined) {
        seen += 1;
        share += weight * (Number(guess === all[all.length - 1]) - share);
      }
      guess = continuation(all, 1)[0];
    },
    propose(all, most) {
      if (seen < fewestSeen || expectedTokens(share, most) < cost) return [];
      return continuation(all, most);
    },
  };
}

/** Tokens that a step yields whose guesses are right with this probability: 1 + p + p^2 + .. */
function expectedTokens(probability: number, guesses: number): number {
  let sum = 1;
  for (let i = 0; i < guesses; i++) sum = 1 + probability * sum;
  return sum;
}

/** What followed the last tokens where they occurred before, at the latest such place: `most` tokens, or none. */
export function continuation(all: readonly number[], most: number): number[] {
  for (let size = longest; size >= shortest; size--) {
    const tail = all.length - size;
    for (let start = tail - 1; start >= 0; start--) {
      let same = 0;
      while (same < size && all[start + same] === all[tail + same]) same += 1;
      if (same < size) continue;
      // what is copied may overlap with its copy: a repetition goes on
      const result: number[] = [];
      for (let from = start + size; result.length < most; from++)
        result.push(from < all.length ? all[from] : result[from - all.length]);
      return result;
    }
  }
  return [];
}
