// Which devices may train: the processor always, others only after a check that passed with this driver and
// this ONNX Runtime.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Verdict } from '../../../main/contract/devices.ts';
import {
  checkBeforeRun,
  describeDevices,
  factsOf,
  keepVerdict,
  requireDevice,
  startCheck,
  usableProvider,
} from '../../../main/handlers/devices.ts';
import type { Services } from '../../../main/handlers/services.ts';
import type { JobRequest, QueuedJob } from '../../../main/jobs/queue.ts';
import { openStore, type Store } from '../../../main/store/index.ts';
import { temporaryFolder } from '../../helpers/home.ts';

const driverBefore = process.env.VK_DRIVER_FILES;
let home: ReturnType<typeof temporaryFolder>;
let store: Store;
let started: JobRequest[];
let services: Services;

beforeEach(() => {
  process.env.VK_DRIVER_FILES = '/somewhere/some_driver.json'; // a device where the computer has none
  home = temporaryFolder();
  store = openStore(home.folder);
  started = [];
  services = servicesWith('1.30.0');
});
afterEach(() => {
  if (driverBefore === undefined) delete process.env.VK_DRIVER_FILES;
  else process.env.VK_DRIVER_FILES = driverBefore;
  store.close();
  home.remove();
});

/** Services whose queue only remembers. */
function servicesWith(onnxruntime: string): Services {
  const queue = {
    active: () => started as unknown as QueuedJob[],
    start: (request: JobRequest) => {
      started.push(request);
      return request as unknown as QueuedJob;
    },
  };
  return { store, queue, runtime: { node: '', onnxruntime } } as unknown as Services;
}

const verdict = (change: Partial<Verdict> = {}): Verdict => ({
  trusted: true,
  float16: null,
  operations: 150,
  agreeing: 150,
  wrong: [],
  sentence: 'webgpu computes correctly.',
  time: 1,
  ...change,
});
const refused = verdict({ trusted: false, wrong: ['softmax', 'gemm'], sentence: 'Wrong: softmax, gemm.' });

const webgpu = async (of = services) =>
  (await describeDevices(of, 'Some processor')).find(({ provider }) => provider === 'webgpu');

describe('a device', () => {
  test('is not offered before its check, and passes with it', async () => {
    expect(await webgpu()).toMatchObject({ state: 'not-checked', verdict: null });
    await expect(requireDevice(services, 'webgpu')).rejects.toMatchObject({ code: 'device-not-checked' });
    await keepVerdict(services, 'webgpu', verdict());
    expect(await webgpu()).toMatchObject({ state: 'passed', detail: 'webgpu computes correctly.' });
    await requireDevice(services, 'webgpu');
    expect(await usableProvider(services, 'webgpu')).toBe('webgpu');
  });

  test('without float16, or with a wrong one, is refused for runs in fp16 alone', async () => {
    for (const float16 of [null, false]) {
      await keepVerdict(services, 'webgpu', verdict({ float16 }));
      await requireDevice(services, 'webgpu', 'fp32');
      await expect(requireDevice(services, 'webgpu', 'fp16')).rejects.toMatchObject({
        code: 'precision-device',
      });
    }
    await keepVerdict(services, 'webgpu', verdict({ float16: true }));
    await requireDevice(services, 'webgpu', 'fp16');
  });

  test('that computes wrongly is refused with the names of the operations', async () => {
    await keepVerdict(services, 'webgpu', refused);
    expect(await webgpu()).toMatchObject({ state: 'refused', detail: 'Wrong: softmax, gemm.' });
    for (const attempt of [requireDevice, checkBeforeRun])
      await expect(attempt(services, 'webgpu')).rejects.toMatchObject({
        code: 'device-refused',
        message: 'WebGPU computes wrongly on this computer: softmax, gemm.',
      });
    expect(started).toEqual([]);
    expect(await usableProvider(services, 'webgpu')).toBe('cpu');
  });

  test('has to be checked again with another version of ONNX Runtime', async () => {
    await keepVerdict(services, 'webgpu', verdict());
    expect(await webgpu(servicesWith('1.31.0'))).toMatchObject({ state: 'not-checked', verdict: null });
    expect(await webgpu()).toMatchObject({ state: 'passed' });
  });

  test('keeps a damaged verdict for none', async () => {
    await keepVerdict(services, 'webgpu', { damaged: true } as unknown as Verdict);
    expect(await webgpu()).toMatchObject({ state: 'not-checked' });
  });
});

test('the memory of a card counts for plans, but not where the card shares main memory', () => {
  const card = { vendor: 'Some', model: 'Card', vram: 8192, vramDynamic: false, driverVersion: '1.2' };
  expect(factsOf(card)).toEqual({ memoryBytes: 8192 * 2 ** 20, driver: '1.2' });
  expect(factsOf({ ...card, vramDynamic: true }).memoryBytes).toBeNull();
  expect(factsOf({ ...card, vram: null }).memoryBytes).toBeNull();
});

describe('a run', () => {
  test('on the processor needs no check', async () => {
    expect(await checkBeforeRun(services, 'cpu')).toBe(false);
    await requireDevice(services, 'cpu');
    expect(started).toEqual([]);
  });

  test('on a device that was never checked starts the check, once', async () => {
    expect(await checkBeforeRun(services, 'webgpu')).toBe(true);
    expect(await checkBeforeRun(services, 'webgpu')).toBe(true);
    expect(started).toMatchObject([{ kind: 'device-check', lane: 'heavy', spec: { provider: 'webgpu' } }]);
    expect(await webgpu()).toMatchObject({ state: 'checking' });
  });

  test('on a device that is not here is refused, with what to do', async () => {
    const absent = (await describeDevices(services, '')).find(({ state }) => state === 'absent');
    if (absent === undefined || absent.provider === 'coreml') return; // a computer that has everything
    await expect(checkBeforeRun(services, absent.provider)).rejects.toMatchObject({
      code: 'provider-absent',
      message: expect.stringContaining(absent.detail),
      remedy: absent.remedy,
    });
    expect(absent.remedy).not.toBe('');
  });

  test('cannot ask for a check of the processor', async () => {
    await expect(startCheck(services, 'cpu')).rejects.toMatchObject({ code: 'nothing-to-check' });
  });
});
