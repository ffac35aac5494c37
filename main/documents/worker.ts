// A thread that reads one file after the other and writes their parts. Entry of `pool.ts`; it knows no job
// and no time limit. A file that takes the thread down takes nothing else with it.
import { readFileSync, statSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { AppError, assert, toErrorShape } from '../errors.ts';
import { holdLimit } from './limits.ts';
import { createPartsWriter } from './parts.ts';
import type { ReadAnswer, ReadTask } from './pool.ts';
import { readSource } from './read.ts';

assert(parentPort !== null, 'worker.ts runs in a worker thread');
const port = parentPort;

port.on('message', (task: ReadTask) => {
  void read(task).then((answer) => port.postMessage(answer));
});

async function read(task: ReadTask): Promise<ReadAnswer> {
  try {
    // Before reading, so that a file beyond every limit is never loaded.
    holdLimit(task.name, sizeOf(task), task.limits.fileBytes, 'bytes');
    const file = { name: task.name, bytes: readFileSync(task.path) };
    const writer = createPartsWriter(task.partsFile);
    try {
      const summary = await readSource(file, task.options, (part) => writer.add(part), task.limits);
      writer.finish();
      return { ok: true, summary };
    } catch (thrown) {
      writer.discard();
      throw thrown;
    }
  } catch (thrown) {
    return { ok: false, error: toErrorShape(thrown) };
  }
}

function sizeOf(task: ReadTask): number {
  const found = statSync(task.path, { throwIfNoEntry: false });
  if (found?.isFile()) return found.size;
  throw new AppError(
    'file-missing',
    `"${task.name}" is not in its folder any more.`,
    'Find the file and import it again, or remove it from the list.',
  );
}
