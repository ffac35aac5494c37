// What this computer has: processor, memory, disk, and the devices that could train. Asked once and remembered for a
// few seconds, because free memory and disk change.
import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, platform, release, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { graphics } from 'systeminformation';
import type { z } from 'zod';
import type { Device, Machine } from '../contract/settings.ts';
import { log } from '../log.ts';
import type { Services } from './services.ts';

type DeviceInfo = z.infer<typeof Device>;

let controllers: Promise<{ model: string; vram: number | null; driverVersion?: string }[]> | undefined;

export async function describeMachine(services: Services): Promise<Machine> {
  const { bavail, bsize } = await statfs(services.store.home);
  const cpu = cpus()[0]?.model.trim() || 'Processor';
  return {
    platform: `${platform()} ${release()}`,
    cpu,
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    freeMemoryBytes: process.availableMemory(),
    freeDiskBytes: bavail * bsize,
    devices: await describeDevices(cpu),
    versions: {
      tunesmith: services.version,
      node: services.runtime.node,
      onnxruntime: services.runtime.onnxruntime,
    },
    homeFolder: services.store.home,
    logFile: services.logFile,
  };
}

async function describeDevices(cpu: string): Promise<DeviceInfo[]> {
  controllers ??= graphics()
    .then((found) => found.controllers)
    .catch((error) => {
      log('warn', 'machine.graphics', { error });
      return [];
    });
  const gpus = await controllers;
  const devices: DeviceInfo[] = [
    {
      provider: 'cpu',
      name: cpu,
      memoryBytes: totalmem(),
      driver: null,
      state: 'ready',
      detail: 'Always available.',
    },
  ];
  for (const gpu of gpus)
    devices.push({
      provider: 'webgpu',
      name: gpu.model || 'GPU',
      memoryBytes: gpu.vram ? gpu.vram * 1024 * 1024 : null, // reported in MiB
      driver: gpu.driverVersion || null,
      state: 'not-checked',
      detail: 'Tunesmith compares it with the processor, operation by operation, before it is used.',
    });
  if (gpus.length === 0)
    devices.push({ ...absent, provider: 'webgpu', name: 'WebGPU', detail: 'No graphics card was found.' });
  devices.push(
    hasCuda()
      ? {
          ...absent,
          provider: 'cuda',
          name: 'CUDA',
          state: 'not-checked',
          detail: 'Its libraries are installed.',
        }
      : {
          ...absent,
          provider: 'cuda',
          name: 'CUDA',
          detail: 'The CUDA libraries of ONNX Runtime are not installed.',
        },
  );
  if (platform() === 'win32')
    devices.push({
      ...absent,
      provider: 'dml',
      name: 'DirectML',
      state: 'not-checked',
      detail: 'Not checked yet.',
    });
  return devices;
}

const absent = { memoryBytes: null, driver: null, state: 'absent' } as const;

/** The CUDA provider is a download of its own; without its files loading it fails with noise. */
function hasCuda(): boolean {
  if (platform() !== 'linux') return false;
  try {
    const entry = createRequire(import.meta.url).resolve('onnxruntime-node/package.json');
    const folder = join(dirname(entry), 'bin', 'napi-v6', 'linux', process.arch);
    return existsSync(join(folder, 'libonnxruntime_providers_cuda.so'));
  } catch {
    return false;
  }
}
