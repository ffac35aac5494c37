// An engine process for tests of the queue and the launcher: does what its input says, over the real channel.
// Understands `frames` (sent at once), `crash`, `exit`, `hang` and `stopResult` (the result after a stop frame).
import type { FromEngine, ToEngine } from '../../main/jobs/job.ts';

interface Script {
  frames?: FromEngine[];
  print?: string;
  crash?: boolean;
  exit?: number;
  hang?: boolean;
  result?: unknown;
  stopResult?: unknown;
}

const send = (frame: FromEngine): void => void process.send?.(frame);
const finish = (frame: FromEngine): void => {
  process.send?.(frame, undefined, undefined, () => process.exit(0));
};
let script: Script = {};

process.on('message', (frame: ToEngine) => {
  if (frame.type === 'start') start(frame.input as Script);
  else if (frame.type === 'stop' && 'stopResult' in script)
    finish({ type: 'done', result: script.stopResult });
  else if (frame.type === 'pause') send({ type: 'paused', paused: true });
  else if (frame.type === 'resume') send({ type: 'paused', paused: false });
  else if (frame.type === 'ask') answer(frame.askId, frame.question, frame.request);
});
process.on('disconnect', () => process.exit(0));

function start(given: Script): void {
  script = given;
  for (const frame of script.frames ?? []) send(frame);
  if (script.print) process.stderr.write(script.print);
  if (script.crash) setTimeout(() => process.kill(process.pid, 'SIGKILL'), 50);
  else if (script.exit !== undefined) setTimeout(() => process.exit(script.exit), 50);
  else if (!script.hang) finish({ type: 'done', result: script.result ?? null });
}

function answer(askId: number, question: string, request: unknown): void {
  if (question === 'die') process.exit(3);
  else if (question === 'refuse')
    send({
      type: 'reply',
      askId,
      ok: false,
      error: { code: 'refused', message: 'No.', remedy: 'Ask otherwise.' },
    });
  else send({ type: 'reply', askId, ok: true, output: { question, request, pid: process.pid } });
}
