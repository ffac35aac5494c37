// tunesmith run ...: pausing, stopping and taking away runs, also those that a window or another command line of this
// computer has at work.
import { setTimeout as wait } from 'node:timers/promises';
import type { Run } from '../contract/runs.ts';
import { AppError } from '../errors.ts';
import type { Command, Context } from './command.ts';
import { findRun } from './run.ts';

const pauseWithinMs = 60_000;
/** A little more than a training has to save its checkpoint. */
const stopWithinMs = 130_000;
const lookEveryMs = 200;
const atWork: readonly Run['state'][] = ['queued', 'compiling', 'running', 'paused', 'stopping'];

export const runControlCommands: Command[] = [
  {
    name: 'run pause',
    summary: 'Pauses a run that is at work in a window or another command line; "run resume" goes on.',
    arguments: ['<project>', '<run>'],
    options: {},
    optionHelp: {},
    async run(context) {
      const ref = await refOf(context);
      await context.call('runs.pause', ref);
      const run = await until(context, ref, pauseWithinMs, ({ state }) => state === 'paused');
      if (run.state !== 'paused')
        throw new AppError(
          'run-not-paused',
          `Run ${run.number} was asked to pause, and is ${run.state}.`,
          `Look again in a while: tunesmith run show <project> ${run.number}`,
        );
      return { json: run, text: `Run ${run.number} is paused at step ${run.step} of ${run.steps}.` };
    },
  },
  {
    name: 'run stop',
    summary: 'Ends a run that is at work in a window or another command line, and keeps what it learned.',
    arguments: ['<project>', '<run>'],
    options: {},
    optionHelp: {},
    async run(context) {
      const ref = await refOf(context);
      await context.call('runs.stop', ref);
      const run = await until(context, ref, stopWithinMs, ({ state }) => !atWork.includes(state));
      if (atWork.includes(run.state))
        throw new AppError(
          'run-not-stopped',
          `Run ${run.number} was asked to stop, and is ${run.state}.`,
          `Look again in a while: tunesmith run show <project> ${run.number}`,
        );
      const kept =
        run.checkpointStep === null ? 'No checkpoint was saved.' : `Step ${run.checkpointStep} is kept.`;
      return {
        json: run,
        text: `Run ${run.number} is ${run.state} at step ${run.step} of ${run.steps}. ${kept}`,
      };
    },
  },
  {
    name: 'run delete',
    summary: 'Moves a run to the trash, which is emptied after 30 days.',
    arguments: ['<project>', '<run>'],
    options: {},
    optionHelp: {},
    async run(context) {
      const ref = await refOf(context);
      const run = await context.call('runs.get', ref);
      await context.call('runs.delete', ref);
      const undo = `tunesmith run restore <project> ${run.number}`;
      return { json: { deleted: run.id }, text: `Run ${run.number} is in the trash. To undo it: ${undo}` };
    },
  },
  {
    name: 'run restore',
    summary: 'Brings back a run from the trash.',
    arguments: ['<project>', '<run>'],
    options: {},
    optionHelp: {},
    async run({ call, positionals: [given, wanted], project }) {
      const { id: projectId } = await project(given);
      const trash = await call('runs.list', { projectId, trash: true });
      const run = trash.find((one) => String(one.number) === wanted || one.id === wanted);
      if (!run)
        throw new AppError(
          'run-unknown',
          `The trash holds no run ${wanted}.`,
          trash.length === 0 ? '' : `It holds ${trash.map(({ number }) => number).join(', ')}.`,
        );
      const restored = await call('runs.restore', { projectId, runId: run.id });
      return { json: restored, text: `Run ${restored.number}, "${restored.name}", is back.` };
    },
  },
];

interface RunRef {
  projectId: string;
  runId: string;
}

async function refOf(context: Context): Promise<RunRef> {
  const { id: projectId } = await context.project(context.positionals[0]);
  const run = await findRun(context, projectId, context.positionals[1]);
  return { projectId, runId: run.id };
}

/** The run once it is as wanted, or has ended, or the time is over. */
async function until(
  { call }: Context,
  ref: RunRef,
  withinMs: number,
  reached: (run: Run) => boolean,
): Promise<Run> {
  const end = Date.now() + withinMs;
  for (;;) {
    const run = await call('runs.get', ref);
    if (reached(run) || !atWork.includes(run.state) || Date.now() > end) return run;
    await wait(lookEveryMs);
  }
}
