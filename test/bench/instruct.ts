// A realistic instruction set, made from a seed: log-normal lengths, prompts masked. LoRA training of the
// SmolLM2-135M-shaped random model as the app plans it (packed rows, output layer on labelled rows only), against
// transformers' Trainer, which pads each batch to its longest record. Same records in the same order, 8 per update.
// What counts is useful labels per second, with compiling.
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRandom } from '../../main/tokens/random.ts';
import { planUpdates, type UpdatePlan } from '../../main/training/updates.ts';
import { type Bench, jsonOf, jsonOfTraining, median } from './bench.ts';
import { prepareSmol } from './train.ts';

export interface InstructRecord {
  ids: number[];
  /** Tokens at the start that are not learned. */
  prompt: number;
}

export interface InstructMeasurement {
  /** Of the whole training, with compiling and without loading the model. */
  seconds: number;
  /** Labels learned. */
  labels: number;
  /** Mean nats per label of each update. */
  losses: number[];
  peakBytes: number;
}

const recordsPerUpdate = 8;
const updates = 6;
const longest = 1024;

/** Prompts of about 90 and answers of about 60 tokens in the median, with long tails; few tokens are frequent. */
export function instructionSet(seed: number, count: number): InstructRecord[] {
  const random = createRandom(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
  const length = (typical: number, sigma: number) =>
    Math.max(4, Math.round(typical * Math.exp(sigma * normal())));
  const token = () => Math.floor(49_000 ** random.next()) + 100;
  return Array.from({ length: count }, () => {
    const prompt = Math.min(length(90, 1), longest / 2);
    const answer = Math.min(length(60, 1), longest - prompt);
    return { ids: Array.from({ length: prompt + answer }, token), prompt };
  });
}

/** As the app plans a run of a model of this size. */
export function planOf(records: readonly InstructRecord[]): UpdatePlan {
  const options = {
    seed: 1,
    batchSize: recordsPerUpdate,
    epochs: 1,
    packing: true,
    maxLength: longest,
    microBatchTokens: 1024,
  };
  return planUpdates(
    records.map(({ ids }) => ids.length),
    options,
  );
}

/** Records of all updates, one after the other. */
function orderOf(records: readonly InstructRecord[]): number[] {
  const { steps, batchesOf } = planOf(records);
  return Array.from({ length: steps }, (_, step) => batchesOf(step)).flatMap((plans) =>
    plans.flatMap(({ rows }) => rows.flatMap((row) => row.map(({ record }) => record))),
  );
}

export const instruct: Bench = {
  id: 'instruct',
  label: `Instruction set, SmolLM2-135M shape, fp32, LoRA rank 16, ${recordsPerUpdate} records an update`,
  run: async ({ say, rounds, threads }) => {
    const { model, adapter } = await prepareSmol();
    const records = instructionSet(7, recordsPerUpdate * updates);
    const file = join(tmpdir(), 'tunesmith-bench', 'instructions.json');
    writeFileSync(file, JSON.stringify({ records, order: orderOf(records) }));
    const lengths = records.map(({ ids }) => ids.length);
    say(
      `${records.length} records of ${Math.min(...lengths)} to ${Math.max(...lengths)} tokens, median ${median(lengths)}; ` +
        `${lengths.reduce((sum, length) => sum + length, 0)} tokens in all`,
    );
    const python = process.env.TUNESMITH_PYTHON;
    if (python === undefined)
      say('Trainer is not measured: set TUNESMITH_PYTHON to a Python with torch, transformers and peft.');
    const args = [model, adapter, file, String(recordsPerUpdate), String(threads)];
    const here = import.meta.dirname;
    const ours: InstructMeasurement[] = [];
    const theirs: InstructMeasurement[] = [];
    for (let round = 0; round < rounds; round++) {
      ours.push(await jsonOfTraining(join(here, 'measure-instruct.ts'), ...args));
      if (python !== undefined)
        theirs.push(await jsonOf(python, [join(here, 'measure_instruct.py'), ...args]));
    }
    const rates = (runs: InstructMeasurement[]) => runs.map(({ labels, seconds }) => labels / seconds);
    const line = (name: string, runs: InstructMeasurement[]) =>
      say(
        `${name}: ${median(rates(runs)).toFixed(1)} labels/s (${runs[0].labels} labels in ` +
          `${median(runs.map(({ seconds }) => seconds)).toFixed(1)} s), peak ` +
          `${(median(runs.map(({ peakBytes }) => peakBytes)) / 1e9).toFixed(2)} GB, losses ` +
          runs[0].losses.map((loss) => loss.toFixed(4)).join(' '),
      );
    line('Tunesmith', ours);
    if (theirs.length === 0) return;
    line("transformers' Trainer", theirs);
    const [mine, other] = [ours, theirs].map((runs) => runs[0].losses.at(-1) as number);
    say(
      `Ratios: ${(median(rates(ours)) / median(rates(theirs))).toFixed(2)}x the labels/s, last loss ` +
        `${((100 * Math.abs(mine - other)) / other).toFixed(3)} % apart`,
    );
  },
};
