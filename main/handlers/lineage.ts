// Where a run comes from: versions of its data, model, program, runtime and device, as short texts by name.
import { createHash } from 'node:crypto';
import { open, readdir, readFile, stat } from 'node:fs/promises';
import { arch, cpus, platform, release } from 'node:os';
import { join } from 'node:path';
import type { DatasetVersion } from '../contract/datasets.ts';
import type { BaseModel } from '../contract/models.ts';
import type { Services } from './services.ts';

/** Bytes at the start of each weight file that enter the fingerprint: the header with names, types and shapes. */
const headBytes = 1_000_000;

export async function lineageOf(
  services: Services,
  version: DatasetVersion,
  model: BaseModel,
): Promise<Record<string, string>> {
  return {
    app: services.version,
    node: services.runtime.node,
    onnxruntime: services.runtime.onnxruntime,
    dataset: `version ${version.number}, ${version.name}`,
    datasetHash: version.hash,
    model: model.name,
    modelFingerprint: await fingerprint(model.folder),
    device: `${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${cpus().length} threads`,
    system: `${platform()} ${release()} ${arch()}`,
  };
}

/** SHA-256 over the small files of a model folder, and over size and first megabyte of each weight file. */
export async function fingerprint(folder: string): Promise<string> {
  const hash = createHash('sha256');
  for (const name of (await readdir(folder)).sort()) {
    const path = join(folder, name);
    const found = await stat(path).catch(() => undefined);
    if (!found?.isFile()) continue;
    if (/\.json$/.test(name)) hash.update(name).update(await readFile(path));
    else if (/\.(safetensors|bin)$/.test(name)) {
      const handle = await open(path);
      try {
        const { buffer, bytesRead } = await handle.read(Buffer.alloc(headBytes), 0, headBytes, 0);
        hash.update(`${name} ${found.size}`).update(buffer.subarray(0, bytesRead));
      } finally {
        await handle.close();
      }
    }
  }
  return hash.digest('hex');
}
