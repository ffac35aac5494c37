// The loop over a trainer that only counts: sums and counts of the loss, the last partial window, when
// it validates and saves, and how it stops.
import { describe, expect, test } from 'vitest';
import { type LoopOptions, runLoop, type StepReport } from '../../../main/training/loop.ts';
import type { BatchArrays, Trainer } from '../../../main/training/trainer.ts';

/** A batch with `labels` labels; the loss of each is `loss`. */
interface FakeBatch extends BatchArrays {
  loss: number;
}

function batchOf(labels: number, loss = 1): FakeBatch {
  const ids = new Int32Array(4);
  return {
    rows: 1,
    width: 4,
    inputIds: ids,
    positionIds: ids,
    tokens: 3,
    labelRows: new Int32Array(labels),
    labels: new Int32Array(labels),
    weights: new Float32Array(labels).fill(1),
    loss,
  };
}

interface Log {
  calls: string[];
  reports: StepReport[];
}

/** Runs with a fake trainer; everything that is called is logged in order. */
async function looped(
  options: Partial<LoopOptions> & { start?: number; norm?: number } = {},
): Promise<Log & { stopped: boolean }> {
  const log: Log = { calls: [], reports: [] };
  const trainer = {
    updates: options.start ?? 0,
    accumulate: async (batch: FakeBatch) => {
      log.calls.push('accumulate');
      return { lossSum: batch.loss * batch.labels.length, weight: batch.labels.length };
    },
    update: async (rate: number) => {
      trainer.updates++;
      log.calls.push(`update ${rate}`);
      return { gradNorm: options.norm ?? 1 };
    },
    download: async () => {},
    discard: () => void log.calls.push('discard'),
    randomState: () => 'drawn before the step',
    restoreRandom: (state: unknown) => void log.calls.push(`random ${state}`),
  };
  const result = await runLoop({
    trainer: trainer as unknown as Trainer,
    totalSteps: 4,
    batchesOf: () => [batchOf(2)],
    learningRateOf: (step) => step / 10,
    onStep: (report) => log.reports.push(report),
    validateEvery: 0,
    validate: async () => ({ improved: false, stop: false }),
    saveEvery: 0,
    save: async (step, best) => {
      log.calls.push(`save ${step}${best ? ' best' : ''}`);
    },
    signal: new AbortController().signal,
    unlessPaused: async () => {},
    ...options,
  });
  return { ...log, ...result };
}

const saves = ({ calls }: Log) => calls.filter((call) => call.startsWith('save'));

describe('the loss of a step', () => {
  test('weighs tokens, not micro-batches (C01): 10 labels at 2.0 and 100 at 1.0 are 1.0909', async () => {
    const { reports } = await looped({ totalSteps: 1, batchesOf: () => [batchOf(10, 2), batchOf(100, 1)] });
    expect(reports[0].loss).toBeCloseTo(120 / 110, 12);
    expect(reports[0].labels).toBe(110);
  });

  test('is reported with the rate of its place in the schedule and the tokens without padding', async () => {
    const { reports, calls } = await looped();
    expect(reports.map(({ step, learningRate }) => [step, learningRate])).toEqual([
      [1, 0],
      [2, 0.1],
      [3, 0.2],
      [4, 0.3],
    ]);
    expect(calls.filter((call) => call.startsWith('update'))).toEqual([
      'update 0',
      'update 0.1',
      'update 0.2',
      'update 0.3',
    ]);
    expect(reports[0].tokens).toBe(3);
  });

  test('the last window may hold fewer records (C02): ten in windows of four are three updates', async () => {
    const records = Array.from({ length: 10 }, (_, i) => batchOf(i + 1, i));
    const { reports, calls } = await looped({
      totalSteps: 3,
      batchesOf: (step) => records.slice(4 * step, 4 * step + 4),
    });
    expect(calls.filter((call) => call === 'accumulate')).toHaveLength(10);
    expect(reports).toHaveLength(3);
    // records 8 and 9 with 9 and 10 labels: by their own tokens
    expect(reports[2].loss).toBeCloseTo((8 * 9 + 9 * 10) / 19, 12);
  });
});

