// Keys and values of what decoders of encoder-decoders wrote so far: as many of each row. Rows of a search are reordered,
// since a text may go on from another row's. Knows no graph.
import type { TargetAttention } from '../models/encoder-decoder.ts';

export class TargetCache {
  readonly rows: number;
  readonly places: number;
  private readonly attention: TargetAttention;
  /** key.0, value.0, key.1, value.1, .., each [rows, heads, places, headDim]. */
  private arrays: Map<string, Float32Array>;
  /** Of the same form; takes the rows when they are reordered. */
  private spare: Map<string, Float32Array> | undefined;
  private filled = 0;

  constructor(attention: TargetAttention, rows: number, places: number) {
    this.attention = attention;
    this.rows = rows;
    this.places = places;
    this.arrays = this.empty();
  }

  /** Tokens of each row. */
  get length(): number {
    return this.filled;
  }

  private empty(): Map<string, Float32Array> {
    const { layers, heads, headDim } = this.attention;
    const size = this.rows * heads * this.places * headDim;
    const names = Array.from({ length: layers }, (_, layer) => [`key.${layer}`, `value.${layer}`]).flat();
    return new Map(names.map((name) => [name, new Float32Array(size)]));
  }

  /** Adds one token a row: `key.0.new`, .. [rows, heads, 1, headDim]. */
  take(outputs: Readonly<Record<string, ArrayLike<number>>>): void {
    const { heads, headDim } = this.attention;
    for (const [name, array] of this.arrays) {
      const fresh = outputs[`${name}.new`] as Float32Array;
      for (let block = 0; block < this.rows * heads; block++) {
        const part = fresh.subarray(block * headDim, (block + 1) * headDim);
        array.set(part, (block * this.places + this.filled) * headDim);
      }
    }
    this.filled += 1;
  }

  /** Row i goes on from what row `parents[i]` wrote. */
  reorder(parents: ArrayLike<number>): void {
    if (Array.from(parents).every((parent, row) => parent === row)) return;
    const { heads, headDim } = this.attention;
    const targets = this.spare ?? this.empty();
    const stride = this.places * headDim;
    for (const [name, array] of this.arrays) {
      const target = targets.get(name) as Float32Array;
      for (let row = 0; row < this.rows; row++) {
        for (let head = 0; head < heads; head++) {
          const from = (parents[row] * heads + head) * stride;
          target.set(array.subarray(from, from + this.filled * headDim), (row * heads + head) * stride);
        }
      }
    }
    this.spare = this.arrays;
    this.arrays = targets;
  }

  /** A copy with room for more. */
  grown(places: number): TargetCache {
    const larger = new TargetCache(this.attention, this.rows, places);
    const { heads, headDim } = this.attention;
    for (const [name, array] of this.arrays) {
      const target = larger.arrays.get(name) as Float32Array;
      for (let block = 0; block < this.rows * heads; block++) {
        const from = block * this.places * headDim;
        target.set(array.subarray(from, from + this.filled * headDim), block * places * headDim);
      }
    }
    larger.filled = this.filled;
    return larger;
  }

  feeds(): Record<string, Float32Array> {
    return Object.fromEntries(this.arrays);
  }
}
