// The job that measures a tuned model against its base: both answer the same prompts greedily and are asked
// how much the right answers surprise them. Every prediction goes into a file; the numbers come from
// main/metrics.
import { createWriteStream, renameSync, rmSync } from 'node:fs';
import { finished } from 'node:stream/promises';
import type { DatasetRecord } from '../contract/datasets.ts';
import type { Prediction } from '../contract/evaluations.ts';
import { contentHash } from '../datasets/record.ts';
import { AppError } from '../errors.ts';
import type { BatchAnswer } from '../inference/answer.ts';
import type { Prompt } from '../inference/prompt.ts';
import { promptsFor } from '../inference/prompts.ts';
import type { RecordLoss } from '../inference/score.ts';
import { openAsTrained, openTuned, type TunedModel } from '../inference/weights.ts';
import { entityScoresPerLabel } from '../metrics/entities.ts';
import { entityPair, scoresOf, summarize, verdictSentence } from '../metrics/run.ts';
import { openTrainable } from '../models/load.ts';
import { labelsOf, problemOf, separatorOf } from '../models/new-head.ts';
import { loadTokenizer, type Tokenizer } from '../tokens/tokenizer.ts';
import type { TrainingRecord } from '../training/data.ts';
import { quoted } from '../training/tasks/answer-labels.ts';
import { taskTypeOf } from '../training/tasks/index.ts';
import { requireRows } from '../training/token-rows.ts';
import { blindSide, openSide, type Side } from './evaluate-side.ts';
import type { JobContext, JobRunner, JobTypes } from './job.ts';
import { readRecords } from './records.ts';
import { ofSplit } from './train-data.ts';

type Input = JobTypes['evaluate']['input'];

/** Records that are answered, measured and written before the next ones begin. */
const groupSize = 128;

export const evaluate: JobRunner<'evaluate'> = {
  kind: 'evaluate',
  run: async (input, context) => {
    const all = await readRecords(input.recordsFile);
    const wanted = pick(
      all.filter(({ split }) => split === input.split),
      input.limit,
    );
    const model = openTrainable(input.modelFolder);
    const tokenizer = await loadTokenizer(input.modelFolder);
    const tuned = await openAsTrained(model, input.tuned, context.signal);
    const labels = labelsOf(tuned.model);
    const separator = separatorOf(tuned.model);
    const { items, leftOut, notes } = await prepare(wanted, tokenizer, tuned);
    if (items.length === 0) throw nothingToMeasure(input.split, wanted.length, leftOut);
    const metricIds =
      input.metricIds.length > 0
        ? input.metricIds
        : (taskTypeOf(tuned.model).measures ?? defaultMetrics(items.map(({ record }) => record)));
    const { threads, provider = 'cpu' } = input;
    // without labels of its own, or with others, the base answers with what is most frequent in the training records
    const isSame = () =>
      labelsOf(model)?.join('\n') === labels?.join('\n') && problemOf(model) === problemOf(tuned.model);
    const isUntrained = labels !== undefined && !isSame();
    const openBase = async () => {
      if (!isUntrained) return openSide(openTuned(model, null), tokenizer, threads, provider);
      const { side, sentence } = blindSide(ofSplit(all, 'train'), tuned.model);
      notes.push(sentence);
      return side;
    };
    const openSides = [openBase, () => openSide(tuned, tokenizer, threads, provider)];
    const predictions = await predict(input, context, { items, openSides, metricIds, separator });
    const leaks = countLeaks(
      all,
      items.map(({ record }) => record),
    );
    const { results } = summarize(predictions, metricIds);
    notes.push(...scoresByLabel(predictions, results));
    const verdict =
      leaks > 0
        ? `${leaks} of ${items.length} records are in the training data too, so there is no verdict.`
        : verdictSentence('The tuned model', results);
    return { results, verdict: [verdict, ...leftOut, ...notes].join(' '), leaks, records: items.length };
  },
};

const mostShownLabels = 8;

/** Entity F1 of each label, where labels of words are measured; the most frequent ones. */
function scoresByLabel(predictions: readonly Measured[], results: readonly { metricId: string }[]): string[] {
  if (!results.some(({ metricId }) => metricId === 'entities-f1')) return [];
  const scores = entityScoresPerLabel(predictions.flatMap((one) => entityPair(one, 'tuned') ?? []))
    .sort((a, b) => b.support - a.support)
    .map(({ label, f1, support }) => `${label} ${f1.toFixed(3)} (${support})`);
  const rest = scores.length - mostShownLabels;
  const shown = scores.slice(0, mostShownLabels).join(', ');
  return [
    `Entity F1 of the tuned model by label, with the number of right ones: ${shown}${rest > 0 ? ` and ${rest} more` : ''}.`,
  ];
}

