// The job that checks a provider on this computer: each operation of a training step alone, then twenty
// steps.
import { AppError } from '../errors.ts';
import { checkProvider, verdictOf, wrongOperations } from '../training/provider-check.ts';
import type { JobRunner } from './job.ts';

export const deviceCheck: JobRunner<'device-check'> = {
  kind: 'device-check',
  run: async ({ provider }, context) => {
    const start = performance.now();
    const check = await checkProvider(provider, ({ done, total, what }) => {
      if (context.signal.aborted)
        throw new AppError('cancelled', 'The check was cancelled.', 'Start it again.');
      const seconds = (performance.now() - start) / 1000;
      context.progress({
        progress: total === 0 ? null : done / total,
        position: `${done} of ${total}: ${what.slice(0, 60)}`,
        rate: '',
        secondsLeft: done < 10 ? null : ((total - done) * seconds) / done,
      });
    });
    return {
      trusted: check.trusted,
      float16: check.float16?.trusted ?? null,
      operations: check.operations,
      agreeing: check.agreeing,
      wrong: wrongOperations(check),
      sentence: verdictOf(check),
      time: Date.now(),
    };
  },
};
