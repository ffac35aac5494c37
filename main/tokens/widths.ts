// Widths of batches: rows of a few lengths, so that few graphs are made and little of a row is padding. Knows lengths only.

/**
 * At most `count` widths, multiples of `step`, that waste the fewest padding tokens on these lengths; the
 * last one reaches the longest. Few widths mean few sessions to create.
 */
export function chooseWidths(lengths: readonly number[], maxLength: number, count = 4, step = 64): number[] {
  const slots = Math.ceil(longestOf(lengths, maxLength) / step);
  const records = new Float64Array(slots + 1); // records whose smallest multiple is slot * step
  for (const length of lengths) if (length > 0) records[Math.ceil(Math.min(length, maxLength) / step)]++;
  const upTo = new Float64Array(slots + 1);
  for (let slot = 1; slot <= slots; slot++) upTo[slot] = upTo[slot - 1] + records[slot];
  // cost[k][s]: fewest row tokens for the records up to slot s with k widths, the last of them at s.
  let cost = Float64Array.from(upTo, (total, slot) => (slot === 0 ? 0 : total * slot));
  const choices: Int32Array[] = [];
  for (let used = 1; used < Math.min(count, slots); used++) {
    const next = new Float64Array(slots + 1);
    const choice = new Int32Array(slots + 1);
    for (let slot = 1; slot <= slots; slot++) {
      next[slot] = cost[slot];
      choice[slot] = slot;
      for (let before = 1; before < slot; before++) {
        const tokens = cost[before] + (upTo[slot] - upTo[before]) * slot;
        if (tokens < next[slot]) {
          next[slot] = tokens;
          choice[slot] = before;
        }
      }
    }
    choices.push(choice);
    cost = next;
  }
  const widths = [slots];
  for (const choice of choices.reverse()) {
    const before = choice[widths[0]];
    if (before !== widths[0]) widths.unshift(before);
  }
  return widths.map((slot) => slot * step);
}

/** At least 1, so that an empty list still has a width. */
function longestOf(lengths: readonly number[], limit: number): number {
  let longest = 1;
  for (const length of lengths) longest = Math.max(longest, Math.min(length, limit));
  return longest;
}
