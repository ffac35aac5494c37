// The registry of benchmarks.
import type { Bench } from './bench.ts';
import { decode } from './decode.ts';
import { instruct } from './instruct.ts';
import { memory } from './memory.ts';
import { quantized } from './quantized.ts';
import { train } from './train.ts';

export const benches: readonly Bench[] = [train, instruct, decode, memory, quantized];
