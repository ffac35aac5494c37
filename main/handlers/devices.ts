// The devices of this computer, and whether each may train: the verdict of its check is kept for the device
// with its driver and this version of ONNX Runtime, so that another driver is checked again. The processor
// needs none.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { platform, totalmem } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { graphics } from 'systeminformation';
import { type Device, type devices, Verdict } from '../contract/devices.ts';
import type { Job } from '../contract/jobs.ts';
import type { TrainSettings } from '../contract/runs.ts';
import type { HandlersFor } from '../contract/wire.ts';
import { AppError } from '../errors.ts';
import { log } from '../log.ts';
import { toJob } from './jobs.ts';
import type { Services } from './services.ts';

type Provider = TrainSettings['provider'];

export const providerNames: Record<Device['provider'], string> = {
  cpu: 'Processor',
  webgpu: 'WebGPU',
  cuda: 'CUDA',
  dml: 'DirectML',
  coreml: 'CoreML',
};

export function deviceHandlers(services: Services): HandlersFor<typeof devices> {
  return { 'devices.check': ({ provider }) => startCheck(services, provider) };
}

/** Queues the check of a provider; the one that is under way counts. Throws where it has no device. */
export async function startCheck(services: Services, provider: Provider): Promise<Job> {
  if (provider === 'cpu')
    throw new AppError('nothing-to-check', 'The processor is what devices are compared with.', '');
  requirePresent(await devicesFor(services, provider), provider);
  const { queue } = services;
  const running = queue.active().find((job) => job.kind === 'device-check' && job.spec.provider === provider);
  if (running) return toJob(running);
  return toJob(
    queue.start({
      kind: 'device-check',
      lane: 'heavy', // a device that is busy with a run would be measured wrongly
      projectId: null,
      subjectId: null,
      title: `Check ${providerNames[provider]}`,
      spec: { provider },
    }),
  );
}

/** Starts the check that a run needs first: true when there is one to wait for. */
export async function checkBeforeRun(services: Services, provider: Provider): Promise<boolean> {
  if (provider === 'cpu') return false;
  const found = await devicesFor(services, provider);
  requirePresent(found, provider);
  if (found[0].verdict !== null) {
    requireTrusted(found[0].verdict, provider);
    return false;
  }
  await startCheck(services, provider);
  return true;
}

/** Throws unless the provider may train here: `provider-absent`, `device-not-checked`, `device-refused`. */
export async function requireDevice(services: Services, provider: Provider): Promise<void> {
  if (provider === 'cpu') return;
  const found = await devicesFor(services, provider);
  requirePresent(found, provider);
  const { verdict } = found[0];
  if (verdict === null)
    throw new AppError(
      'device-not-checked',
      `${providerNames[provider]} was not checked on this computer, or its check came to no end.`,
      'Check it under Settings, Devices, or train on the processor.',
    );
  requireTrusted(verdict, provider);
}

/** The provider where it may compute now, else the processor: for work that any device does as well. */
export async function usableProvider(services: Services, provider: Provider): Promise<Provider> {
  const [found] = provider === 'cpu' ? [] : await devicesFor(services, provider);
  return found?.state === 'passed' ? provider : 'cpu';
}

function requirePresent(found: readonly Device[], provider: Provider): void {
  const missing = found.find(({ state }) => state === 'absent');
  if (found.length > 0 && missing === undefined) return;
  throw new AppError(
    'provider-absent',
    `${providerNames[provider]} cannot be used on this computer. ${missing?.detail ?? ''}`.trim(),
    missing?.remedy || 'Train on the processor.',
  );
}

function requireTrusted(verdict: Verdict, provider: Provider): void {
  if (verdict.trusted) return;
  const wrong = verdict.wrong.length === 0 ? 'the losses of a run' : verdict.wrong.join(', ');
  throw new AppError(
    'device-refused',
    `${providerNames[provider]} computes wrongly on this computer: ${wrong}.`,
    'Train on the processor, or install another driver of the graphics card and check it again.',
  );
}

/** Keeps what a check found, for the devices and drivers as they are now. */
export async function keepVerdict(services: Services, provider: Provider, verdict: Verdict): Promise<void> {
  const found = await devicesFor(services, provider);
  services.store.settings.setMark(verdictKey(services, found), JSON.stringify(verdict));
}

async function devicesFor(services: Services, provider: Provider): Promise<Device[]> {
  return (await describeDevices(services, '')).filter((device) => device.provider === provider);
}

