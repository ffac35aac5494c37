// What this computer has: processor, memory, disk, and the devices that could train. Asked once and remembered for a
// few seconds, because free memory and disk change.
import { statfs } from 'node:fs/promises';
import { availableParallelism, cpus, platform, release, totalmem } from 'node:os';
import type { Machine } from '../contract/settings.ts';
import { describeDevices } from './devices.ts';
import type { Services } from './services.ts';

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
    devices: await describeDevices(services, cpu),
    versions: {
      tunesmith: services.version,
      node: services.runtime.node,
      onnxruntime: services.runtime.onnxruntime,
    },
    homeFolder: services.store.home,
    logFile: services.logFile,
  };
}
