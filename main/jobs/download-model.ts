// The job that fetches a model from the Hub: looks it up, downloads what is missing, and says how far it is.
import { AppError } from '../errors.ts';
import { openHub } from '../hub/client.ts';
import { downloadModel as fetchModel } from '../hub/download.ts';
import { size } from '../hub/fetch-file.ts';
import { lookUp } from '../hub/lookup.ts';
import type { JobRunner } from './job.ts';
import { createRate } from './rate.ts';

export const downloadModel: JobRunner<'download-model'> = {
  kind: 'download-model',
  run: async ({ places, repository, revision }, context) => {
    let shown = { progress: null as number | null, position: 'Asking the Hub' };
    const say = (more: { rate?: string; secondsLeft?: number | null } = {}) =>
      context.progress({ rate: '', secondsLeft: null, ...shown, ...more });
    const hub = openHub({
      ...places,
      signal: context.signal,
      onRequest: (request) => context.emit('request', request),
      onWait: (sentence) => {
        context.progress({ ...shown, position: sentence, rate: '', secondsLeft: null });
      },
    });
    say();
    for (let attempt = 1; ; attempt++) {
      const model = await lookUp(hub, { repository, revision });
      const rate = createRate();
      try {
        const folder = await fetchModel(hub, model, {
          cacheFolder: places.cacheFolder,
          unlessPaused: context.unlessPaused,
          onBytes(done, file) {
            const perSecond = rate(done);
            shown = {
              progress: model.bytes === 0 ? null : done / model.bytes,
              position: `${size(done)} of ${size(model.bytes)}, ${file}`,
            };
            say({
              rate: perSecond === null ? '' : `${size(perSecond)}/s`,
              secondsLeft: perSecond === null ? null : (model.bytes - done) / perSecond,
            });
          },
        });
        return { folder };
      } catch (error) {
        // The revision moved on between the question and the download: asked again, once.
        if (attempt === 1 && error instanceof AppError && error.code === 'hub-changed') continue;
        throw error;
      }
    }
  },
};
