// Records of a run as its kind of model learns them, with one sentence for everything that is left out, cut or ignored.
import type { DatasetRecord } from '../contract/datasets.ts';
import type { TrainSettings } from '../contract/runs.ts';
import type { Model } from '../models/load.ts';
import { problemOf } from '../models/new-head.ts';
import type { Tokenizer } from '../tokens/tokenizer.ts';
import { type EncodedData, requireLabels } from '../training/data.ts';
import { maxLengthOf } from '../training/recipe.ts';
import { chooseTask, taskTypeOf } from '../training/tasks/index.ts';
import { numberProblem, numbersOf, spreadWarning, strayWarning } from '../training/tasks/text-numbers.ts';
import type { JobContext, TrainInput } from './job.ts';

type Context = JobContext<'train'>;

export interface TrainingData {
  train: EncodedData;
  validation: EncodedData;
  validationRecords: DatasetRecord[];
}

export const ofSplit = (records: readonly DatasetRecord[], split: DatasetRecord['split']): DatasetRecord[] =>
  records.filter((record) => record.split === split);

/**
 * The model that a run trains, with the output layer that its task asks for; says what the task is, and why.
 * @throws AppError when the records do not suit the task
 */
export function prepareModel(
  { task, seed }: TrainSettings,
  base: Model,
  train: readonly DatasetRecord[],
  headFile: string,
  context: Context,
): Model {
  const { type, why } = chooseTask(base, train, task);
  if (why !== '') context.emit('message', { level: 'info', sentence: why });
  const model = type.prepare(base, train, headFile, seed);
  const spread = givesNumbers(model) ? spreadWarning(numbersOf(train)) : undefined;
  if (spread !== undefined) context.emit('message', { level: 'warning', sentence: spread });
  return model;
}

const givesNumbers = (model: Model): boolean =>
  model.objective === 'classification' && problemOf(model) === numberProblem;

/** What to say of the numbers that a regression learns, before it starts; nothing for other tasks. */
export function numberWarnings(model: Model, train: readonly DatasetRecord[]): string[] {
  if (!givesNumbers(model)) return [];
  return [strayWarning(train), spreadWarning(numbersOf(train))].flatMap((sentence) => sentence ?? []);
}

export async function encodeData(
  { settings }: TrainInput,
  records: readonly DatasetRecord[],
  { model, tokenizer }: { model: Model; tokenizer: Tokenizer },
  context: Context,
): Promise<TrainingData> {
  const maxLength = maxLengthOf(settings, model);
  const { encode, strange = 'answers that no training record has' } = taskTypeOf(model);
  const onProgress = (share: number) =>
    context.progress({
      progress: null,
      position: `${Math.round(share * 100)} % of the records read`,
      rate: '',
      secondsLeft: null,
    });
  const training = ofSplit(records, 'train');
  const train = await encode({
    tokenizer,
    model,
    records: training,
    maxLength,
    cut: settings.cut,
    onProgress,
  });
  requireLabels(train, training.length, maxLength);
  const validationRecords = ofSplit(records, 'validation');
  const validation = await encode({
    tokenizer,
    model,
    records: validationRecords,
    maxLength,
    cut: settings.cut,
  });
  const warn = (sentence: string) => context.emit('message', { level: 'warning', sentence });
  if (train.withoutLabel.length > 0)
    warn(
      `${train.withoutLabel.length} records have no trained token at length ${maxLength} and are left out.`,
    );
  if (train.refused.length > 0)
    warn(`${train.refused.length} records are left out: ${train.refused[0].sentence}`);
  const unknown = validation.unknown?.length ?? 0;
  if (unknown > 0)
    warn(
      `${unknown} of ${validationRecords.length} validation records have ${strange}; ` +
        'the validation loss leaves them out.',
    );
  const cut = train.records.filter((record) => record.truncated).length;
  const where =
    settings.cut === 'prompt-start' && taskTypeOf(model).cutsPrompts
      ? ', from the beginning of the prompt'
      : '';
  if (cut > 0) warn(`${cut} of ${train.records.length} records are cut at ${maxLength} tokens${where}.`);
  for (const sentence of ignoredSettings(settings, model))
    context.emit('message', { level: 'info', sentence });
  return { train, validation, validationRecords };
}

/** What a recipe asks for that has no meaning for this kind of model. */
function ignoredSettings(settings: TrainSettings, model: Model): string[] {
  const { packs, takesNoise, smooths, cutsPrompts } = taskTypeOf(model);
  const { label } = model.architecture;
  const sentences: string[] = [];
  if (settings.packing && !packs)
    sentences.push(`Packing is not used: a ${label} model reads one text a row.`);
  if (settings.cut === 'prompt-start' && !cutsPrompts)
    sentences.push(`Long texts are cut at their end: a ${label} model reads no prompt with its answer.`);
  if (settings.neftuneAlpha > 0 && !takesNoise)
    sentences.push(`Noise on embeddings is not used: it is not defined for a ${label} model.`);
  if (settings.labelSmoothing > 0 && !smooths)
    sentences.push('Label smoothing is not used: it is defined where one label of many is learned.');
  return sentences;
}
