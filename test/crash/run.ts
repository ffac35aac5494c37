// `npm run crash-test -- --kills 20`: trains once without a break, then again and again while the engine process is
// killed with SIGKILL: in the first second, in a step, and in a checkpoint write. Each run is resumed to its end, and
// its loss curve and adapter have to equal those of the run without a break, to the last bit.
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { TrainInput } from '../../main/jobs/job.ts';
import { createRandom } from '../../main/tokens/random.ts';
import { crashSettings, fingerprint, prepareScenario, startEngine } from './scenario.ts';

const { values } = parseArgs({
  options: { kills: { type: 'string', default: '20' }, seed: { type: 'string', default: '1' } },
});
const kills = Number(values.kills);
const random = createRandom(Number(values.seed));
const folder = mkdtempSync(join(tmpdir(), 'tunesmith-crash-'));

type Moment = 'first second' | 'step' | 'checkpoint write';
const moments: readonly Moment[] = ['first second', 'step', 'checkpoint write'];

const scenario = prepareScenario(folder);
const inputOf = (runFolder: string, resume: boolean): TrainInput => ({
  runFolder,
  ...scenario,
  settings: crashSettings,
  lineage: {},
  memoryBytes: 4e9,
  resume,
});

const whole = join(folder, 'whole');
const began = performance.now();
const first = await startEngine(inputOf(whole, false)).ended;
if (first === undefined || !('result' in first))
  throw new Error(`The run without a break failed: ${JSON.stringify(first)}`);
const duration = performance.now() - began;
const expected = fingerprint(whole);
console.log(
  `Without a break: ${(duration / 1000).toFixed(1)} s, ${expected.losses.split('\n').length} points.`,
);

let done = 0;
let runs = 0;
let failed = 0;
const counts = new Map<Moment, number>();
while (done < kills) {
  const runFolder = join(folder, `run-${runs++}`);
  let resume = false;
  for (let inRun = 0; done < kills && inRun < 4; inRun++) {
    const moment = moments[done % moments.length];
    const killed = await killAt(moment, inputOf(runFolder, resume));
    resume = true;
    if (!killed) break; // it was quicker than the kill
    done++;
    counts.set(moment, (counts.get(moment) ?? 0) + 1);
  }
  const end = await startEngine(inputOf(runFolder, resume)).ended;
  const found = end !== undefined && 'result' in end ? fingerprint(runFolder) : undefined;
  const same = found?.losses === expected.losses && found.adapter === expected.adapter;
  if (!same) failed++;
  console.log(
    `run ${runs}: ${done} of ${kills} kills, ${same ? 'equal to the bit' : `DIFFERS (${JSON.stringify(end)})`}`,
  );
  if (!same && found !== undefined) showDifference(found.losses, expected.losses);
  rmSync(runFolder, { recursive: true, force: true });
}
console.log([...counts].map(([moment, count]) => `${count} in the ${moment}`).join(', '));
rmSync(folder, { recursive: true, force: true });
console.log(`${runs - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

/** Runs the engine and kills it at a random moment of the kind; false when it ended before. */
async function killAt(moment: Moment, input: TrainInput): Promise<boolean> {
  const engine = startEngine(input);
  const gone = engine.ended.then(() => 'ended' as const);
  const after = (ms: number) => new Promise<'time'>((resolve) => setTimeout(() => resolve('time'), ms));
  if (moment === 'checkpoint write') {
    const parent = join(input.runFolder, 'checkpoints');
    const writing = (async () => {
      await after(random.next() * duration * 0.4);
      while (!(existsSync(parent) && readdirSync(parent).some((name) => name.endsWith('.tmp'))))
        await after(1);
      return 'time' as const;
    })();
    if ((await Promise.race([writing, gone])) === 'ended') return false;
  } else {
    const wait = moment === 'first second' ? random.next() * 1000 : 500 + random.next() * duration * 0.8;
    if ((await Promise.race([after(wait), gone])) === 'ended') return false;
  }
  engine.kill();
  await gone;
  return true;
}

function showDifference(found: string, wanted: string): void {
  const a = found.split('\n');
  const b = wanted.split('\n');
  const at = b.findIndex((line, i) => line !== a[i]);
  console.log(
    `  first difference at point ${at}: ${a[at]} instead of ${b[at]} (${a.length} of ${b.length} points)`,
  );
}
