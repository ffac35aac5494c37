// A warm process that answers questions: over a real child process.
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { type Interactive, openInteractive } from '../../../main/jobs/interactive.ts';
import { createLauncher, forkWithNode } from '../../../main/jobs/launcher.ts';

const engineFile = join(import.meta.dirname, '..', '..', 'helpers', 'test-engine.ts');
const launch = createLauncher({ engineFile, fork: forkWithNode(process.execPath) });
let opened: Interactive | undefined;
const openOne = (idleMs = 60_000): Interactive => {
  opened = openInteractive({
    launch,
    kind: 'inspect',
    input: { hang: true, stopResult: null },
    idleMs,
    logFile: null,
    name: 'the test',
  });
  return opened;
};
interface Answer {
  question: string;
  request: unknown;
  pid: number;
}

afterEach(() => opened?.close());

test('questions asked together are answered by one process', async () => {
  const engine = openOne();
  const answers = await Promise.all([
    engine.ask<Answer>('one', { n: 1 }),
    engine.ask<Answer>('two', { n: 2 }),
  ]);
  expect(answers.map(({ question, request }) => [question, request])).toEqual([
    ['one', { n: 1 }],
    ['two', { n: 2 }],
  ]);
  expect(answers[0].pid).toBe(answers[1].pid);
});

test('a refusal arrives as the error that the engine gave', async () => {
  await expect(openOne().ask('refuse', {})).rejects.toMatchObject({ code: 'refused', message: 'No.' });
});

test('a crash fails the question under way, and the next question gets a new process', async () => {
  const engine = openOne();
  const before = await engine.ask<Answer>('one', {});
  await expect(engine.ask('die', {})).rejects.toMatchObject({ code: 'engine-crashed' });
  const after = await engine.ask<Answer>('one', {});
  expect(after.pid).not.toBe(before.pid);
});

test('an idle process ends, and the next question starts another', async () => {
  const engine = openOne(50);
  const before = await engine.ask<Answer>('one', {});
  await new Promise((wait) => setTimeout(wait, 400));
  expect(() => process.kill(before.pid, 0)).toThrow();
  expect((await engine.ask<Answer>('two', {})).pid).not.toBe(before.pid);
});

test('a question is cancelled where its signal is aborted before it is asked or meanwhile, not after its answer', async () => {
  const sent: string[] = [];
  const engine = openInteractive({
    launch: (...given) => {
      const started = launch(...given);
      const send: typeof started.send = (frame) => {
        sent.push(frame.type);
        started.send(frame);
      };
      return { ...started, send };
    },
    kind: 'inspect',
    input: { hang: true, stopResult: null },
    idleMs: 60_000,
    logFile: null,
    name: 'the test',
  });
  opened = engine;
  await engine.ask('one', {}, AbortSignal.abort());
  const stop = new AbortController();
  await engine.ask('two', {}, stop.signal);
  stop.abort();
  const later = new AbortController();
  const third = engine.ask('three', {}, later.signal);
  later.abort();
  await third;
  expect(sent).toEqual(['ask', 'cancel-ask', 'ask', 'ask', 'cancel-ask']);
});
