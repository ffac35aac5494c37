// The job behind quick questions: what a model folder holds, what a record looks like to it, what a run
// would cost. Keeps tokenizers and surveys warm, and stays until it is stopped.
import { createReadStream, existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { sample } from '../../resources/sample/sample.ts';
import type { DocumentPart } from '../contract/documents.ts';
import type { Preset } from '../contract/runs.ts';
import { suggest } from '../datasets/detect.ts';
import { endIdsOf } from '../inference/prompt.ts';
import { type Model, openCausalModel } from '../models/load.ts';
import { loadTokenizer, type Tokenizer } from '../tokens/tokenizer.ts';
import { fitsOf, makePlan, verdictOf } from '../training/plan.ts';
import { type PresetFacts, presetsFor } from '../training/presets.ts';
import { measureGflops } from '../training/speed.ts';
import { renderRecord, type SurveyedRecord, surveyRecords, tokenStats } from '../training/survey.ts';
import { cachedModels } from './cached-models.ts';
import { modelFacts } from './inspect-model.ts';
import type { InspectAsks, JobRunner, SourceFile } from './job.ts';
import { lookUpModel, suggestedFits } from './lookup-model.ts';
import { readRecords } from './records.ts';

type Request<Ask extends keyof InspectAsks> = InspectAsks[Ask]['request'];
type Reply<Ask extends keyof InspectAsks> = Promise<InspectAsks[Ask]['reply']>;

/** Parts of a source that are enough to recognise its shape. */
const sampledParts = 300;

export const inspect: JobRunner<'inspect'> = {
  kind: 'inspect',
  run: async (_, context) => {
    const models = keepLatest(
      (folder: string) => open(folder),
      (folder) => stampOf(folder, 'config.json'),
    );
    const surveys = keepLatest(survey, (key) => stampOf(key.split('\n')[1]));

    async function open(folder: string): Promise<Opened> {
      return { model: openCausalModel(folder), tokenizer: await loadTokenizer(folder) };
    }
    async function survey(key: string): Promise<SurveyedRecord[]> {
      const [modelFolder, recordsFile] = key.split('\n');
      const { tokenizer } = await models(modelFolder);
      return surveyRecords(tokenizer, await readRecords(recordsFile), nextTurn);
    }
    const surveyOf = (modelFolder: string, recordsFile: string) => surveys(`${modelFolder}\n${recordsFile}`);

    const answers: { [Ask in keyof InspectAsks]: (request: Request<Ask>) => Reply<Ask> } = {
      model: ({ folder }) => modelFacts(folder),
      fit: async ({ modelFolder, recordsFile, memoryBytes, threads }) => {
        const { model } = await models(modelFolder);
        const records = recordsFile === null ? null : await surveyOf(modelFolder, recordsFile);
        const gflops = await measureGflops(model.shape.hiddenSize, threads);
        return fitsOf({ model, records, memoryBytes, gflops });
      },
      render: async ({ modelFolder, record }) => {
        const { model, tokenizer } = await models(modelFolder);
        return renderRecord(tokenizer, record, model.shape.contextLength);
      },
      tokenStats: async ({ modelFolder, recordsFile, maxLength }) => {
        const { model } = await models(modelFolder);
        const limit =
          maxLength === 0 ? model.shape.contextLength : Math.min(maxLength, model.shape.contextLength);
        return tokenStats(await surveyOf(modelFolder, recordsFile), limit);
      },
      presets: async ({ modelFolder, recordsFile, isSample }) => {
        const { model } = await models(modelFolder);
        return presets(model, await surveyOf(modelFolder, recordsFile), isSample);
      },
      plan: async ({ modelFolder, recordsFile, settings, memoryBytes, diskBytes, startFrom }) => {
        const { model, tokenizer } = await models(modelFolder);
        const records = await surveyOf(modelFolder, recordsFile);
        const gflops = await measureGflops(model.shape.hiddenSize, settings.threads);
        const endIds = await endIdsOf(model, tokenizer);
        return makePlan({ model, records, settings, endIds, memoryBytes, diskBytes, gflops, startFrom });
      },
      lookup: (request) => lookUpModel(request, context.signal, (sent) => context.emit('request', sent)),
      cached: ({ cacheFolder }) => cachedModels(cacheFolder),
      suggestedFits: ({ memoryBytes }) => suggestedFits(memoryBytes),
      suggest: async ({ sources }) => suggest(await Promise.all(sources.map(sampled))),
    };
    await context.answer(answers);
    return null;
  },
};

interface Opened {
  model: Model;
  tokenizer: Tokenizer;
}

/** The four presets; those of a sample dataset are the ones that are known to train it well. */
function presets(model: Model, records: readonly SurveyedRecord[], isSample: boolean): Preset[] {
  const count = (split: string) => records.filter((record) => record.split === split).length;
  const stated = isSample
    ? sample.datasets.find(({ records: own }) => own.train === count('train') && own.test === count('test'))
    : undefined;
  const facts: PresetFacts = {
    model,
    records: count('train'),
    validation: count('validation') > 0,
    stated: stated?.training,
    fits: true,
  };
  const memoryBytes = process.availableMemory() * 0.8;
  const [balanced] = presetsFor(facts).filter(({ suggested }) => suggested);
  const { peakBytes } = makePlan({
    model,
    records,
    settings: balanced.settings,
    endIds: [],
    memoryBytes,
    diskBytes: Number.MAX_SAFE_INTEGER,
    gflops: 1,
  });
  return presetsFor({ ...facts, fits: verdictOf(peakBytes, memoryBytes) !== 'too-large' });
}

/** The first parts of a source; lines end at byte 0x0A only (field case A01). */
async function sampled({ id, name, columns, partsFile }: SourceFile) {
  const sample: DocumentPart[] = [];
  let rest = Buffer.alloc(0);
  if (!existsSync(partsFile)) return { id, name, columns, sample };
  for await (const piece of createReadStream(partsFile) as AsyncIterable<Buffer>) {
    rest = Buffer.concat([rest, piece]);
    for (let end = rest.indexOf(10); end !== -1 && sample.length < sampledParts; end = rest.indexOf(10)) {
      if (end > 0) sample.push(JSON.parse(rest.toString('utf8', 0, end)) as DocumentPart);
      rest = rest.subarray(end + 1);
    }
    if (sample.length >= sampledParts) break;
  }
  if (rest.length > 0 && sample.length < sampledParts && rest.indexOf(10) === -1) {
    sample.push(JSON.parse(rest.toString('utf8')) as DocumentPart);
  }
  return { id, name, columns, sample };
}

const kept = 4;

/** The latest few results by key, made again when the stamp of what they were made from changes. */
function keepLatest<Result>(make: (key: string) => Promise<Result>, stampOf: (key: string) => string) {
  const entries = new Map<string, { stamp: string; result: Promise<Result> }>();
  return (key: string): Promise<Result> => {
    const stamp = stampOf(key);
    const known = entries.get(key);
    entries.delete(key);
    const entry = known?.stamp === stamp ? known : { stamp, result: make(key) };
    entries.set(key, entry);
    entry.result.catch(() => entries.delete(key)); // an error is found again by the next question, or not
    for (const oldest of entries.keys()) if (entries.size > kept) entries.delete(oldest);
    return entry.result;
  };
}

function stampOf(...path: string[]): string {
  const found = statSync(join(...path), { throwIfNoEntry: false });
  return found === undefined ? '' : `${found.mtimeMs} ${found.size}`;
}
