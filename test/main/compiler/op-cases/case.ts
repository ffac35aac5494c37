// What a test of an op is: inputs, and the graph over them. Its gradient is held against finite
// differences unless its inputs are not trained.
import type { Build, Input } from '../../../helpers/gradients.ts';

export interface OpCase {
  /** What is special about it, such as `[2,1,3] and [4,1]`. */
  name: string;
  inputs: Input[];
  build: Build;
  /** Bounds on scaled differences; 1e-5 and 2e-5 unless given. */
  forward?: number;
  gradient?: number;
}

/** Numbers from `from` to `to`, evenly, in an order that mixes signs. */
export function spread(size: number, from: number, to: number): number[] {
  return Array.from({ length: size }, (_, i) => {
    const place = (i * 7 + 3) % size; // a permutation where 7 does not divide size
    return from + ((to - from) * (place + 0.37)) / size;
  });
}
