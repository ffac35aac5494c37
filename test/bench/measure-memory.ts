// Trains two steps in a process of its own and prints its peak memory as JSON. Argument: one case as JSON (memory.ts).
import { openModel } from '../../main/models/load.ts';
import { trainerOptionsOf } from '../../main/training/recipe.ts';
import { createTrainer } from '../../main/training/trainer.ts';
import { batchOf, type MemoryCase, settingsOf } from './memory.ts';

const given = JSON.parse(process.argv[2]) as MemoryCase & { folder: string; threads: number };
const model = openModel(given.folder);
const options = trainerOptionsOf(settingsOf(given, model, given.threads), model);
/** Largest resident size so far: with the model opened, the trainer made, and after each pass and update. */
const marks: number[] = [];
const mark = () => marks.push(process.resourceUsage().maxRSS * 1024);
mark();
const trainer = await createTrainer(options);
const batch = batchOf(given, model);
mark();
const losses: number[] = [];
for (let step = 0; step < 2; step++) {
  const { lossSum, weight } = await trainer.accumulate(batch);
  losses.push(lossSum / weight);
  mark();
  await trainer.update(1e-4);
  mark();
}
console.log(JSON.stringify({ peakBytes: marks[marks.length - 1], marks, losses }));
