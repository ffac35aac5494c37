// The devices of this computer, and whether each may train: the verdict of its check is kept for the device
// with its driver and this version of ONNX Runtime, so that another driver is checked again. The processor
// needs none.
import { platform, totalmem } from 'node:os';
import { basename } from 'node:path';
import { graphics, type Systeminformation } from 'systeminformation';
import { type Device, type devices, Verdict } from '../contract/devices.ts';
import type { Job } from '../contract/jobs.ts';
import type { TrainSettings } from '../contract/runs.ts';
import type { HandlersFor } from '../contract/wire.ts';
import { AppError } from '../errors.ts';
import { log } from '../log.ts';
import { type CudaCalls, cudaLack } from './cuda.ts';
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

export function deviceHandlers(services: Services): Omit<HandlersFor<typeof devices>, CudaCalls> {
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

/**
 * Throws unless the provider may train here: `provider-absent`, `device-not-checked`, `device-refused`,
 * `precision-device`.
 */
export async function requireDevice(
  services: Services,
  provider: Provider,
  precision: TrainSettings['precision'] = 'fp32',
): Promise<void> {
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
  if (precision === 'fp16' && verdict.float16 !== true)
    throw new AppError(
      'precision-device',
      `${providerNames[provider]} ${verdict.float16 === null ? 'has no float16 here' : 'computes float16 wrongly here'}: ${verdict.sentence}`,
      'Choose fp32 as the precision, or train on another device.',
    );
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

/** Memory of the card that a provider computes on; null for main memory, and where it is not known. */
export async function cardMemory(services: Services, provider: Provider): Promise<number | null> {
  const found = provider === 'cpu' ? [] : await devicesFor(services, provider);
  const known = found.flatMap(({ memoryBytes }) => memoryBytes ?? []);
  return known.length === 0 ? null : Math.max(...known);
}

/** Everything that could compute, with what is known of it. `cpu` is the name of the processor. */
export async function describeDevices(services: Services, cpu: string): Promise<Device[]> {
  const listed: Device[] = [
    device('cpu', cpu, { memoryBytes: totalmem(), state: 'ready', detail: 'Always available.' }),
    ...(await webgpuDevices()),
    ...(await cudaDevices(services.store.home)),
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

type Controller = Pick<
  Systeminformation.GraphicsControllerData,
  'vendor' | 'model' | 'vram' | 'vramDynamic' | 'driverVersion'
>;
let controllers: Promise<Controller[]> | undefined;

function listControllers(): Promise<Controller[]> {
  controllers ??= graphics()
    .then((found) => found.controllers)
    .catch((error) => {
      log('warn', 'machine.graphics', { error });
      return [];
    });
  return controllers;
}

/** Memory is reported in MiB. That of a card which shares main memory is no limit of its own. */
export function factsOf({
  vram,
  vramDynamic,
  driverVersion,
}: Controller): Pick<Device, 'memoryBytes' | 'driver'> {
  return {
    memoryBytes: vram && !vramDynamic ? vram * 1024 * 1024 : null,
    driver: driverVersion || null,
  };
}

/**
 * WebGPU computes on one of these; which one, the driver chooses: a verdict counts for all of them
 * together.
 */
async function webgpuDevices(): Promise<Device[]> {
  const found = (await listControllers()).map((gpu) =>
    device('webgpu', gpu.model || 'GPU', { ...factsOf(gpu), state: 'not-checked', detail: notChecked }),
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

/** Without its libraries loading CUDA fails with noise, so they are looked for first. */
async function cudaDevices(home: string): Promise<Device[]> {
  const lack = cudaLack(home);
  if (lack !== null) return [device('cuda', 'CUDA', { detail: lack.message, remedy: lack.remedy })];
  const cards = (await listControllers()).filter(({ vendor, model }) => /nvidia/i.test(`${vendor} ${model}`));
  const known = { state: 'not-checked', detail: notChecked } as const;
  if (cards.length === 0) return [device('cuda', 'CUDA', known)];
  return cards.map((card) => device('cuda', card.model || 'NVIDIA card', { ...factsOf(card), ...known }));
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
