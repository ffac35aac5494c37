// The job that fetches the libraries of CUDA: what is missing, checked and unpacked, with how far it is.
import { AppError } from '../errors.ts';
import { openHub } from '../hub/client.ts';
import { fetchCuda } from '../hub/cuda-download.ts';
import { size } from '../hub/fetch-file.ts';
import { cudaPackages } from '../training/cuda-packages.ts';
import { searchHere } from '../training/cuda-places.ts';
import type { JobRunner } from './job.ts';
import { createRate } from './rate.ts';

export const downloadCuda: JobRunner<'download-cuda'> = {
  kind: 'download-cuda',
  run: async ({ places, sources, packages, folder }, context) => {
    const { runtimeFolder } = searchHere(null);
    if (runtimeFolder === null)
      throw new AppError(
        'cuda-unsupported',
        'There is no ONNX Runtime for this system that a CUDA part could be added to.',
        'Use WebGPU.',
      );
    let shown = { progress: null as number | null, position: '' };
    const rate = createRate();
    const hub = openHub({
      endpoint: sources.nuget,
      token: null,
      offlineBy: places.offlineBy,
      proxy: places.proxy,
      signal: context.signal,
      onRequest: (request) => context.emit('request', request),
      onWait: (sentence) => context.progress({ ...shown, position: sentence, rate: '', secondsLeft: null }),
    });
    const folders = await fetchCuda(hub, {
      packages: cudaPackages.filter(({ name }) => packages.includes(name)),
      sources,
      folder,
      runtimeFolder,
      unlessPaused: context.unlessPaused,
      onProgress(done, total, what) {
        const perSecond = rate(done);
        shown = {
          progress: total === 0 ? null : done / total,
          position: total === 0 ? what : `${size(done)} of ${size(total)}, ${what}`,
        };
        context.progress({
          ...shown,
          rate: perSecond === null ? '' : `${size(perSecond)}/s`,
          secondsLeft: perSecond === null ? null : (total - done) / perSecond,
        });
      },
    });
    return { folders };
  },
};