/** Everything that could compute, with what is known of it. `cpu` is the name of the processor. */
export async function describeDevices(services: Services, cpu: string): Promise<Device[]> {
  const listed: Device[] = [
    device('cpu', cpu, { memoryBytes: totalmem(), state: 'ready', detail: 'Always available.' }),
    ...(await webgpuDevices()),
    cudaDevice(),
    ...(platform() === 'win32'
      ? [device('dml', 'DirectML', { state: 'not-checked', detail: notChecked })]
      : []),
    ...(platform() === 'darwin' ? [device('coreml', 'CoreML', { detail: whyNotCoreMl })] : []),
  ];
  const checking = new Set(
    services.queue
      .active()
      .filter(({ kind }) => kind === 'device-check')
      .map(({ spec }) => spec.provider),
  );
  return listed.map((one) => {
    if (one.state !== 'not-checked') return one;
    const verdict = readVerdict(
      services,
      listed.filter(({ provider }) => provider === one.provider),
    );
    if (checking.has(one.provider)) return { ...one, verdict, state: 'checking', detail: 'The check runs.' };
    if (verdict === null) return one;
    return { ...one, verdict, state: verdict.trusted ? 'passed' : 'refused', detail: verdict.sentence };
  });
}

const notChecked =
  'Not checked yet: it is compared with the processor, operation by operation, before it is used.';
const whyNotCoreMl =
  'Not offered for training: CoreML compiles the weights into the model, so they cannot change from step ' +
  'to step. WebGPU uses the same graphics processor.';

function device(provider: Device['provider'], name: string, rest: Partial<Device>): Device {
  const known = {
    memoryBytes: null,
    driver: null,
    state: 'absent',
    detail: '',
    remedy: '',
    verdict: null,
  } as const;
  return { ...known, provider, name, ...rest };
}

let controllers: Promise<{ model: string; vram: number | null; driverVersion?: string }[]> | undefined;

/**
 * WebGPU computes on one of these; which one, the driver chooses: a verdict counts for all of them
 * together.
 */
async function webgpuDevices(): Promise<Device[]> {
  controllers ??= graphics()
    .then((found) => found.controllers)
    .catch((error) => {
      log('warn', 'machine.graphics', { error });
      return [];
    });
  const found = (await controllers).map((gpu) =>
    device('webgpu', gpu.model || 'GPU', {
      memoryBytes: gpu.vram ? gpu.vram * 1024 * 1024 : null, // reported in MiB
      driver: gpu.driverVersion || null,
      state: 'not-checked',
      detail: notChecked,
    }),
  );
  if (found.length > 0) return found;
  const named = process.env.VK_DRIVER_FILES;
  if (named) {
    const name = `Vulkan driver ${basename(named, '.json')}`;
    return [device('webgpu', name, { state: 'not-checked', detail: notChecked })];
  }
  const detail = 'No graphics card was found.';
  return [
    device('webgpu', 'WebGPU', {
      detail,
      remedy: 'Train on the processor, or install the driver of the card.',
    }),
  ];
}

/** The CUDA provider is a download of its own; without its files loading it fails with noise. */
function cudaDevice(): Device {
  if (platform() === 'linux' && hasCudaProvider())
    return device('cuda', 'CUDA', { state: 'not-checked', detail: notChecked });
  const detail = 'The CUDA part of ONNX Runtime (libonnxruntime_providers_cuda.so) is not installed.';
  const remedy =
    platform() === 'linux' && process.arch === 'x64'
      ? 'Use WebGPU, which needs no such files, or put the CUDA 12 build of ONNX Runtime beside the engine.'
      : 'Use WebGPU: there is no CUDA build for this system.';
  return device('cuda', 'CUDA', { detail, remedy });
}

function hasCudaProvider(): boolean {
  try {
    const entry = createRequire(import.meta.url).resolve('onnxruntime-node/package.json');
    const folder = join(dirname(entry), 'bin', 'napi-v6', 'linux', process.arch);
    return existsSync(join(folder, 'libonnxruntime_providers_cuda.so'));
  } catch {
    return false;
  }
}

/** A verdict counts for these devices, these drivers and this version of ONNX Runtime. */
function verdictKey({ runtime }: Services, found: readonly Device[]): string {
  const names = found.map(({ name, driver }) => `${name} ${driver ?? ''}`.trim()).sort();
  return `device ${found[0].provider}: ${names.join('; ')}; ONNX Runtime ${runtime.onnxruntime}`;
}

function readVerdict(services: Services, found: readonly Device[]): Verdict | null {
  const text = services.store.settings.mark(verdictKey(services, found));
  if (text === undefined) return null;
  try {
    return Verdict.parse(JSON.parse(text));
  } catch (error) {
    log('warn', 'device.verdict', { error });
    return null; // as if it was never checked
  }
}
