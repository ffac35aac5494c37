// Memory as it is shown: what several sessions map of the same weights counts once.
import { closeSync, ftruncateSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Graph } from '../../../main/compiler/graph.ts';
import { lower } from '../../../main/compiler/lowering.ts';
import { processMemory } from '../../../main/training/process-memory.ts';
import { createSession } from '../../../main/training/session.ts';
import { temporaryFolder } from '../../helpers/tiny-model.ts';

test.skipIf(process.platform !== 'linux')('weights that three sessions read are counted once', async () => {
  const folder = temporaryFolder();
  const size = 4096;
  const bytes = size * size * 4; // 67 MB
  const descriptor = openSync(join(folder, 'weights.bin'), 'w');
  ftruncateSync(descriptor, bytes);
  closeSync(descriptor);
  const read = async () => {
    const g = new Graph();
    const weight = g.weight('w', [size, size], 'float32', 'weights.bin', 0, bytes);
    g.output('y', g.gemm(g.input('x', [1, size]), weight, { transB: true }));
    const session = await createSession(lower(g, 'cpu'), { weightsFolder: folder, threads: 1 });
    onTestFinished(() => session.release());
    await session.run({ x: new Float32Array(size) });
  };
  await read();
  const [before, resident] = [processMemory(), process.memoryUsage.rss()];
  await read();
  await read();
  const after = processMemory();
  expect(process.memoryUsage.rss() - resident).toBeGreaterThan(1.8 * bytes);
  expect(after.bytes - before.bytes).toBeLessThan(0.5 * bytes);
  expect(after.peakBytes).toBeGreaterThanOrEqual(after.bytes);
  expect(after.peakBytes - before.peakBytes).toBeLessThan(0.5 * bytes);
});
