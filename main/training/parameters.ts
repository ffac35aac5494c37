// Trainable parameters in pages: small tensors share one flat array, large ones stand alone. A page is small enough
// that one update works in the cache (256 K elements, 1 MB), and few enough that the graph stays small.
import { sizeOf } from '../compiler/shape.ts';

export interface ParameterSpec {
  name: string;
  shape: readonly number[];
  /** Whether weight decay applies; norms and biases have none (field case C07). */
  decay: boolean;
  /** A hidden matrix, which optimizers such as Muon treat as a whole. */
  matrix: boolean;
}

export interface PageEntry extends ParameterSpec {
  /** First element in the page. */
  offset: number;
}

export interface Page {
  index: number;
  /** Elements. */
  size: number;
  decay: boolean;
  /** Shape of the one matrix that it holds, where matrices stand alone. */
  matrix: readonly number[] | undefined;
  entries: readonly PageEntry[];
}

export const pageElements = 1 << 18;

/** Places parameters in pages, keeping their order: gradients of late layers are then ready, and freed, first. */
export function layoutPages(specs: readonly ParameterSpec[], wholeMatrices: boolean): Page[] {
  const pages: Page[] = [];
  let entries: PageEntry[] = [];
  let size = 0;
  const close = (matrix?: readonly number[]) => {
    if (entries.length === 0) return;
    pages.push({ index: pages.length, size, decay: entries[0].decay, matrix, entries });
    entries = [];
    size = 0;
  };
  for (const decay of [true, false]) {
    for (const spec of specs.filter((candidate) => candidate.decay === decay)) {
      const elements = sizeOf(spec.shape);
      const alone = wholeMatrices && spec.matrix;
      if (alone || size + elements > pageElements) close();
      entries.push({ ...spec, offset: size });
      size += elements;
      if (alone) close(spec.shape);
    }
    close();
  }
  return pages;
}

/** Arrays for all pages, and views on single tensors in them. */
export class PagedArrays {
  readonly pages: readonly Page[];
  readonly arrays: readonly Float32Array<ArrayBuffer>[];

  constructor(pages: readonly Page[]) {
    this.pages = pages;
    this.arrays = pages.map((page) => new Float32Array(page.size));
  }

  /** The part of its page that holds a tensor; writing to it changes the page. */
  view(name: string): Float32Array {
    for (const page of this.pages) {
      const entry = page.entries.find((candidate) => candidate.name === name);
      if (entry !== undefined) {
        return this.arrays[page.index].subarray(entry.offset, entry.offset + sizeOf(entry.shape));
      }
    }
    throw new Error(`Invariant broken: "${name}" is a trainable parameter`);
  }

  entries(): PageEntry[] {
    return this.pages.flatMap((page) => page.entries);
  }

  /** Feeds or fetches by name: `prefix` + page index. */
  named(prefix: string, suffix = ''): Record<string, Float32Array> {
    return Object.fromEntries(this.arrays.map((array, i) => [`${prefix}${i}${suffix}`, array]));
  }
}
