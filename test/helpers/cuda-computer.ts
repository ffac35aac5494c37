// A made-up computer with an NVIDIA driver and all of CUDA 13 but the provider of ONNX Runtime, which lies on a server on
// loopback. Its libraries are files with nothing in them.
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { libraryNeeds, providerFiles, providerVersion } from '../../main/training/cuda-packages.ts';
import { archiveOf, type PackageServer, startPackageServer } from './package-server.ts';
import { sharedLibrary } from './shared-library.ts';

export const providerPackage = 'Microsoft.ML.OnnxRuntime.Gpu.Linux';
const native = 'runtimes/linux-x64/native';

/** Writes the libraries into `folder`; the environment makes the app look there, and fetch from the server. */
export async function openCudaComputer(
  folder: string,
): Promise<{ server: PackageServer; env: Record<string, string> }> {
  mkdirSync(folder, { recursive: true });
  const files = [...libraryNeeds.map(({ file }) => file), 'libcuda.so.580.82.07'];
  for (const file of files) writeFileSync(join(folder, file), 'library');
  if (process.platform !== 'win32') symlinkSync('libcuda.so.580.82.07', join(folder, 'libcuda.so.1'));
  const archive = await archiveOf({
    [`${native}/${providerFiles[0]}`]: sharedLibrary([]),
    [`${native}/${providerFiles[1]}`]: sharedLibrary(['libcudart.so.13', 'libcurand.so.10']),
    'LICENSE.txt': 'licence',
  });
  const server = await startPackageServer({
    version: providerVersion,
    nuget: { [providerPackage]: archive },
  });
  const env = {
    LD_LIBRARY_PATH: folder,
    TUNESMITH_NUGET_INDEX: server.sources.nuget,
    TUNESMITH_PYPI_FILES: server.sources.pypi,
  };
  return { server, env };
}