interface Item {
  record: DatasetRecord;
  /** Undefined for texts, which are only scored. */
  prompt: Prompt | undefined;
  encoded: TrainingRecord;
}

/** At most `limit` records (0 = all), spread evenly over the split. */
function pick(records: readonly DatasetRecord[], limit: number): DatasetRecord[] {
  if (limit === 0 || limit >= records.length) return [...records];
  return Array.from({ length: limit }, (_, i) => records[Math.floor((i * records.length) / limit)]);
}

/**
 * Renders the records. What cannot be measured is left out, with one sentence for each reason (field case
 * E07). An answer that is no label of a classifier stays, and counts as wrong.
 */
async function prepare(
  records: readonly DatasetRecord[],
  tokenizer: Tokenizer,
  { model }: TunedModel,
): Promise<{ items: Item[]; leftOut: string[]; notes: string[] }> {
  const { contextLength } = model.shape;
  const call = { tokenizer, model, records, maxLength: contextLength };
  const { encode, strange } = taskTypeOf(model);
  const { records: encoded, withoutLabel, refused, unknown = [] } = await encode(call);
  requireRows(model, tokenizer, [...encoded, ...unknown], 'measured');
  const prompts = promptsFor(model, tokenizer);
  const byId = new Map([...encoded, ...unknown].map((record) => [record.recordId, record]));
  const items: Item[] = [];
  let tooLong = 0;
  for (const record of records) {
    const own = byId.get(record.id);
    if (own === undefined) continue;
    const prompt = await prompts.ofRecord(record.content);
    if (prompts.sharesContext && prompt !== undefined && prompt.ids.length >= contextLength) tooLong += 1;
    else items.push({ record, prompt, encoded: own });
  }
  tooLong += withoutLabel.length;
  const leftOut: string[] = [];
  const of = `of ${records.length} records left out:`;
  if (tooLong > 0)
    leftOut.push(
      `${tooLong} ${of} their prompts leave no room in the ${contextLength} tokens of this model.`,
    );
  if (refused.length > 0) leftOut.push(`${refused.length} ${of} ${refused[0].sentence}`);
  const wrong = items.filter((item) => unknown.includes(item.encoded));
  const answers = quoted([...new Set(wrong.map(({ prompt }) => prompt?.reference ?? ''))]);
  const some = `${wrong.length} of ${items.length} records`;
  const note =
    strange === undefined
      ? `${some} count as wrong: no training record has their answer (${answers}).`
      : `${some} have ${strange}, which count as missed (${answers}).`;
  const notes = wrong.length === 0 ? [] : [note];
  return { items, leftOut, notes };
}

function nothingToMeasure(split: string, records: number, leftOut: readonly string[]): AppError {
  if (records === 0)
    return new AppError('split-empty', `There are no ${split} records.`, 'Choose another split.');
  return new AppError(
    'nothing-to-measure',
    `No record can be measured. ${leftOut.join(' ')}`,
    'Shorten the prompts, or choose another model.',
  );
}

/**
 * Loss for every type; for answers also how they match, character by character where they are of a fixed
 * form.
 */
function defaultMetrics(records: readonly DatasetRecord[]): string[] {
  const references = records.flatMap(({ content }) =>
    content.type === 'chat'
      ? (content.messages.findLast(({ role }) => role === 'assistant')?.content ?? [])
      : content.type === 'completion'
        ? content.completion
        : [],
  );
  if (references.length === 0) return ['loss', 'perplexity', 'bits-per-byte'];
  return [
    'loss',
    'perplexity',
    ...(isStructured(references) ? ['exact-line'] : []),
    'exact-match',
    'f1',
    'stops-by-itself',
  ];
}

/** One line each, with the same separators in every answer, or one of a few short labels. */
export function isStructured(answers: readonly string[]): boolean {
  if (answers.some((answer) => answer.trim().includes('\n'))) return false;
  const separators = answers.map((answer) => answer.replace(/[^|;\t{}]/g, ''));
  if (separators[0] !== '' && separators.every((found) => found === separators[0])) return true;
  return answers.length >= 20 && new Set(answers).size <= answers.length / 4;
}

/** Measured records whose content is also a training record's. */
function countLeaks(all: readonly DatasetRecord[], measured: readonly DatasetRecord[]): number {
  const trained = new Set(
    all.flatMap(({ split, content }) => (split === 'train' ? contentHash(content) : [])),
  );
  return measured.filter(({ split, content }) => split !== 'train' && trained.has(contentHash(content)))
    .length;
}

