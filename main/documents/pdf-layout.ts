// Reading order of a PDF page from the geometry of its text: columns, titles across, footers, rotated
// pages, vertical writing (field case A06). Pure: positioned runs in, lines in reading order out. Lengths
// are points (1/72 inch).

/** A run of text as the PDF parser gives it. `transform` is its text matrix in page space, y upwards. */
export interface TextRun {
  str: string;
  dir: string;
  transform: number[];
  width: number;
  height: number;
  vertical: boolean;
}

export interface Line {
  text: string;
  /** Along the writing direction. */
  left: number;
  right: number;
  /** Across it, growing with each line. */
  baseline: number;
  size: number;
}

/** Lines that belong to one column, or to one band across the page. */
export interface Block {
  lines: Line[];
  /** Where lines of this block could end: the column's or the page's right border. */
  limit: number;
}

/** A run in the frame of its writing direction. */
interface Piece {
  text: string;
  left: number;
  right: number;
  baseline: number;
  size: number;
  rightToLeft: boolean;
  /** The parser saw a space before it. */
  spaced: boolean;
}

/** Blocks of one page in reading order. `width` and `height` are the page's, unrotated. */
export function layoutPage(runs: TextRun[], width: number, height: number): Block[] {
  const frames = new Map<number, Piece[]>();
  let spaced = false;
  for (const run of runs) {
    if (run.str.trim() === '') {
      spaced ||= run.str !== '';
      continue;
    }
    const { angle, piece } = inOwnFrame(run, spaced);
    spaced = false;
    const frame = frames.get(angle);
    if (frame === undefined) frames.set(angle, [piece]);
    else frame.push(piece);
  }
  // The direction with the most text is read first; stamps along the margin come last.
  const ordered = [...frames].sort((a, b) => weight(b[1]) - weight(a[1]));
  return ordered.flatMap(([angle, pieces]) => {
    const across = Math.abs(Math.sin((angle * Math.PI) / 180)) > 0.5 ? height : width;
    const left = Math.min(...pieces.map((piece) => piece.left));
    const right = Math.max(...pieces.map((piece) => piece.right));
    // Text normally has a right margin like its left one. Where the frame has no such origin, its own
    // extent counts.
    const origin = Math.min(0, left) < 0 ? left - 36 : 0;
    const limit = Math.max(right, origin + across - (left - origin));
    return splitEnds(fragmentsOf(pieces)).flatMap((region) => orderRegion(region, limit));
  });
}

function weight(pieces: Piece[]): number {
  return pieces.reduce((sum, piece) => sum + piece.text.length, 0);
}

/** Turns page coordinates so that the text runs to the right and lines go down. */
function inOwnFrame(run: TextRun, spaced: boolean): { angle: number; piece: Piece } {
  const [a, b, c, d, x, y] = run.transform;
  const angle = run.vertical ? -90 : Math.round((Math.atan2(b, a) * 180) / Math.PI / 5) * 5;
  const radians = (angle * Math.PI) / 180;
  const left = x * Math.cos(radians) + y * Math.sin(radians);
  const baseline = x * Math.sin(radians) - y * Math.cos(radians);
  const size = Math.hypot(c, d) || Math.hypot(a, b) || run.height || 1;
  const length = run.vertical ? run.height : run.width;
  const piece = {
    text: run.str,
    left,
    right: left + length,
    baseline,
    size,
    rightToLeft: run.dir === 'rtl',
    spaced,
  };
  return { angle, piece };
}

/** Pieces on one baseline without a wide gap between them. */
interface Fragment {
  pieces: Piece[];
  left: number;
  right: number;
  baseline: number;
  size: number;
  characters: number;
  words: number;
}

/** Gathers pieces to rows by baseline, then cuts rows at gaps wider than one em. */
function fragmentsOf(pieces: Piece[]): Fragment[] {
  const fragments: Fragment[] = [];
  for (const row of rowsOf(pieces)) {
    row.sort((a, b) => a.left - b.left);
    let run: Piece[] = [];
    let right = Number.NEGATIVE_INFINITY;
    for (const piece of row) {
      if (run.length > 0 && piece.left - right > Math.max(piece.size, run[run.length - 1].size)) {
        fragments.push(fragmentOf(run));
        run = [];
      }
      run.push(piece);
      right = run.length === 1 ? piece.right : Math.max(right, piece.right);
    }
    if (run.length > 0) fragments.push(fragmentOf(run));
  }
  return fragments;
}

