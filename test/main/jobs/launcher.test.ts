// Engine processes as they are started for real: what they print, and what becomes of one whose backend is gone.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { FromEngine } from '../../../main/jobs/job.ts';
import { createLauncher, engineGone, forkWithNode } from '../../../main/jobs/launcher.ts';
import { root, temporaryFolder } from '../../helpers/home.ts';

const launch = createLauncher({
  engineFile: join(root, 'main', 'engine.ts'),
  fork: forkWithNode(process.execPath),
});

test('an interactive engine says when it is ready, answers in order of finishing, and ends when it is stopped', async () => {
  const frames: FromEngine[] = [];
  const engine = launch('inspect', {}, { logFile: null, onFrame: (frame) => frames.push(frame) });
  const answered = async (askId: number) => {
    const found = () => frames.find((frame) => frame.type === 'reply' && frame.askId === askId);
    while (!found()) await new Promise((turn) => setTimeout(turn, 10));
    return found();
  };
  engine.send({
    type: 'ask',
    askId: 1,
    question: 'model',
    request: { folder: join(root, 'test', 'reference', 'llama') },
  });
  engine.send({ type: 'ask', askId: 2, question: 'no such question', request: {} });
  expect(await answered(1)).toMatchObject({ ok: true, output: { architecture: 'llama' } });
  expect(await answered(2)).toMatchObject({
    ok: false,
    error: { message: expect.stringContaining('no such question') },
  });
  expect(frames[0]).toEqual({ type: 'ready' });
  engine.stop(5000);
  expect(await engine.exited).toMatchObject({ code: 0, killed: false });
});

test('an engine whose backend was killed ends by itself', async () => {
  // A stand-in for the backend: starts an engine, tells its process id, and waits to be killed.
  const program = `
    import { createLauncher, forkWithNode } from ${JSON.stringify(join(root, 'main', 'jobs', 'launcher.ts'))};
    const launch = createLauncher({ engineFile: ${JSON.stringify(join(root, 'main', 'engine.ts'))}, fork: forkWithNode(process.execPath) });
    const engine = launch('inspect', {}, { logFile: null, onFrame: (frame) => frame.type === 'ready' && console.log(engine.pid) });
  `;
  const backend = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const enginePid = await new Promise<number>((resolve) =>
    backend.stdout.on('data', (text) => resolve(Number(text))),
  );
  expect(() => process.kill(enginePid, 0)).not.toThrow();
  backend.kill('SIGKILL');
  await engineGone(enginePid);
  expect(() => process.kill(enginePid, 0)).toThrow();
});

test('what a process prints is kept for the error and written to its log', async () => {
  const { folder, remove } = temporaryFolder('log.txt');
  const printing = createLauncher({
    engineFile: join(root, 'test', 'helpers', 'test-engine.ts'),
    fork: forkWithNode(process.execPath),
  });
  const engine = printing(
    'train',
    { print: 'native library says no\n', exit: 4 },
    { logFile: folder, onFrame() {} },
  );
  expect(await engine.exited).toMatchObject({ code: 4, printed: 'native library says no\n' });
  await new Promise((wait) => setTimeout(wait, 50)); // the stream is closed a moment later
  expect(readFileSync(folder, 'utf8')).toBe('native library says no\n');
  remove();
});
