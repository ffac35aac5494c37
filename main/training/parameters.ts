// Trainable parameters in pages: small tensors share one flat array, large ones stand alone. A page is small
// enough that one update works in the cache (256 K elements, 1 MB), and few enough that the graph stays
// small.
import { type OptimizerChoice, optimizerOf, stateSize, stateType } from '../compiler/optimizers/index.ts';
import type { Optimizer } from '../compiler/optimizers/optimizer.ts';
import { sizeOf } from '../compiler/shape.ts';

export interface ParameterSpec {
  name: string;
  shape: readonly number[];
  /** Whether weight decay applies; norms and biases have none (field case C07). */
  decay: boolean;
  /** A hidden matrix, which optimizers such as Muon treat as a whole. */
  matrix: boolean;
  /** Factor on the learning rate; 1 unless given. */
  rate?: number;
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
  /** Factor on the learning rate. */
  rate: number;
  /** Shape of the one matrix that it holds, where matrices stand alone. */
  matrix: readonly number[] | undefined;
  entries: readonly PageEntry[];
}

export const pageElements = 1 << 18;

/**
 * Places parameters in pages, keeping their order: gradients of late layers are then ready, and freed, first.
 */
export function layoutPages(specs: readonly ParameterSpec[], alone: Optimizer<never>['alone']): Page[] {
  const pages: Page[] = [];
  let entries: PageEntry[] = [];
  let size = 0;
  const close = (matrix?: readonly number[]) => {
    if (entries.length === 0) return;
    const [{ decay, rate = 1 }] = entries;
    pages.push({ index: pages.length, size, decay, rate, matrix, entries });
    entries = [];
    size = 0;
  };
  const groupOf = ({ decay, rate = 1 }: ParameterSpec) => `${decay ? 0 : 1} ${rate}`;
  for (const group of [...new Set(specs.map(groupOf))].sort()) {
    for (const spec of specs.filter((candidate) => groupOf(candidate) === group)) {
      const elements = sizeOf(spec.shape);
      const whole = alone === 'tensors' || (alone === 'matrices' && spec.matrix);
      if (whole || size + elements > pageElements) close();
      entries.push({ ...spec, offset: size });
      size += elements;
      if (whole) close(spec.shape.length === 2 ? spec.shape : undefined);
    }
    close();
  }
  return pages;
}

export type PageArray = Float32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>;

/** Arrays for all pages, and views on single tensors in them. */
export class PagedArrays<Kind extends PageArray = Float32Array<ArrayBuffer>> {
  readonly pages: readonly Page[];
  readonly arrays: readonly Kind[];

  /**
   * `elements` of a page's array; as many as the page has unless given, 0 = the page has none. `create` makes an array of
   * zeros; float32 unless given.
   */
  constructor(
    pages: readonly Page[],
    elements: (page: Page) => number = ({ size }) => size,
    create: (length: number) => Kind = (length) => new Float32Array(length) as PageArray as Kind,
  ) {
    this.pages = pages;
    this.arrays = pages.map((page) => create(elements(page)));
  }

  /** The part of its page that holds a tensor; writing to it changes the page. */
  view(name: string): Kind {
    for (const page of this.pages) {
      const entry = page.entries.find((candidate) => candidate.name === name);
      if (entry !== undefined) {
        const array = this.arrays[page.index];
        // an array of another size belongs to the one tensor of its page
        return array.length === page.size
          ? (array.subarray(entry.offset, entry.offset + sizeOf(entry.shape)) as Kind)
          : array;
      }
    }
    throw new Error(`Invariant broken: "${name}" is a trainable parameter`);
  }

  entries(): PageEntry[] {
    return this.pages.flatMap((page) => page.entries);
  }

  /** Feeds or fetches by name: `prefix` + page index. */
  named(prefix: string, suffix = ''): Record<string, Kind> {
    const named = this.arrays.map((array, i): [string, Kind] => [`${prefix}${i}${suffix}`, array]);
    return Object.fromEntries(named.filter(([, { length }]) => length > 0));
  }
}

/** The state arrays of an optimizer, all zero. */
export function stateArrays(
  choice: OptimizerChoice,
  pages: readonly Page[],
): Map<string, PagedArrays<PageArray>> {
  const { states } = optimizerOf(choice);
  const arrayOf = (state: string) => {
    const bytes = stateType(choice, state) === 'uint8';
    return (length: number): PageArray => (bytes ? new Uint8Array(length) : new Float32Array(length));
  };
  return new Map(
    states.map((state) => [
      state,
      new PagedArrays(pages, (page) => stateSize(choice, state, page), arrayOf(state)),
    ]),
  );
}
