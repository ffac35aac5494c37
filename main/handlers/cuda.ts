// Calls about the libraries of CUDA: what is here, getting what is missing when it is asked for, and deleting what was
// fetched. The search is training/cuda-libraries.ts, the download a job.
import { mkdirSync, rmSync, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { CudaLibraries, devices } from '../contract/devices.ts';
import type { HandlersFor } from '../contract/wire.ts';
import { AppError } from '../errors.ts';
import { cudaSources, refuseOffline, unpackedBytes } from '../hub/cuda-download.ts';
import { size } from '../hub/fetch-file.ts';
import { hubPlaces } from '../hub/places.ts';
import {
  type CudaAdvice,
  type CudaFound,
  cudaAdvice,
  cudaEnvironment,
  findCuda,
  missingPackages,
} from '../training/cuda-libraries.ts';
import { type CudaSearch, cudaFolder, list, searchHere, systemRelease } from '../training/cuda-places.ts';
import { toJob } from './jobs.ts';
import type { Services } from './services.ts';

export type CudaCalls = 'devices.cudaLibraries' | 'devices.getCudaLibraries' | 'devices.removeCudaLibraries';

export function cudaHandlers(services: Services): Pick<HandlersFor<typeof devices>, CudaCalls> {
  const { queue, store } = services;
  const running = () => queue.active().find(({ kind }) => kind === 'download-cuda');
  return {
    'devices.cudaLibraries': () => describeCuda(store.home),
    'devices.getCudaLibraries': () => {
      const same = running();
      if (same) return toJob(same);
      const found = describeCuda(store.home);
      if (found.state === 'unsupported') throw new AppError('cuda-unsupported', found.message, found.remedy);
      if (found.missing.length === 0)
        throw new AppError('cuda-complete', 'No library of CUDA is missing.', 'Check CUDA under Devices.');
      refuseOffline(hubPlaces().offlineBy);
      return toJob(
        queue.start({
          kind: 'download-cuda',
          projectId: null,
          subjectId: null,
          title: `Get the CUDA libraries (${size(found.missingBytes)})`,
          spec: { packages: found.missing.map(({ name }) => name) },
          lane: 'free',
          canPause: true,
          cancelLabel: 'Stop and keep what arrived',
        }),
      );
    },
    'devices.removeCudaLibraries': () => {
      if (running())
        throw new AppError(
          'cuda-busy',
          'The libraries of CUDA are being fetched.',
          'Stop the download in the list of jobs first.',
        );
      if (queue.active().some(({ spec }) => spec.lane === 'heavy'))
        throw new AppError(
          'cuda-busy',
          'A job that may use these libraries is under way.',
          'Remove them when it has ended.',
        );
      rmSync(cudaFolder(store.home), { recursive: true, force: true });
      return describeCuda(store.home);
    },
  };
}

/** What the CUDA device lacks here; null where nothing is missing. */
export function cudaLack(home: string): CudaAdvice | null {
  const search = searchHere(home);
  return advise(search, findCuda(search));
}

/** Environment of an engine process, by what it is given: those that compute on CUDA find its libraries. */
export function engineEnvironment(home: string, input: unknown): NodeJS.ProcessEnv {
  if (!asksForCuda(input)) return {};
  const search = searchHere(home);
  return cudaEnvironment(findCuda(search), search.env);
}

/** Jobs name their provider beside their other input, or among the settings of a run. */
function asksForCuda(input: unknown): boolean {
  if (typeof input !== 'object' || input === null) return false;
  const { provider, settings } = input as { provider?: unknown; settings?: unknown };
  return provider === 'cuda' || (settings !== undefined && asksForCuda(settings));
}

function advise(search: CudaSearch, found: CudaFound): CudaAdvice | null {
  return cudaAdvice(found, systemRelease(search.root));
}

function describeCuda(home: string): CudaLibraries {
  const search = searchHere(home);
  const found = findCuda(search);
  const advice = advise(search, found);
  const hopeless = found.unsupported !== null || found.driver?.enough !== true;
  const missing = hopeless ? [] : missingPackages(found);
  const sources = cudaSources();
  const hosts = { nuget: new URL(sources.nuget).host, pypi: new URL(sources.pypi).host };
  mkdirSync(home, { recursive: true });
  const { bavail, bsize } = statfsSync(home);
  return {
    state: hopeless ? 'unsupported' : found.complete ? 'complete' : 'incomplete',
    message: advice?.message ?? '',
    remedy: advice?.remedy ?? '',
    install: advice?.install ?? '',
    driver: found.driver?.version ?? null,
    libraries: found.libraries.map(({ file, part, needed, state, folder, version }) => ({
      file,
      part,
      needed,
      state,
      folder,
      version,
    })),
    missing: missing.map(({ name, version, bytes, source, licence, licenceAddress }) => ({
      name,
      version,
      bytes,
      host: hosts[source.kind],
      licence,
      licenceAddress,
    })),
    missingBytes: missing.reduce((sum, { bytes }) => sum + bytes, 0),
    unpackedBytes: unpackedBytes(missing),
    freeDiskBytes: bavail * bsize,
    folder: cudaFolder(home),
    fetchedBytes: bytesBelow(cudaFolder(home)),
  };
}

function bytesBelow(folder: string): number {
  return list(folder).reduce((sum, name) => {
    const facts = statSync(join(folder, name), { throwIfNoEntry: false });
    if (facts === undefined) return sum;
    return sum + (facts.isDirectory() ? bytesBelow(join(folder, name)) : facts.size);
  }, 0);
}
