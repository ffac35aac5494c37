// What a model of the Hub would be on this computer: its files, whether it can be trained, and whether it fits, worked
// out from config.json alone. Weights are not fetched for it.
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Fit } from '../contract/models.ts';
import { AppError, type ErrorShape, toErrorShape } from '../errors.ts';
import { hasFile, snapshotFolder } from '../hub/cache.ts';
import { type HubRequest, openHub } from '../hub/client.ts';
import { curatedModels } from '../hub/curated.ts';
import { lookUp } from '../hub/lookup.ts';
import { log } from '../log.ts';
import type { Model } from '../models/load.ts';
import { readConfig } from '../models/read-config.ts';
import { modelWithoutWeights } from '../models/scratch.ts';
import { fitsOf, verdictOf } from '../training/plan.ts';
import type { InspectAsks } from './job.ts';

type Lookup = InspectAsks['lookup'];

export async function lookUpModel(
  { places, repository, revision, memoryBytes }: Lookup['request'],
  signal: AbortSignal,
  onRequest: (request: HubRequest) => void,
): Promise<Lookup['reply']> {
  const hub = openHub({ ...places, signal, onRequest, tries: 2, silentMs: 20_000 });
  const model = await lookUp(hub, { repository, revision });
  const files = model.files.map((file) => ({
    path: file.path,
    bytes: file.bytes,
    here: hasFile(places.cacheFolder, repository, model.commit, file),
  }));
  const weights = files.filter(({ path }) => path.endsWith('.safetensors'));
  const weightBytes = weights.reduce((sum, { bytes }) => sum + bytes, 0);
  const planned = plannedModel(repository, model.config, weightBytes);
  return {
    repository,
    revision,
    commit: model.commit,
    licence: model.licence,
    gated: model.gated,
    files,
    bytes: model.bytes,
    missingBytes: files.reduce((sum, { bytes, here }) => sum + (here ? 0 : bytes), 0),
    freeDiskBytes: await freeBytes(places.cacheFolder),
    destination: snapshotFolder(places.cacheFolder, repository, model.commit),
    architecture: String(model.config.model_type ?? ''),
    parameters: planned.model?.parameters ?? null,
    fits: planned.model === null ? [] : fits(planned.model, memoryBytes),
    problem: planned.problem,
  };
}

const known = new Map<string, Fit | null>();

/** Predicted once for each model of the short list; afterwards only compared with the memory of now. */
export async function suggestedFits(memoryBytes: number): Promise<InspectAsks['suggestedFits']['reply']> {
  const reply: InspectAsks['suggestedFits']['reply'] = {};
  for (const { repository, config, parameters, dtype } of curatedModels) {
    if (!known.has(repository)) {
      const { model } = plannedModel(repository, config, parameters * (dtype === 'float32' ? 4 : 2));
      const lora =
        model === null ? undefined : fits(model, memoryBytes).find(({ method }) => method === 'lora');
      known.set(repository, lora ?? null);
      await nextTurn();
    }
    const fit = known.get(repository) ?? null;
    reply[repository] = fit && {
      ...fit,
      availableBytes: memoryBytes,
      verdict: verdictOf(fit.peakBytes, memoryBytes),
    };
  }
  return reply;
}

/** A model without weights, of the shape that config.json says; or why it cannot be trained. */
function plannedModel(
  name: string,
  rawConfig: Record<string, unknown>,
  bytes: number,
): { model: Model; problem: null } | { model: null; problem: ErrorShape } {
  try {
    const { architecture, config } = readConfig(name, rawConfig);
    const objective = architecture.objective?.(config) ?? 'causal-lm';
    if (architecture.task === 'causal' && objective !== 'causal-lm')
      throw new AppError(
        'objective-unsupported',
        `"${name}" is a ${architecture.label} model with an output layer for another task (${objective}).`,
        'Choose another model.',
      );
    const sized = modelWithoutWeights(name, rawConfig);
    const model = bytes > 3 * sized.parameters ? sized : modelWithoutWeights(name, rawConfig, 'bfloat16');
    return { model, problem: null };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { model: null, problem: toErrorShape(error) };
  }
}

/** Without a dataset; none where the shape cannot be planned for. */
function fits(model: Model, memoryBytes: number): Fit[] {
  try {
    return fitsOf({ model, records: null, memoryBytes, gflops: 1 });
  } catch (error) {
    log('warn', 'lookup.fit', { model: model.name, error: toErrorShape(error) });
    return [];
  }
}

/** Of the disk that will hold the folder, which may not be there yet. */
async function freeBytes(folder: string): Promise<number> {
  for (let place = folder; ; place = dirname(place)) {
    const found = await statfs(place).catch(() => null);
    if (found) return found.bavail * found.bsize;
    if (dirname(place) === place) return 0;
  }
}
