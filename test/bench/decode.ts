// Greedy answers of the SmolLM2-135M-shaped random model, fp32, one at a time and 48 at once, and over its base in 4 bits
// one at a time, each token by a step of its own unless said otherwise: tokens/s after the first token, seconds to the first; and transformers.generate in fp32 where
// `TUNESMITH_PYTHON` names a Python that has it, whose ids must be the same.
import { join } from 'node:path';
import { allocatorEnvironment } from '../../main/training/allocator.ts';
import { type Bench, jsonOf, median, spread } from './bench.ts';
import { prepareSmol } from './train.ts';

export interface DecodeMeasurement {
  /** Of each answer; the first answer, with compiling, left out. */
  tokensPerSecond: number[];
  /** To the first token. */
  prefillSeconds: number[];
  /** Of the last answer. */
  ids: number[];
  /** Of those, guessed right. */
  guessed: number;
  peakBytes: number;
}

const [promptTokens, newTokens, together] = [256, 48, 48];

export const decode: Bench = {
  id: 'decode',
  label: `Greedy decoding, SmolLM2-135M shape, fp32, ${promptTokens} tokens read, ${newTokens} written`,
  run: async ({ say, rounds, threads }) => {
    const { model } = await prepareSmol();
    const python = process.env.TUNESMITH_PYTHON;
    if (python === undefined)
      say('transformers is not measured: set TUNESMITH_PYTHON to a Python with torch and transformers.');
    const here = import.meta.dirname;
    const args = [model, String(promptTokens), String(newTokens), String(threads)];
    const ours: DecodeMeasurement[] = [];
    const guessing: DecodeMeasurement[] = [];
    const batched: DecodeMeasurement[] = [];
    const quantized: DecodeMeasurement[] = [];
    const theirs: DecodeMeasurement[] = [];
    const measure = (rows: number, bits: 'none' | 'int4' = 'none', guesses = '') =>
      jsonOf<DecodeMeasurement>(
        process.execPath,
        [join(here, 'measure-decode.ts'), ...args, String(rows), bits, guesses],
        allocatorEnvironment(),
      );
    for (let round = 0; round < rounds; round++) {
      ours.push(await measure(1));
      guessing.push(await measure(1, 'none', 'guesses'));
      quantized.push(await measure(1, 'int4'));
      if (python !== undefined) theirs.push(await jsonOf(python, [join(here, 'measure_decode.py'), ...args]));
      batched.push(await measure(together));
    }
    const rates = (runs: DecodeMeasurement[]) => runs.flatMap(({ tokensPerSecond }) => tokensPerSecond);
    const waits = (runs: DecodeMeasurement[]) => runs.flatMap(({ prefillSeconds }) => prefillSeconds);
    const line = (name: string, runs: DecodeMeasurement[]) =>
      say(`${name}: ${spread(rates(runs), 1)} tokens/s, first token after ${spread(waits(runs))} s`);
    const peak = (runs: DecodeMeasurement[]) => median(runs.map(({ peakBytes }) => peakBytes));
    line('Tunesmith, one answer, a token a step', ours);
    line('Tunesmith, one answer, with guesses', guessing);
    say(
      `With guesses: ${(median(rates(guessing)) / median(rates(ours))).toFixed(2)}x the tokens/s; ${guessing[0].guessed} of ` +
        `${newTokens} tokens were guessed right (a model with random weights repeats itself more than others), ids ` +
        `${guessing[0].ids.join() === ours[0].ids.join() ? 'the same' : 'DIFFER'}`,
    );
    line('Tunesmith, one answer, base in INT4', quantized);
    say(
      `INT4 against fp32: ${(median(rates(quantized)) / median(rates(ours))).toFixed(2)}x the tokens/s, first token after ` +
        `${(median(waits(quantized)) / median(waits(ours))).toFixed(2)}x the time, ` +
        `${(peak(quantized) / peak(ours)).toFixed(2)}x the peak memory`,
    );
    line(`Tunesmith, ${together} answers at once`, batched);
    say(`At once against one: ${(median(rates(batched)) / median(rates(ours))).toFixed(1)}x the tokens/s`);
    if (theirs.length === 0) return;
    line('transformers.generate, one answer', theirs);
    say(`With guesses: ${(median(rates(guessing)) / median(rates(theirs))).toFixed(2)}x its tokens/s`);
    const same = theirs[0].ids.every((id, i) => id === ours[0].ids[i]);
    say(
      `Ratios: ${(median(rates(ours)) / median(rates(theirs))).toFixed(2)}x the tokens/s, first token after ` +
        `${(median(waits(ours)) / median(waits(theirs))).toFixed(2)}x the time, ids ${same ? 'the same' : 'DIFFER'}`,
    );
  },
};
