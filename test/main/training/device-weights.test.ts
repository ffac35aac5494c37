// Weights on a device that all users of a model share. On a software driver of WebGPU.
import { describe, expect, test } from 'vitest';
import { openModel } from '../../../main/models/load.ts';
import { frozenTypes, weightsOnDevice } from '../../../main/training/device-weights.ts';
import type { Page } from '../../../main/training/parameters.ts';
import { noWebGpu } from '../../helpers/software-driver.ts';
import { scratchModel } from '../../helpers/tiny-model.ts';

const norm = 'model.norm.weight';

test('frozen weights are what is not trained, in float32 or, for products of halves, as they are stored', () => {
  const model = openModel(scratchModel(64));
  const all = frozenTypes(model, [], 'fp32');
  expect(all.get(norm)).toBe('float32');
  expect(all.size).toBe(model.tensors.size);
  const page: Page = {
    index: 0,
    size: 16,
    decay: false,
    rate: 1,
    matrix: undefined,
    entries: [{ name: norm, shape: [16] }] as never,
  };
  expect(frozenTypes(model, [page], 'fp32').has(norm)).toBe(false);
  const halves = new Map(
    [...model.tensors].map(([name, info]) => [name, { ...info, dtype: 'float16' as const }]),
  );
  expect(frozenTypes({ ...model, tensors: halves }, [], 'fp32').get(norm)).toBe('float32');
  expect(frozenTypes({ ...model, tensors: halves }, [], 'fp16').get(norm)).toBe('float16');
});

describe.skipIf(noWebGpu !== '')(`weights on the device ${noWebGpu}`, () => {
  test('are the same arrays for all that read a model, until the last of them is done', async () => {
    const model = openModel(scratchModel(64));
    const types = new Map([[norm, 'float32' as const]]);
    const [one, other] = [
      weightsOnDevice(model, 'webgpu'),
      weightsOnDevice(openModel(model.folder), 'webgpu'),
    ];
    const first = (await one.feeds(types))[`w:${norm}`];
    expect((await other.feeds(types))[`w:${norm}`]).toBe(first);
    await one.release();
    const again = weightsOnDevice(model, 'webgpu');
    expect((await again.feeds(types))[`w:${norm}`]).toBe(first);
    await other.release();
    await again.release();
    const anew = weightsOnDevice(model, 'webgpu');
    expect((await anew.feeds(types))[`w:${norm}`]).not.toBe(first);
    await anew.release();
  });
});