interface Parts {
  items: Item[];
  /** Base and tuned. */
  openSides: readonly (() => Promise<Side>)[];
  metricIds: readonly string[];
  /** What stands between the labels of an answer that has several. */
  separator: string | undefined;
}

/** Both models over all records, written group by group under a temporary name. */
async function predict(
  input: Input,
  context: JobContext<'evaluate'>,
  { items, openSides, metricIds, separator }: Parts,
): Promise<Measured[]> {
  const { predictionsFile } = input;
  const sides: Side[] = [];
  const temporary = `${predictionsFile}.tmp`;
  const file = createWriteStream(temporary);
  const written = finished(file);
  written.catch(() => {}); // awaited below; a full disk must not end the process before that
  const report = createReport(context, items.length);
  try {
    for (const open of openSides) sides.push(await open());
    const predictions: Measured[] = [];
    for (let start = 0; start < items.length; start += groupSize) {
      await context.unlessPaused();
      const group = items.slice(start, start + groupSize);
      const [base, tuned] = [
        await measure(sides[0], group, input, context, report),
        await measure(sides[1], group, input, context, report),
      ];
      if (context.signal.aborted)
        throw new AppError('cancelled', 'The evaluation was cancelled.', 'Start it again.');
      const made = group.map((item, i) => toPrediction(item, base[i], tuned[i], metricIds, separator));
      for (const prediction of made) file.write(`${JSON.stringify(prediction, withoutScores)}\n`);
      predictions.push(...made);
    }
    file.end();
    await written;
    renameSync(temporary, predictionsFile);
    return predictions;
  } finally {
    file.destroy();
    rmSync(temporary, { force: true });
    for (const side of sides) await side.release();
  }
}

/** With what only the measures read. */
type SideResult = Prediction['base'] & Pick<BatchAnswer, 'probabilities'>;
interface Measured extends Prediction {
  base: SideResult;
  tuned: SideResult;
  /** The label of the answer, as an output of a classifier. */
  truth?: number;
  separator?: string;
}

/** Probabilities of up to 200 labels are not stored with every prediction. */
const withoutScores = (key: string, value: unknown): unknown =>
  ['probabilities', 'truth', 'separator'].includes(key) ? undefined : value;

async function measure(
  side: Side,
  group: readonly Item[],
  { maxNewTokens, beams, lengthPenalty }: Input,
  { signal }: JobContext<'evaluate'>,
  report: () => void,
): Promise<SideResult[]> {
  const losses = await side.losses(
    group.map(({ encoded }) => encoded),
    signal,
  );
  const drawn = { maxNewTokens, beams, lengthPenalty };
  const asked = group.filter(({ prompt }) => prompt !== undefined);
  const prompts = asked.map(({ prompt }) => (prompt as Prompt).ids);
  const answers = await side.answers(prompts, { ...drawn, signal, onDone: report });
  for (let i = asked.length; i < group.length; i++) report();
  return group.map((item, i) => sideOf(losses[i], answers[asked.indexOf(item)]));
}

function sideOf({ sum, tokens }: RecordLoss, answer: BatchAnswer | undefined): SideResult {
  const { text = '', stopped = true, probabilities } = answer ?? {};
  return { output: text, lossSum: sum, lossTokens: tokens, stopped, probabilities };
}

function toPrediction(
  { record, prompt, encoded }: Item,
  base: SideResult,
  tuned: SideResult,
  metricIds: readonly string[],
  separator: string | undefined,
): Measured {
  const reference = prompt?.reference ?? (record.content.type === 'text' ? record.content.text : '');
  const from = record.provenance[0];
  const place =
    from === undefined ? '' : [from.sourceName, from.place].filter((part) => part !== '').join(', ');
  const prediction = {
    recordId: record.id,
    prompt: prompt?.text ?? '',
    reference,
    place,
    base,
    tuned,
    truth: tuned.probabilities === undefined ? undefined : encoded.target?.[0],
    separator,
    scores: {},
  };
  return { ...prediction, scores: scoresOf(prediction, metricIds) };
}

/** Counts answers of both models and tells how long the rest will take. */
function createReport(context: JobContext<'evaluate'>, records: number): () => void {
  const start = performance.now();
  let done = 0;
  return () => {
    done += 1;
    const seconds = (performance.now() - start) / 1000;
    const total = 2 * records;
    context.progress({
      progress: done / total,
      position: `${Math.floor(done / 2)} of ${records} records`,
      rate: `${(done / 2 / seconds).toFixed(1)} records/s`,
      secondsLeft: done < 8 ? null : ((total - done) * seconds) / done,
    });
  };
}