/** Rows of things that share a baseline; superscripts and subscripts stay with their row. */
function rowsOf<Thing extends { baseline: number; size: number }>(things: Thing[]): Thing[][] {
  const sorted = [...things].sort((a, b) => a.baseline - b.baseline);
  const rows: { main: Thing; things: Thing[] }[] = [];
  for (const thing of sorted) {
    const row = rows[rows.length - 1];
    const reach = row === undefined ? -1 : 0.45 * Math.max(thing.size, row.main.size);
    if (row !== undefined && thing.baseline - row.main.baseline <= reach) {
      row.things.push(thing);
      // The largest text of a row carries its baseline.
      if (thing.size > row.main.size) row.main = thing;
    } else rows.push({ main: thing, things: [thing] });
  }
  return rows.map((row) => row.things);
}

function fragmentOf(pieces: Piece[]): Fragment {
  const text = pieces.map((piece) => piece.text).join(' ');
  const main = pieces.reduce((largest, piece) => (piece.size > largest.size ? piece : largest));
  // Ideographs count as half a word each, since their scripts write no spaces.
  const ideographs = text.match(/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/gu)?.length ?? 0;
  const words = text.match(/\p{L}[\p{L}\p{M}\p{N}'’-]*/gu)?.length ?? 0;
  return {
    pieces,
    left: Math.min(...pieces.map((piece) => piece.left)),
    right: Math.max(...pieces.map((piece) => piece.right)),
    baseline: main.baseline,
    size: main.size,
    characters: text.length,
    words: words + ideographs / 2,
  };
}

/** Takes header and footer rows (at most 3, set off by a wide strip) away from the columns between them. */
function splitEnds(fragments: Fragment[]): Fragment[][] {
  const rows = rowsOf(fragments).map((row) => [...row].sort((a, b) => a.left - b.left));
  if (rows.length < 3) return [fragments];
  const gapAfter = (at: number) => rows[at + 1][0].baseline - rows[at][0].baseline;
  const wide = (at: number) => gapAfter(at) > 2.5 * Math.max(rows[at][0].size, rows[at + 1][0].size);
  let from = 0;
  let to = rows.length;
  for (let at = 0; at < Math.min(3, rows.length - 1); at++) if (wide(at)) from = at + 1;
  for (let at = rows.length - 2; at >= Math.max(from, rows.length - 4); at--) if (wide(at)) to = at + 1;
  return [rows.slice(0, from).flat(), rows.slice(from, to).flat(), rows.slice(to).flat()].filter(
    (region) => region.length > 0,
  );
}

/**
 * Reading order of a region: the best gutter cuts it into bands; rows that cross the gutter are bands of
 * their own, bands beside the gutter are read left side first, each side again by the same rule. `limit` is
 * the right border.
 */
function orderRegion(fragments: Fragment[], limit: number, depth = 0): Block[] {
  const gutter = depth < 6 ? bestGutter(fragments) : null;
  if (gutter === null) {
    const lines = linesOf(fragments);
    return lines.length === 0 ? [] : [{ lines, limit }];
  }
  const blocks: Block[] = [];
  let across: Fragment[] = [];
  for (const band of bandsAt(fragments, gutter)) {
    if (band.left.length === 0 || band.right.length === 0 || !isProse(band)) {
      across.push(...band.all);
      continue;
    }
    if (across.length > 0) blocks.push(...orderRegion(across, limit, 6));
    across = [];
    blocks.push(...orderRegion(band.left, gutter, depth + 1));
    blocks.push(...orderRegion(band.right, limit, depth + 1));
  }
  if (across.length > 0) blocks.push(...orderRegion(across, limit, 6));
  return blocks;
}

interface Band {
  all: Fragment[];
  left: Fragment[];
  right: Fragment[];
}

/**
 * The x before a common left edge that has the most text in prose columns on both of its sides; null for
 * none.
 */
function bestGutter(fragments: Fragment[]): number | null {
  const edges = new Map<number, number>();
  for (const fragment of fragments) {
    const edge = Math.round(fragment.left / 3);
    edges.set(edge, (edges.get(edge) ?? 0) + 1);
  }
  let best: { gutter: number; score: number } | null = null;
  for (const [edge, starts] of edges) {
    if (starts < 2) continue;
    const gutter = edge * 3 - 3;
    let score = 0;
    for (const band of bandsAt(fragments, gutter)) {
      if (!isProse(band)) continue;
      const characters = (side: Fragment[]) => side.reduce((sum, fragment) => sum + fragment.characters, 0);
      score += Math.min(characters(band.left), characters(band.right));
    }
    if (score > (best?.score ?? 0)) best = { gutter, score };
  }
  return best?.gutter ?? null;
}

/** Cuts the region into bands from top to bottom: runs of rows beside the gutter, and rows that cross it. */
function bandsAt(fragments: Fragment[], gutter: number): Band[] {
  const bands: Band[] = [];
  let band: Band = { all: [], left: [], right: [] };
  const close = () => {
    if (band.all.length > 0) bands.push(band);
    band = { all: [], left: [], right: [] };
  };
  for (const row of rowsOf(fragments)) {
    const crosses = row.some((fragment) => fragment.left < gutter - 1 && fragment.right > gutter + 3);
    if (crosses) {
      close();
      bands.push({ all: row, left: [], right: [] });
      continue;
    }
    for (const fragment of row) {
      band.all.push(fragment);
      (fragment.right <= gutter + 3 ? band.left : band.right).push(fragment);
    }
  }
  close();
  return bands;
}

/** Columns of prose, not cells of a table: at least two lines a side, of two words or more on average. */
function isProse(band: Band): boolean {
  return [band.left, band.right].every((side) => {
    const words = side.reduce((sum, fragment) => sum + fragment.words, 0);
    const characters = side.reduce((sum, fragment) => sum + fragment.characters, 0);
    return side.length >= 2 && words / side.length >= 2 && characters / side.length >= 10;
  });
}

function linesOf(fragments: Fragment[]): Line[] {
  return rowsOf(fragments).map((row) => {
    const pieces = row.flatMap((fragment) => fragment.pieces).sort((a, b) => a.left - b.left);
    const main = pieces.reduce((largest, piece) => (piece.size > largest.size ? piece : largest));
    return {
      text: joinPieces(pieces),
      left: pieces[0].left,
      right: Math.max(...pieces.map((piece) => piece.right)),
      baseline: main.baseline,
      size: main.size,
    };
  });
}

/** Joins the pieces of one line; a gap of more than a sixth of an em is a space. */
function joinPieces(pieces: Piece[]): string {
  const rightToLeft = pieces.filter((piece) => piece.rightToLeft).length > pieces.length / 2;
  const letterSpaced = isLetterSpaced(pieces);
  const gap = letterSpaced ? spaceGap(pieces) : usualGap;
  let line = '';
  let right = pieces[0].left;
  for (const piece of rightToLeft ? [...pieces].reverse() : pieces) {
    const distance = rightToLeft ? right - piece.right : piece.left - right;
    const isSpace = !letterSpaced && piece.spaced && distance > 0.05 * piece.size;
    const apart = distance > gap * Math.max(1, piece.size) || isSpace;
    if (apart && line !== '' && !line.endsWith(' ') && !piece.text.startsWith(' ')) line += ' ';
    line += piece.text;
    right = rightToLeft ? piece.left : Math.max(right, piece.right);
  }
  return line.replace(/\s+/g, ' ').trim();
}

/** The gap that counts as a space, in em. */
const usualGap = 0.15;

/** Each letter placed alone, with a gap after it. */
function isLetterSpaced(pieces: Piece[]): boolean {
  const single = pieces.filter((piece) => piece.text.trim().length === 1).length;
  return pieces.length >= 6 && single >= 0.7 * pieces.length;
}

/** The gap that counts as a space in a letter-spaced line: twice the usual one, in em. */
function spaceGap(pieces: Piece[]): number {
  const gaps = pieces.slice(1).map((piece, at) => (piece.left - pieces[at].right) / Math.max(1, piece.size));
  const middle = gaps.sort((a, b) => a - b)[Math.floor(gaps.length / 2)];
  return Math.max(usualGap, 2 * middle);
}
