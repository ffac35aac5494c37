// Around the job that downloads a model: gives it the token only when it starts, writes its requests into the network
// ledger, and puts the complete model into the list.
import { z } from 'zod';
import type { HubRequest } from '../../hub/client.ts';
import type { JobTypes } from '../../jobs/job.ts';
import type { JobHooks } from '../../jobs/queue.ts';
import { hubPlacesOf } from '../lookup.ts';
import { addModel } from '../models.ts';
import type { Services } from '../services.ts';

const Spec = z.looseObject({ repository: z.string(), revision: z.string() });
type Input = JobTypes['download-model']['input'];
type Result = JobTypes['download-model']['result'];

export function downloadHooks(services: Services): JobHooks {
  return {
    stopAfterMs: 5000,
    started(job) {
      // Kept when it fails, so that a screen can offer to go on.
      const { repository, revision } = Spec.parse(job.spec);
      job.result = { repository, revision };
    },
    async prepare(job) {
      const { repository, revision } = Spec.parse(job.spec);
      const input: Input = { places: hubPlacesOf(services), repository, revision };
      return { engine: 'download-model', input, logFile: services.logFile };
    },
    event(_, name, payload) {
      if (name === 'request') services.store.ledger.add({ time: Date.now(), ...(payload as HubRequest) });
    },
    async done(job, output) {
      const { repository, revision } = Spec.parse(job.spec);
      const model = await addModel(services, (output as Result).folder, 'download');
      return { repository, revision, modelId: model.id };
    },
  };
}
