// What a template may use up: steps, time, the size of what it makes. Templates are foreign input (anyone's
// model folder).
import { JinjaError } from './error.ts';

export interface Limits {
  steps: number;
  milliseconds: number;
  /** UTF-16 units of any text; a list may have a tenth as many items. */
  size: number;
  /** Macros inside macros. */
  depth: number;
}

export const defaultLimits: Limits = { steps: 5_000_000, milliseconds: 5000, size: 10_000_000, depth: 100 };

export interface Meter {
  /** One evaluated node. */
  step(): void;
  /** A text of this many UTF-16 units is about to be made. */
  size(size: number): void;
  /** A list of this many items is about to be made. */
  items(count: number): void;
  /** Runs `body` one level deeper. */
  deeper<Result>(body: () => Result): Result;
}

export function createMeter(limits: Limits): Meter {
  const end = performance.now() + limits.milliseconds;
  let steps = 0;
  let depth = 0;
  const stop = (what: string): never => {
    throw new JinjaError('LimitError', what);
  };
  return {
    step() {
      if (++steps > limits.steps) stop(`it took more than ${limits.steps} steps`);
      if (steps % 4096 === 0 && performance.now() > end)
        stop(`it took longer than ${limits.milliseconds / 1000} s`);
    },
    size(size) {
      if (!(size <= limits.size)) stop(`it made a text of more than ${limits.size} characters`);
    },
    items(count) {
      if (!(count <= limits.size / 10)) stop(`it made a list of more than ${limits.size / 10} items`);
    },
    deeper(body) {
      if (++depth > limits.depth) stop(`its macros call each other more than ${limits.depth} levels deep`);
      const result = body();
      depth--;
      return result;
    },
  };
}
