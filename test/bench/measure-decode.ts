// Measures our side of the decoding benchmark in a process of its own; prints one line of JSON.
// Arguments: model folder, prompt tokens, new tokens, threads, answers at once, bits of the base (none, int8, int4, nf4),
// `guesses` where guesses of tokens may be checked.
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { createGenerator } from '../../main/inference/generate.ts';
import { openModel } from '../../main/models/load.ts';
import { openQuantized } from '../../main/models/quantize.ts';
import type { QuantizationKind } from '../../main/models/quantize-blocks.ts';
import type { DecodeMeasurement } from './decode.ts';

const [folder, promptTokens, newTokens, threads, rows, bits, guesses] = process.argv.slice(2);
const original = openModel(folder);
const cacheFolder = join(folder, '../quantized');
const model =
  bits === 'none' ? original : await openQuantized(original, bits as QuantizationKind, cacheFolder);
const generator = createGenerator({ model, threads: Number(threads) });
const prompt = (row: number) =>
  Array.from(
    { length: Number(promptTokens) },
    (_, i) => ((i + row) * 7919 + 13) % model.shape.vocabularySize,
  );
const drafts = guesses === 'guesses';
const options = { maxNewTokens: Number(newTokens), temperature: 0, eosIds: [], drafts };
const result: DecodeMeasurement = {
  tokensPerSecond: [],
  prefillSeconds: [],
  ids: [],
  guessed: 0,
  peakBytes: 0,
};
const many = Array.from({ length: Number(rows) }, (_, row) => prompt(row));
/** Rows of a batch are read one after the other; what is told is how fast they are written. */
const batch = async () => {
  const start = performance.now();
  await generator.generateBatch(many, { ...options, maxNewTokens: 1, rows: many.length });
  const middle = performance.now();
  const answers = await generator.generateBatch(many, { ...options, rows: many.length });
  const seconds = (performance.now() - middle - (middle - start)) / 1000;
  return { ...answers[0], tokensPerSecond: (many.length * (Number(newTokens) - 1)) / seconds };
};
// the first round, with compiling, is left out
for (let round = 0; round < 3; round++) {
  const answer =
    many.length === 1 ? await generator.generate({ promptIds: many[0], options }) : await batch();
  if (round > 0) result.tokensPerSecond.push(answer.tokensPerSecond);
  if (round > 0) result.prefillSeconds.push(answer.msToFirstToken / 1000);
  result.ids = answer.ids;
  result.guessed = answer.guessed ?? 0;
}
result.peakBytes = process.resourceUsage().maxRSS * 1024;
console.log(JSON.stringify(result));
await generator.release();
