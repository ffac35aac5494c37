// The registry of benchmarks.
import type { Bench } from './bench.ts';
import { train } from './train.ts';

export const benches: readonly Bench[] = [train];
