// The job behind quick questions: what a model folder holds, what a record looks like to it, what a run
// would cost. Keeps tokenizers and surveys warm, and stays until it is stopped.
import { createReadStream, existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { sample } from '../../resources/sample/sample.ts';
import type { DocumentPart } from '../contract/documents.ts';
import type { Preset, TrainSettings } from '../contract/runs.ts';
import { suggest } from '../datasets/detect.ts';
import { AppError } from '../errors.ts';
import { endIdsOf } from '../inference/prompt.ts';
import { adaptableLayers } from '../models/adaptable.ts';
import { type Model, openTrainable } from '../models/load.ts';
import { rowModules } from '../models/new-rows.ts';
import { loadTokenizer, type Tokenizer } from '../tokens/tokenizer.ts';
import { fitsOf, makePlan, verdictOf } from '../training/plan.ts';
import { type PresetFacts, presetsFor } from '../training/presets.ts';
import { measureGflops } from '../training/speed.ts';
import { type SurveyedRecord, tokenStats } from '../training/survey.ts';
import { chooseTask, taskTypeOf } from '../training/tasks/index.ts';
import { cachedModels } from './cached-models.ts';
import { designPlan, modelFamilies } from './design-model.ts';
import { growModel } from './grow-model.ts';
import { modelFacts } from './inspect-model.ts';
import type { InspectAsks, JobRunner, SourceFile } from './job.ts';
import { lookUpModel, suggestedFits } from './lookup-model.ts';
import { readRecords } from './records.ts';
import { refusedRoles } from './refused-roles.ts';
import { numberWarnings, ofSplit } from './train-data.ts';
import { answersOnTheWay, plannedBase, plannedSentence } from './train-quantized.ts';

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
      return { model: openTrainable(folder), tokenizer: await loadTokenizer(folder) };
    }
    async function survey(key: string): Promise<Surveyed> {
      const [modelFolder, recordsFile, task] = key.split('\n');
      const { model, tokenizer } = await models(modelFolder);
      const records = await readRecords(recordsFile);
      const train = ofSplit(records, 'train');
      const { type, why } = chooseTask(model, train, task as TrainSettings['task']);
      const surveyed = await type.survey({ tokenizer, model, records }, nextTurn);
      try {
        const prepared = type.prepare(model, train, null, 0);
        const warnings = numberWarnings(prepared, train);
        return { model: prepared, records: surveyed, unfit: null, why, warnings };
      } catch (thrown) {
        if (!(thrown instanceof AppError)) throw thrown;
        const unfit = `${thrown.message} ${thrown.remedy}`;
        return { model, records: surveyed, unfit, why, warnings: [] };
      }
    }
    const surveyOf = (
      modelFolder: string,
      recordsFile: string,
      task: TrainSettings['task'] = 'automatic',
    ): Promise<Surveyed> => surveys(`${modelFolder}\n${recordsFile}\n${task}`);

    const answers: { [Ask in keyof InspectAsks]: (request: Request<Ask>) => Reply<Ask> } = {
      model: ({ folder }) => modelFacts(folder),
      layers: async ({ folder }) => adaptableLayers((await models(folder)).model),
      fit: async ({ modelFolder, recordsFile, memoryBytes, threads }) => {
        const { model, records } =
          recordsFile === null
            ? { model: (await models(modelFolder)).model, records: null }
            : await surveyOf(modelFolder, recordsFile);
        const gflops = await measureGflops(model.shape.hiddenSize, threads);
        return fitsOf({ model, records, memoryBytes, gflops });
      },
      render: async ({ modelFolder, record }) => {
        const { model, tokenizer } = await models(modelFolder);
        return taskTypeOf(model).render(tokenizer, model, record);
      },
      tokenStats: async ({ modelFolder, recordsFile, maxLength }) => {
        const { model, tokenizer } = await models(modelFolder);
        const limit =
          maxLength === 0 ? model.shape.contextLength : Math.min(maxLength, model.shape.contextLength);
        const { records } = await surveyOf(modelFolder, recordsFile);
        const stats = tokenStats(records, limit);
        const ids = new Set(records.flatMap((one) => (one.refusedByTemplate === true ? one.id : [])));
        if (ids.size === 0) return stats;
        const all = await readRecords(recordsFile);
        const of = all.filter(({ id }) => ids.has(id));
        return { ...stats, refused: await refusedRoles(tokenizer, of, nextTurn) };
      },
      presets: async ({ modelFolder, recordsFile, isSample }) => {
        const { model, records } = await surveyOf(modelFolder, recordsFile);
        return presets(model, records, isSample);
      },
      plan: async ({ modelFolder, recordsFile, settings, memoryBytes, diskBytes, startFrom }) => {
        const { tokenizer } = await models(modelFolder);
        const { model, records, unfit, why, warnings } = await surveyOf(
          modelFolder,
          recordsFile,
          settings.task,
        );
        const gflops = await measureGflops(model.shape.hiddenSize, settings.threads);
        const endIds = await endIdsOf(model, tokenizer);
        const recipe = { ...settings, packing: settings.packing && taskTypeOf(model).packs };
        const validated = records.some(({ split }) => split === 'validation');
        const plan = makePlan({
          model: plannedBase(model, settings),
          records,
          settings: recipe,
          endIds,
          memoryBytes,
          diskBytes,
          gflops,
          startFrom,
          answers: answersOnTheWay({ settings }, model),
          compare: true,
        });
        for (const sentence of warnings) plan.checks.unshift({ state: 'warning', sentence });
        const fewBits = plannedSentence(model, settings, validated);
        if (fewBits !== null) plan.checks.push({ state: 'passed', sentence: fewBits });
        if (why !== '') plan.checks.unshift({ state: 'passed', sentence: why });
        if (unfit !== null) plan.checks.unshift({ state: 'failed', sentence: unfit });
        return plan;
      },
      lookup: (request) => lookUpModel(request, context.signal, (sent) => context.emit('request', sent)),
      cached: ({ cacheFolders }) => cachedModels(cacheFolders),
      grow: (request) => growModel(request),
      families: async () => modelFamilies(),
      designPlan: (request) => designPlan(request),
      suggestedFits: ({ memoryBytes }) => suggestedFits(memoryBytes),
      suggest: async ({ sources }) => suggest(await Promise.all(sources.map(sampled))),
    };
    await context.answer(answers);
    return null;
  },
};

interface Surveyed {
  /** With the output layer that the records ask for; of weights that lie nowhere. */
  model: Model;
  records: SurveyedRecord[];
  /** Why these records do not suit this kind of model. */
  unfit: string | null;
  /** What is learned, in one sentence; empty where there is no choice. */
  why: string;
  /** What to say of the numbers that a regression learns. */
  warnings: string[];
}

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
    newRows: model.newRows?.some(({ wanted }) => wanted) ? rowModules(model) : [],
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
  const { packs } = taskTypeOf(model);
  return presetsFor({ ...facts, fits: verdictOf(peakBytes, memoryBytes) !== 'too-large' }).map((preset) =>
    packs ? preset : { ...preset, settings: { ...preset.settings, packing: false } },
  );
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
