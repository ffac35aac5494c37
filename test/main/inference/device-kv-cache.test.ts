// Answers on a device, where weights and cache stay between tokens: against those of the processor. On a software
// driver of WebGPU.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Provider } from '../../../main/compiler/lowering.ts';
import { sizeOf } from '../../../main/compiler/shape.ts';
import { createDecoder } from '../../../main/inference/decoder.ts';
import { createGenerator } from '../../../main/inference/generate.ts';
import { cacheNames, compileDecode } from '../../../main/inference/kv-cache.ts';
import { openTuned } from '../../../main/inference/weights.ts';
import { openModel } from '../../../main/models/load.ts';
import { createSession } from '../../../main/training/session.ts';
import { noWebGpu } from '../../helpers/software-driver.ts';
import { adapterFolder, llamaFolder, scratchModel, temporaryFolder } from '../../helpers/tiny-model.ts';

// a software driver compiles a shader for each shape, which takes most of the time
const slow = { timeout: 400_000 };
const promptOf = (length: number, first = 3) => Array.from({ length }, (_, i) => (i * 37 + first) % 60);

function generatorOn(provider: Provider, folder: string, adapter?: string) {
  const { model, weights } = openTuned(
    openModel(folder),
    adapter === undefined ? null : { kind: 'adapter', folder: adapter },
  );
  const generator = createGenerator({ model, weights, provider, threads: 1 });
  onTestFinished(() => generator.release());
  return generator;
}

describe.skipIf(noWebGpu !== '')(`the cache on the device ${noWebGpu}`, () => {
  test('logits of a prompt in chunks, of single tokens and of a cache that grew', slow, async () => {
    const model = openModel(scratchModel(512));
    const [there, here] = (['webgpu', 'cpu'] as const).map((provider) =>
      createDecoder({ model, provider, threads: 1 }),
    );
    onTestFinished(async () => {
      await there.release();
      await here.release();
    });
    const results = [];
    for (const decoder of [there, here]) {
      let cache = decoder.newCache(1, 128);
      const logits = [(await decoder.prefill(cache, promptOf(70))) as Float32Array];
      for (const i of [0, 1]) logits.push(await decoder.step(cache, Int32Array.of(5), Int32Array.of(70 + i)));
      cache = await decoder.grown(cache, 192);
      logits.push(await decoder.step(cache, Int32Array.of(9), Int32Array.of(72)));
      results.push(logits.map((row) => row.slice()));
    }
    const [device, processor] = results;
    for (const [i, row] of device.entries()) {
      const largest = Math.max(...row.map((x, k) => Math.abs(x - processor[i][k])));
      expect(largest).toBeLessThan(1e-4);
    }
  });

  test(
    'answers of an adapter, one after the other with the same beginning and several at once',
    slow,
    async () => {
      const options = { maxNewTokens: 6, temperature: 0, eosIds: [] };
      const prompts = [promptOf(70), promptOf(5, 11), promptOf(9, 23)];
      const answersOn = async (provider: Provider) => {
        const generator = generatorOn(provider, llamaFolder, adapterFolder);
        const first = await generator.generate({ promptIds: prompts[0], options });
        const again = await generator.generate({ promptIds: [...prompts[0], 7], options });
        const together = await generator.generateBatch(prompts, { ...options, rows: 2 });
        return [first, again, ...together].map(({ ids }) => ids);
      };
      const there = await answersOn('webgpu');
      expect(there).toEqual(await answersOn('cpu'));
      expect(there[2]).toEqual(there[0]);
    },
  );

  test('no node of a token falls back to the processor', slow, async () => {
    const model = openModel(scratchModel(64));
    const widened = new Set(model.specs.map(({ name }) => name).filter((name) => model.tensors.has(name)));
    const program = compileDecode(
      { rows: 2, tokens: 1, places: 128, positions: 64, whole: 128 },
      { model, pages: [], sites: [], widened, provider: 'webgpu' },
    );
    const folder = temporaryFolder();
    const session = await createSession(program, {
      threads: 1,
      keep: cacheNames(model.shape).map((name) => `${name}.next`),
      profile: join(folder, 'token'),
    });
    const feeds = Object.fromEntries(
      [...program.inputs].map(([name, { shape, dtype }]) => [
        name,
        dtype === 'int32' ? new Int32Array(sizeOf(shape)) : new Float32Array(sizeOf(shape)),
      ]),
    );
    const { kept, numbers } = await session.runKeeping({ ...feeds, past: Int32Array.of(3, 5) });
    expect(Object.keys(numbers)).toEqual(['logits']);
    for (const array of Object.values(kept)) array.dispose();
    session.endProfiling();
    await session.release();
    const events = readdirSync(folder).flatMap(
      (file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as ProfileEvent[],
    );
    const nodes = events.flatMap(({ cat, args }) => (cat === 'Node' && args?.provider ? [args] : []));
    expect(nodes.length).toBeGreaterThan(30);
    expect(nodes.filter(({ provider }) => provider !== 'WebGpuExecutionProvider')).toEqual([]);
  });
});

interface ProfileEvent {
  cat: string;
  args?: { provider?: string; op_name?: string };
}
