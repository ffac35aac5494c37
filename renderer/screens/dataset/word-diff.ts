// Which words of two texts differ: longest common subsequence over words, for the short samples that steps report.

export interface Piece {
  text: string;
  differs: boolean;
}

const mostWords = 400;

/** Both texts in pieces; pieces that the other does not have are marked. Long texts come back unmarked. */
export function wordDiff(a: string, b: string): { a: Piece[]; b: Piece[] } {
  const left = a.match(/\s+|[^\s]+/g) ?? [];
  const right = b.match(/\s+|[^\s]+/g) ?? [];
  if (left.length > mostWords || right.length > mostWords) {
    return { a: [{ text: a, differs: false }], b: [{ text: b, differs: false }] };
  }
  // length[i][j]: common words of left from i and right from j
  const length = Array.from({ length: left.length + 1 }, () => new Uint16Array(right.length + 1));
  for (let i = left.length - 1; i >= 0; i--) {
    for (let j = right.length - 1; j >= 0; j--) {
      length[i][j] =
        left[i] === right[j] ? length[i + 1][j + 1] + 1 : Math.max(length[i + 1][j], length[i][j + 1]);
    }
  }
  const result = { a: [] as Piece[], b: [] as Piece[] };
  let i = 0;
  let j = 0;
  while (i < left.length || j < right.length) {
    if (i < left.length && j < right.length && left[i] === right[j]) {
      add(result.a, left[i++], false);
      add(result.b, right[j++], false);
    } else if (j >= right.length || (i < left.length && length[i + 1][j] >= length[i][j + 1])) {
      add(result.a, left[i++], true);
    } else {
      add(result.b, right[j++], true);
    }
  }
  return result;
}

function add(pieces: Piece[], text: string, differs: boolean): void {
  const last = pieces.at(-1);
  if (last && last.differs === differs) last.text += text;
  else pieces.push({ text, differs });
}
