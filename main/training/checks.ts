// What is looked at before a run starts, each as one sentence: leaks, ends that are learned, cut records,
// records without anything to learn, memory, disk. A failed check means that the run must not start.
import { requirePrecision } from '../compiler/precision.ts';
import type { Repair } from '../contract/datasets.ts';
import type { Plan } from '../contract/runs.ts';
import { AppError } from '../errors.ts';
import { type CutSide, keptOf } from './cut.ts';
import { newRowsCheck } from './new-rows.ts';
import type { PlanInput } from './plan.ts';
import { wholeWhenUntrained } from './presets.ts';
import { requireStates } from './programs.ts';
import { loraOf, optimizerChoiceOf } from './recipe.ts';
import { startAdapter } from './start.ts';
import { labelsAt, nothingLearned, refusals, type SurveyedRecord } from './survey.ts';
import { measureFault } from './validation-measure.ts';

type Check = Plan['checks'][number];

const passed = (sentence: string): Check => ({ state: 'passed', sentence });
const warning = (sentence: string): Check => ({ state: 'warning', sentence });
const failed = (sentence: string): Check => ({ state: 'failed', sentence });
const count = (number: number): string => number.toLocaleString('en-US');
const size = (bytes: number): string =>
  bytes < 10e9 ? `${count(Math.ceil(bytes / 1e6))} MB` : `${(bytes / 1e9).toFixed(1)} GB`;

export function checksOf(input: PlanInput, plan: Omit<Plan, 'checks'>, maxLength: number): Check[] {
  const train = input.records.filter(({ split }) => split === 'train');
  return [
    start(input, plan.learningRates),
    untrained(input),
    newRowsCheck(input.settings, input.model) ?? undefined,
    optimizer(input),
    measure(input),
    precision(input),
    learned(train, maxLength, input.settings.cut),
    repaired(train),
    leaks(input.records),
    ends(train, input.endIds, maxLength),
    cuts(train, maxLength, input.settings.cut),
    validation(input.records, input.settings.patience),
    batch(train.length, input.settings.batchSize),
    memory(plan),
    disk(plan, input.diskBytes),
  ].flatMap((check) => check ?? []);
}

/** A new schedule for weights that were trained before is said, with its first rate (RULES 7). */
function start({ startFrom, settings, model }: PlanInput, rates: readonly number[]): Check | undefined {
  if (!startFrom) return undefined;
  const lora = loraOf(settings, model);
  try {
    if (lora !== undefined) startAdapter(model, lora, startFrom.folder);
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown;
    const advice = 'Use the rank, layers and method of that run.';
    return failed(`The weights of run ${startFrom.run} do not fit this recipe. ${thrown.message} ${advice}`);
  }
  const [first = 0] = rates;
  const highest = Math.max(0, ...rates);
  const rise = first < highest ? `, and the highest is ${rateText(highest)}` : '';
  return passed(
    `The run starts from step ${startFrom.step} of run ${startFrom.run} with a new schedule: ` +
      `the first learning rate is ${rateText(first)}${rise}.`,
  );
}

/** Random weights under an adapter stay what they are; another run's weights do not help, for they are an adapter too. */
function untrained({ model, settings }: PlanInput): Check | undefined {
  if (model.untrained !== true) return undefined;
  if (settings.method === 'full' && settings.lastLayers === 0 && settings.freeze.length === 0)
    return passed(wholeWhenUntrained);
  const how = settings.method === 'full' ? 'Most of them would stay' : 'Under an adapter they would stay';
  return warning(
    `The weights of this model were drawn at random and never trained. ${how} as they are: ` +
      'choose full fine-tuning of all layers.',
  );
}

/** Some optimizers work on the processor only. */
function optimizer({ settings }: PlanInput): Check | undefined {
  try {
    requireStates(optimizerChoiceOf(settings), settings.provider);
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown;
    return failed(`${thrown.message} ${thrown.remedy}`);
  }
}

/** Not every measure suits what is learned. */
function measure({ settings, model }: PlanInput): Check | undefined {
  const fault = measureFault(settings, model);
  return fault === undefined ? undefined : failed(`${fault} Choose another one under "All settings".`);
}

/** Not every device multiplies halves; the processor does it the long way round. */
function precision({ settings }: PlanInput): Check | undefined {
  try {
    requirePrecision(settings.precision, settings.provider);
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown;
    return failed(`${thrown.message} ${thrown.remedy}`);
  }
  if (settings.provider !== 'cpu' || settings.precision === 'fp32') return undefined;
  return warning(
    `The processor rounds to ${settings.precision}, and multiplies in float32: that takes longer than fp32.`,
  );
}

const rateText = (rate: number): string => (rate === 0 ? '0' : rate.toExponential(1));

/** Field case C04, and what the chat template refuses. */
function learned(train: readonly SurveyedRecord[], maxLength: number, cut: CutSide): Check {
  if (train.length === 0) return failed('There is no training record.');
  const refused = refusals(train).join(' ');
  const rendered = train.filter((record) => record.refused === null);
  if (rendered.length === 0) return failed(refused);
  const empty = rendered.filter((record) => labelsAt(record, maxLength, cut) === 0).length;
  if (empty === rendered.length) {
    const choice = cut === 'end' && rendered.some(({ frame }) => frame !== undefined);
    const remedy = `Raise the maximum length${choice ? ', or cut the beginning of prompts instead' : ''}.`;
    return failed(`${nothingLearned(empty, train.length, maxLength)} ${remedy}`);
  }
  const sentences = [
    ...(refused === '' ? [] : [`${refused} They are left out.${repairHint(train)}`]),
    ...(empty === 0 ? [] : [`${nothingLearned(empty, train.length, maxLength)} They are left out.`]),
  ];
  return sentences.length === 0
    ? passed(`All ${count(train.length)} training records hold something to learn.`)
    : warning(sentences.join(' '));
}

