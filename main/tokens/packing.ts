// Fills rows of a fixed width with records (packing), as TRL does: best fit decreasing, the same with long
// records split, or one long stream that is cut. Knows lengths only.

/** A stretch of one record inside a row. */
export interface Piece {
  /** Position of the record in the list that was packed. */
  record: number;
  /** First token of the record that is used. */
  start: number;
  length: number;
}

/**
 * `bfd`: each record in the fullest row that still has room, longest first; what is longer than a row loses
 * its end. `bfd_split`: the same, but long records become several pieces. `wrapped`: records in order, cut
 * where a row is full.
 */
export type Packing = 'bfd' | 'bfd_split' | 'wrapped';

/**
 * Rows of pieces, each row at most `width` tokens. Records of length 0 are left out. Ties keep the order of
 * the records, so equal input gives equal rows. With `usual`, a smaller width, only rows that begin with a longer
 * piece are `width` wide.
 */
export function fillRows(
  lengths: readonly number[],
  width: number,
  packing: Packing,
  usual: number = width,
): Piece[][] {
  if (packing === 'wrapped') return wrap(lengths, width);
  const pieces: Piece[] = [];
  lengths.forEach((length, record) => {
    const end = packing === 'bfd' ? Math.min(length, width) : length;
    for (let start = 0; start < end; start += width)
      pieces.push({ record, start, length: Math.min(width, end - start) });
  });
  pieces.sort((a, b) => b.length - a.length); // stable
  return bestFit(pieces, width, usual);
}

function bestFit(pieces: readonly Piece[], width: number, usual: number): Piece[][] {
  const rows: Piece[][] = [];
  // Rows by free tokens, first come first served
  const open: Piece[][][] = Array.from({ length: width + 1 }, () => []);
  const taken = new Int32Array(width + 1); // how many of each list are used up
  const bits = new Uint32Array((width >> 5) + 1); // which lists have rows left
  for (const piece of pieces) {
    let free = firstSet(bits, piece.length, width);
    let row: Piece[];
    if (free < 0) {
      row = [];
      rows.push(row);
      free = piece.length > usual ? width : usual;
    } else {
      row = open[free][taken[free]++];
      if (taken[free] === open[free].length) bits[free >> 5] &= ~(1 << (free & 31));
    }
    row.push(piece);
    const left = free - piece.length;
    open[left].push(row);
    if (left > 0) bits[left >> 5] |= 1 << (left & 31);
  }
  return rows;
}

/** Smallest set bit from `from` to `to`, or -1. */
function firstSet(bits: Uint32Array, from: number, to: number): number {
  let word = from >> 5;
  let found = bits[word] & (-1 << (from & 31));
  while (found === 0 && ++word < bits.length) found = bits[word];
  if (found === 0) return -1;
  const at = word * 32 + (31 - Math.clz32(found & -found));
  return at <= to ? at : -1;
}

function wrap(lengths: readonly number[], width: number): Piece[][] {
  const rows: Piece[][] = [];
  let row: Piece[] = [];
  let free = width;
  lengths.forEach((total, record) => {
    for (let start = 0; start < total; ) {
      const length = Math.min(free, total - start);
      row.push({ record, start, length });
      start += length;
      free -= length;
      if (free === 0) {
        rows.push(row);
        row = [];
        free = width;
      }
    }
  });
  if (row.length > 0) rows.push(row);
  return rows;
}
