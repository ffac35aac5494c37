// Memory of a LoRA run over a 4-bit base of TinyLlama's shape (1.1 billion random weights): 1 x 512, rank 16, every second
// pass kept. Takes minutes and 4 GB of disk, most of it for making the model.
import { join } from 'node:path';
import { type Bench, jsonOfTraining } from './bench.ts';

interface QuantizedMeasurement {
  parameters: number;
  originalBytes: number;
  quantizedBytes: number;
  quantizeSeconds: number;
  steps: { seconds: number; loss: number }[];
  peakBytes: number;
}

const gigabytes = (bytes: number) => (bytes / 1e9).toFixed(2);

export const quantized: Bench = {
  id: 'quantized',
  label: 'LoRA over a base in 4 bits (NF4), TinyLlama shape, rank 16 on all linear layers, 1 x 512',
  run: async ({ say, threads }) => {
    const script = join(import.meta.dirname, 'measure-quantized.ts');
    const found = await jsonOfTraining<QuantizedMeasurement>(script, 'nf4', 'selective', String(threads));
    const { parameters, originalBytes, quantizedBytes, quantizeSeconds, steps, peakBytes } = found;
    say(
      `${(parameters / 1e9).toFixed(2)} billion weights: ${gigabytes(quantizedBytes)} GB instead of ` +
        `${gigabytes(originalBytes)}, made in ${quantizeSeconds.toFixed(0)} s; peak ${gigabytes(peakBytes)} GB, ` +
        `steps ${steps.map(({ seconds }) => seconds.toFixed(1)).join(' and ')} s, losses ${steps.map(({ loss }) => loss.toFixed(3)).join(' and ')}`,
    );
  },
};