describe('validation and checkpoints', () => {
  test('come at their intervals, and both after the last update', async () => {
    const validated: number[] = [];
    const log = await looped({
      totalSteps: 5,
      validateEvery: 2,
      saveEvery: 3,
      validate: async (step) => {
        validated.push(step);
        return { improved: false, stop: false };
      },
    });
    expect(validated).toEqual([2, 4, 5]);
    expect(saves(log)).toEqual(['save 3', 'save 5']);
  });

  test('a better model is saved at once, marked as the best, and not saved again at the end', async () => {
    const log = await looped({
      validateEvery: 2,
      validate: async (step) => ({ improved: step === 4, stop: false }),
    });
    expect(saves(log)).toEqual(['save 4 best']);
  });

  test('validation can stop the run early', async () => {
    const log = await looped({
      validateEvery: 1,
      validate: async (step) => ({ improved: false, stop: step === 2 }),
    });
    expect(log.reports).toHaveLength(2);
    expect(saves(log)).toEqual(['save 2']);
    expect(log.stopped).toBe(false);
  });
});

describe('stopping and going on', () => {
  test('a stop ends after the step in hand, and saves', async () => {
    const stop = new AbortController();
    const log = await looped({
      signal: stop.signal,
      onStep: ({ step }) => {
        if (step === 2) stop.abort();
      },
    });
    expect(log.stopped).toBe(true);
    expect(log.calls.filter((call) => call.startsWith('update'))).toHaveLength(2);
    expect(saves(log)).toEqual(['save 2']);
  });

  test('a stop ends also a run that is to be paused, and saves', async () => {
    const stopping = new AbortController();
    const { calls, stopped } = await looped({
      signal: stopping.signal,
      onStep: () => stopping.abort(),
      unlessPaused: () => (stopping.signal.aborted ? new Promise(() => {}) : Promise.resolve()), // pause came after stop
    });
    expect(calls).toEqual(['accumulate', 'update 0', 'save 1']);
    expect(stopped).toBe(true);
  });

  test('a stop between the micro-batches of an update leaves it out, with what was drawn for it', async () => {
    const stopping = new AbortController();
    let batches = 0;
    const counting = (): FakeBatch => {
      const batch = batchOf(2);
      Object.defineProperty(batch, 'tokens', {
        get: () => {
          if (++batches === 4) stopping.abort();
          return 3;
        },
      });
      return batch;
    };
    const { calls, stopped, reports } = await looped({
      signal: stopping.signal,
      batchesOf: () => [counting(), counting(), counting()],
    });
    expect(reports).toHaveLength(1);
    expect(calls.slice(4)).toEqual(['accumulate', 'discard', 'random drawn before the step', 'save 1']);
    expect(stopped).toBe(true);
  });

  test('a run that goes on asks for the batches and rates of its place', async () => {
    const asked: number[] = [];
    const log = await looped({
      start: 2,
      batchesOf: (step) => {
        asked.push(step);
        return [batchOf(1)];
      },
    });
    expect(asked).toEqual([2, 3]);
    expect(log.reports.map(({ step, learningRate }) => [step, learningRate])).toEqual([
      [3, 0.2],
      [4, 0.3],
    ]);
  });

  test('a finished run does nothing, and saves nothing', async () => {
    expect(await looped({ start: 4 })).toMatchObject({ calls: [], reports: [], stopped: false });
  });

  test('a pause holds the run before the next step', async () => {
    let release = () => {};
    const paused = new Promise<void>((resolve) => {
      release = resolve;
    });
    let steps = 0;
    const running = looped({
      onStep: () => {
        steps++;
      },
      unlessPaused: () => (steps === 2 ? paused : Promise.resolve()),
    });
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(steps).toBe(2);
    release();
    await running;
    expect(steps).toBe(4);
  });

  test('the event loop breathes between micro-batches', async () => {
    let ticks = 0;
    let running = true;
    const tick = () => {
      ticks++;
      if (running) setImmediate(tick);
    };
    setImmediate(tick);
    await looped({ totalSteps: 3, batchesOf: () => [batchOf(1), batchOf(1)] });
    running = false;
    expect(ticks).toBeGreaterThanOrEqual(9);
  });
});

describe('a loss that is not a number', () => {
  test.each([
    ['the loss', { batchesOf: () => [batchOf(1, Number.NaN)] }],
    ['the gradient norm', { norm: Number.POSITIVE_INFINITY }],
  ])('%s ends the run with the step and the rate', async (_, options) => {
    await expect(looped({ learningRateOf: () => 0.5, ...options })).rejects.toMatchObject({
      code: 'diverged',
      message: expect.stringMatching(/Since step 1 .* 5\.0e-1/),
      remedy: expect.stringContaining('last checkpoint'),
    });
  });

  test('nothing is saved after it', async () => {
    const calls: string[] = [];
    const save = async (step: number) => {
      calls.push(`save ${step}`);
    };
    const batchesOf = (step: number) => [batchOf(1, step === 2 ? Number.NaN : 1)];
    await expect(looped({ batchesOf, save, saveEvery: 1 })).rejects.toThrow();
    expect(calls).toEqual(['save 1', 'save 2']);
  });
});
