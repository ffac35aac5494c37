// The job that fetches a model from the Hub: looks it up, downloads what is missing, and says how far it is.
import { AppError } from '../errors.ts';
import { openHub } from '../hub/client.ts';
import { downloadModel as fetchModel, size } from '../hub/download.ts';
import { lookUp } from '../hub/lookup.ts';
import type { JobRunner } from './job.ts';

/** The rate is that of the last seconds. */
const rateOverMs = 8000;

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

/** Bytes per second over the last seconds; null until there is something to judge by. */
function createRate(): (done: number) => number | null {
  const seen: { at: number; done: number }[] = [];
  return (done) => {
    const at = Date.now();
    if (at - (seen.at(-1)?.at ?? 0) > 200) seen.push({ at, done });
    while (seen.length > 2 && at - seen[0].at > rateOverMs) seen.shift();
    const [first] = seen;
    return at - first.at < 500 ? null : ((done - first.done) / (at - first.at)) * 1000 || null;
  };
}