/** Field case B04: conversations that the build of the dataset changed, so that a chat template takes them. */
function repaired(train: readonly SurveyedRecord[]): Check | undefined {
  const changedBy = (step: Repair) => train.filter((record) => record.repaired?.includes(step)).length;
  const [merged, joined] = [changedBy('merge-system'), changedBy('join-turns')];
  const parts = [
    ...(merged > 0 ? [`${merged} have their system text in front of the first question`] : []),
    ...(joined > 0 ? [`${joined} have successive turns joined`] : []),
  ];
  if (parts.length === 0) return undefined;
  return passed(`Of ${train.length} training records, ${parts.join(', and ')}, as the dataset says.`);
}

const repairHint = (train: readonly SurveyedRecord[]): string =>
  train.some(({ refusedByTemplate }) => refusedByTemplate === true)
    ? ' The checks of the dataset tell what makes them acceptable.'
    : '';

function leaks(records: readonly SurveyedRecord[]): Check {
  const trained = new Set(records.flatMap(({ split, hash }) => (split === 'train' ? hash : [])));
  const count = (split: string) =>
    records.filter((record) => record.split === split && trained.has(record.hash)).length;
  const [test, validation] = [count('test'), count('validation')];
  if (test > 0)
    return failed(`${test} test records are in the training data too, so a measurement would mean nothing.`);
  if (validation > 0) return warning(`${validation} validation records are in the training data too.`);
  return passed('No test record is in the training data.');
}

/** A model that never learns its end token runs on to the limit (field case B02). */
function ends(
  train: readonly SurveyedRecord[],
  endIds: readonly number[],
  maxLength: number,
): Check | undefined {
  const whole = train.filter(
    ({ refused, end, length }) => refused === null && end.expected && length <= maxLength,
  );
  if (whole.length === 0) return undefined;
  if (endIds.length === 0)
    return warning('This model names no token that ends an answer, so answers run to the limit.');
  const without = whole.filter(({ end }) => !endIds.includes(end.id)).length;
  if (without === 0) return passed('The end of each answer is learned.');
  return warning(
    `${without} of ${whole.length} records do not end with a learned end token, so answers may run on.`,
  );
}

function cuts(train: readonly SurveyedRecord[], maxLength: number, cut: CutSide): Check {
  const longer = train.filter(({ length }) => length > maxLength);
  if (longer.length === 0) return passed(`No record is longer than ${maxLength} tokens.`);
  const longest = longer.reduce((most, { length }) => Math.max(most, length), 0);
  const longerThan = `${count(longer.length)} of ${count(train.length)} records are longer than ${maxLength} tokens`;
  const atStart = longer.filter(({ frame }) => cut === 'prompt-start' && frame !== undefined).length;
  if (atStart === 0) return warning(`${longerThan} and are cut; the longest has ${longest}.`);
  const both = longer.filter((record) => losesEnd(record, maxLength)).length;
  const also = both === 0 ? '' : `, ${count(both)} of them the end of the answer too`;
  return warning(`${longerThan} and lose the beginning of their prompt${also}; the longest has ${longest}.`);
}

const losesEnd = ({ trained, frame }: SurveyedRecord, maxLength: number): boolean =>
  frame === undefined || keptOf(trained, frame, maxLength, 'prompt-start').to < trained.length;

function validation(records: readonly SurveyedRecord[], patience: number): Check | undefined {
  if (records.some(({ split }) => split === 'validation')) return undefined;
  const early = patience > 0 ? 'it cannot stop early, and ' : '';
  return warning(`There is no validation record: ${early}the last step counts as the best.`);
}

function batch(records: number, batchSize: number): Check | undefined {
  if (records === 0 || batchSize <= records) return undefined;
  return warning(
    `A batch of ${batchSize} is larger than the ${count(records)} training records: each update takes them all.`,
  );
}

function memory({ verdict, peakBytes, availableBytes }: Omit<Plan, 'checks'>): Check {
  const numbers = `about ${size(peakBytes)} of ${size(availableBytes)} free memory`;
  if (verdict === 'fits') return passed(`The run needs ${numbers}.`);
  if (verdict === 'tight')
    return warning(`The run needs ${numbers}: close other programs, or choose "Least memory".`);
  return failed(`The run would need ${numbers}. Choose "Least memory", a shorter length or a lower rank.`);
}

function disk({ diskBytes, quantizedBytes }: Omit<Plan, 'checks'>, free: number): Check {
  const checkpoints = `Checkpoints need ${size(diskBytes - quantizedBytes)}`;
  const base = `the base in few bits ${size(quantizedBytes)}`;
  if (diskBytes > free) {
    const needed = quantizedBytes === 0 ? checkpoints : `${checkpoints} and ${base}`;
    return failed(`${needed}, but the disk has ${size(free)} free.`);
  }
  const needed = `${checkpoints} of ${size(free)} free disk space`;
  return passed(quantizedBytes === 0 ? `${needed}.` : `${needed}, and ${base}, which later runs use too.`);
}
