// What happens below a run while it trains: the disk fills up in the middle of a checkpoint, or the folder of the model is
// deleted. Through the train job with a tiny model and onnxruntime.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, type TestContext } from 'vitest';
import type { TrainSettings } from '../../../main/contract/runs.ts';
import type { JobContext, TrainInput } from '../../../main/jobs/job.ts';
import { train } from '../../../main/jobs/train.ts';
import { openLog } from '../../../main/log.ts';
import { newestCheckpoint } from '../../../main/training/checkpoint.ts';
import { crashSettings, prepareScenario } from '../../crash/scenario.ts';

let folder = '';
let scenario: ReturnType<typeof prepareScenario>;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tunesmith hard disks '));
  openLog(join(folder, 'log.txt'));
  scenario = prepareScenario(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const settings: TrainSettings = { ...crashSettings, epochs: 1, threads: 1, checkpointEvery: 2 };

interface Listeners {
  onCheckpoint?(step: number): void;
  onSentence?(sentence: string): void;
}

/** Runs the job in this process; what it emits is heard at once. */
function run(runFolder: string, changes: Partial<TrainInput>, listeners: Listeners) {
  mkdirSync(runFolder, { recursive: true });
  const context: JobContext<'train'> = {
    progress: () => {},
    emit: (event, payload) => {
      if (event === 'message') listeners.onSentence?.((payload as { sentence: string }).sentence);
      if (event === 'checkpoint') listeners.onCheckpoint?.((payload as { step: number }).step);
    },
    signal: new AbortController().signal,
    unlessPaused: async () => {},
    answer: async () => {},
  };
  const input = {
    runFolder,
    ...scenario,
    settings,
    lineage: {},
    memoryBytes: 4e9,
    resume: false,
    ...changes,
  };
  return train.run(input, context);
}

/** A small file system in memory, or a skipped test with the reason. */
function smallDisk(context: TestContext, name: string, options: string): string {
  const mounted = join(folder, name);
  mkdirSync(mounted);
  if (process.platform !== 'linux') context.skip('a small file system is made on Linux only');
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', mounted], { stdio: 'pipe' });
  } catch (thrown) {
    context.skip(`no small file system can be mounted here: ${String(thrown).split('\n')[1] ?? ''}`);
  }
  onTestFinished(() => {
    execFileSync('umount', [mounted]);
  });
  return mounted;
}

const lossesOf = (runFolder: string) =>
  readFileSync(join(runFolder, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { step: number; loss: number; gradNorm?: number })
    .filter(({ gradNorm }) => gradNorm !== undefined)
    .map(({ step, loss }) => `${step} ${loss}`);

describe('a full disk', () => {
  /** Writes files until nothing more fits, and gives back the last `spare` of them. */
  function fill(disk: string, bytes: number, spare: number): () => void {
    const filler = join(disk, 'filler');
    mkdirSync(filler);
    let count = 0;
    try {
      for (; ; count++) writeFileSync(join(filler, `${count}`), Buffer.alloc(bytes));
    } catch {
      for (let i = 0; i <= spare; i++) rmSync(join(filler, `${count - i}`), { force: true });
    }
    return () => rmSync(filler, { recursive: true });
  }

  it.for([
    // room for bytes, but for three names only: the temporary folder, the adapter, and its configuration
    { where: 'in the middle of a checkpoint', options: 'size=40m,nr_inodes=60', bytes: 0, spare: 3 },
    { where: 'before a checkpoint and its curves', options: 'size=8m', bytes: 4096, spare: 0 },
  ])('$where makes the run wait, and nothing is lost', async ({ where, options, bytes, spare }, context) => {
    const disk = smallDisk(context, `disk ${bytes}`, options);
    const runFolder = join(disk, 'run');
    let free: (() => void) | undefined;
    const waits: string[] = [];
    const result = await run(
      runFolder,
      {},
      {
        onCheckpoint: () => {
          free ??= fill(disk, bytes, spare);
        },
        onSentence: (sentence) => {
          if (!sentence.endsWith('The run waits.')) return;
          waits.push(sentence);
          expect(newestCheckpoint(runFolder)).toMatchObject({ found: { step: 2 }, damaged: [] });
          expect(readdirSync(join(runFolder, 'checkpoints'))).toEqual(['00000002']);
          free?.();
        },
      },
    );
    expect(waits).toHaveLength(1);
    expect(waits[0]).toMatch(
      /^A checkpoint needs \d+ MB, but the disk has \d+ MB free\. Earlier checkpoints are safe\./,
    );
    expect(result).toMatchObject({ step: 10, stopped: false });
    const untouched = join(folder, `untouched ${where}`);
    await run(untouched, {}, {});
    expect(lossesOf(runFolder)).toEqual(lossesOf(untouched));
  });
});

describe('a model folder that is deleted while a run trains', () => {
  const deleted = async (name: string, changes: Partial<TrainSettings>) => {
    const modelFolder = join(folder, `${name} model`);
    cpSync(scenario.modelFolder, modelFolder, { recursive: true });
    const runFolder = join(folder, name);
    const input = { modelFolder, settings: { ...settings, ...changes } };
    const outcome = await run(runFolder, input, {
      onCheckpoint: () => rmSync(modelFolder, { recursive: true, force: true }),
    }).catch((thrown: unknown) => thrown);
    const again = async () => {
      cpSync(scenario.modelFolder, modelFolder, { recursive: true });
      return run(runFolder, { ...input, resume: true }, {});
    };
    return { outcome, runFolder, again };
  };

  it('ends it with a sentence where the files are needed, and it goes on once they are back', async () => {
    const { outcome, runFolder, again } = await deleted('full', { method: 'full', lastLayers: 1 });
    expect(outcome).toMatchObject({
      code: 'model-gone',
      message:
        'config.json of "full model" is no longer there, so the run could not go on. Its checkpoints are safe.',
      remedy: 'Put the folder of the model back, then go on from the last checkpoint.',
    });
    expect(newestCheckpoint(runFolder)).toMatchObject({ found: { step: 2 }, damaged: [] });
    expect(readdirSync(join(runFolder, 'checkpoints'))).toEqual(['00000002']);
    expect(await again()).toMatchObject({ step: 10, stopped: false });
  });

  it('at the start of a run is told as a folder that is no model', async () => {
    const gone = run(join(folder, 'gone'), { modelFolder: join(folder, 'nothing here') }, {});
    await expect(gone).rejects.toMatchObject({ code: 'model-incomplete' });
  });
});
