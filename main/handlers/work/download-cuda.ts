// Around the job that fetches the libraries of CUDA: where to, from which sources, and its requests in the ledger.
import { z } from 'zod';
import type { HubRequest } from '../../hub/client.ts';
import { cudaSources } from '../../hub/cuda-download.ts';
import { hubPlaces } from '../../hub/places.ts';
import type { JobTypes } from '../../jobs/job.ts';
import type { JobHooks } from '../../jobs/queue.ts';
import { cudaVersionFolder } from '../../training/cuda-places.ts';
import type { Services } from '../services.ts';

const Spec = z.looseObject({ packages: z.array(z.string()) });

export function downloadCudaHooks(services: Services): JobHooks {
  return {
    stopAfterMs: 5000,
    async prepare(job) {
      const { offlineBy, proxy } = hubPlaces();
      const input: JobTypes['download-cuda']['input'] = {
        places: { offlineBy, proxy },
        sources: cudaSources(),
        packages: Spec.parse(job.spec).packages,
        folder: cudaVersionFolder(services.store.home),
      };
      return { engine: 'download-cuda', input, logFile: services.logFile };
    },
    event(_, name, payload) {
      if (name === 'request') services.store.ledger.add({ time: Date.now(), ...(payload as HubRequest) });
    },
    async done(_, output) {
      const { folders } = output as JobTypes['download-cuda']['result'];
      return { folders };
    },
  };
}
