// Around the job that checks a device: keeps its verdict.
import { z } from 'zod';
import { Provider, Verdict } from '../../contract/devices.ts';
import type { JobTypes } from '../../jobs/job.ts';
import type { JobHooks } from '../../jobs/queue.ts';
import { keepVerdict } from '../devices.ts';
import type { Services } from '../services.ts';

const Spec = z.looseObject({ provider: Provider });

export function deviceCheckHooks(services: Services): JobHooks {
  return {
    stopAfterMs: 5000,
    async prepare(job) {
      const { provider } = Spec.parse(job.spec);
      const input: JobTypes['device-check']['input'] = { provider };
      return { engine: 'device-check', input, logFile: services.logFile };
    },
    async done(job, output) {
      const { provider } = Spec.parse(job.spec);
      const verdict = Verdict.parse(output);
      await keepVerdict(services, provider, verdict);
      return { provider, verdict };
    },
  };
}
