// Validations of a run: the loss over the whole split and, where the recipe is judged by another measure, the answers of an
// encoder from the same pass. Says when a run ends early. Knows no graph and no checkpoint.
import type { TrainSettings, ValidationPoint } from '../contract/runs.ts';
import { AppError } from '../errors.ts';
import { outputsOf } from '../inference/classifier.ts';
import { answerText } from '../inference/label-answer.ts';
import { markedByLogits } from '../inference/word-answer.ts';
import { metricById } from '../metrics/index.ts';
import { measureAnswers, type OneAnswer } from '../metrics/run.ts';
import type { Model } from '../models/load.ts';
import { labelsOf, separatorOf } from '../models/new-head.ts';
import type { Tokenizer } from '../tokens/tokenizer.ts';
import { type Judged, judge } from '../training/best.ts';
import type { TrainingRecord } from '../training/data.ts';
import { breathe } from '../training/loop.ts';
import { maxLengthOf, microBatchTokensOf } from '../training/recipe.ts';
import { taskTypeOf } from '../training/tasks/index.ts';
import { encodeWords } from '../training/tasks/labelled-words.ts';
import { questionOf } from '../training/tasks/question.ts';
import { plannedLengths } from '../training/tasks/task-type.ts';
import { markedText } from '../training/tasks/word-marks.ts';
import { labelledTexts } from '../training/tasks/word-records.ts';
import type { Trainer } from '../training/trainer.ts';
import { planOnce } from '../training/updates.ts';
import { measureFault } from '../training/validation-measure.ts';
import type { TrainingData } from './train-data.ts';

export interface Validated {
  loss: number;
  /** Labels that the loss is the mean of. */
  tokens: number;
  /** Of the recipe's measure; undefined where that is the loss, or has no value on these answers. */
  score?: number;
  /** Why the measure has no value, in a sentence. */
  unscored?: string;
}

export interface Validator {
  /** Whether there is anything to validate on. */
  has: boolean;
  /** Undefined where it was stopped on the way. */
  measure(signal?: AbortSignal): Promise<Validated | undefined>;
  /** What the validation of a step means for the run, with its point; `sentence` where the run ends early. */
  judge(before: Judged, step: number, validated: Validated): Judgement;
}

export interface Judgement {
  judged: Judged;
  improved: boolean;
  stop: boolean;
  point: ValidationPoint;
  sentence: string;
}

/** @throws AppError `settings-unfit` where the recipe's measure does not suit what the model learns */
export function requireMeasure(settings: TrainSettings, model: Model): void {
  const fault = measureFault(settings, model);
  if (fault !== undefined)
    throw new AppError('settings-unfit', fault, 'Choose another measure under "All settings".');
}

export function createValidator(settings: TrainSettings, parts: ValidatorParts, padId: number): Validator {
  const { model, data, trainer } = parts;
  const { validationMetric, patience, minimumGain } = settings;
  const { records, unknown = [] } = data.validation;
  const { lay } = taskTypeOf(model);
  const metric = metricById(validationMetric);
  const scored = validationMetric !== 'loss';
  const plansOf = (of: readonly TrainingRecord[]) =>
    planOnce(plannedLengths(of), maxLengthOf(settings, model), microBatchTokensOf(settings, model));
  const plans = plansOf(records);
  // answers that no training record has count as wrong; they have no loss
  const others = scored ? plansOf(unknown) : [];
  let reader: Promise<AnswerReader> | undefined;

  const measure: Validator['measure'] = async (signal) => {
    if (scored) reader ??= readerOf(settings, parts);
    const read = await reader;
    const answers: OneAnswer[] = [];
    const run = async (of: readonly TrainingRecord[], plan: (typeof plans)[number]) => {
      const { losses, logits = new Float32Array() } = await trainer.measure(lay(of, plan, model, padId));
      const outputs = logits.length / plan.rows.length;
      if (read === undefined || !logits.every((logit) => Number.isFinite(logit))) return losses;
      plan.rows.forEach(([{ record }], row) => {
        answers.push(read(of[record], logits.subarray(row * outputs, (row + 1) * outputs)));
      });
      return losses;
    };
    let [sum, tokens] = [0, 0];
    for (const plan of plans) {
      await breathe(); // a stop is heard between batches
      if (signal?.aborted) return undefined;
      const losses = await run(records, plan);
      for (const loss of losses) sum += loss;
      tokens += losses.length;
    }
    const loss = sum / tokens;
    if (!scored || !Number.isFinite(loss)) return { loss, tokens };
    for (const plan of others) await run(unknown, plan);
    return { loss, tokens, ...scoreOf(validationMetric, answers) };
  };

  return {
    has: plans.length > 0,
    measure,
    judge: (before, step, { loss, tokens, score, unscored }) => {
      if (unscored !== undefined)
        return {
          judged: before,
          improved: false,
          stop: false,
          point: { step, loss, tokens, best: false },
          sentence: '',
        };
      const value = score ?? loss;
      const { betterWhen } = metric;
      const verdict = judge(before, { step, loss, value }, { betterWhen, minimumGain, patience });
      const name = scored ? `"${metric.label}"` : 'the validation loss';
      const move = `${betterWhen === 'higher' ? 'rise' : 'fall'}${minimumGain > 0 ? ` by more than ${minimumGain}` : ''}`;
      const point = { step, loss, tokens, best: verdict.improved, ...(scored ? { score } : {}) };
      const best = verdict.judged.best?.step;
      const sentence = verdict.stop
        ? `Stopped early: ${name} did not ${move} in ${patience} validations. The best is step ${best}.`
        : '';
      return { ...verdict, point, sentence };
    },
  };
}

interface ValidatorParts {
  model: Model;
  tokenizer: Tokenizer;
  data: TrainingData;
  trainer: Pick<Trainer, 'measure'>;
}

/** What a record was answered, from the logits of its row [outputs], or [tokens, labels]. */
type AnswerReader = (record: TrainingRecord, logits: Float32Array) => OneAnswer;

async function readerOf(
  settings: TrainSettings,
  { model, tokenizer, data }: ValidatorParts,
): Promise<AnswerReader> {
  const all = data.validationRecords;
  if (model.objective === 'token-classification') {
    const texts = labelledTexts(all).map((one) => ('text' in one ? one : { text: '', spans: [] }));
    const encoded = await encodeWords(
      tokenizer,
      texts.map(({ text }) => text),
      maxLengthOf(settings, model),
    );
    const places = new Map(all.map(({ id }, i) => [id, i]));
    const labels = labelsOf(model) ?? [];
    return ({ recordId }, logits) => {
      const i = places.get(recordId) as number;
      const { text, spans } = texts[i];
      const output = markedByLogits(text, encoded[i], logits, labels);
      return { prompt: text, reference: markedText(text, spans), output };
    };
  }
  const separator = separatorOf(model);
  const references = new Map(all.map(({ id, content }) => [id, questionOf(content)?.answer ?? '']));
  return ({ recordId, target }, logits) => {
    const outputs = outputsOf(model, logits);
    return {
      reference: references.get(recordId) ?? '',
      output: answerText(outputs, model),
      separator,
      probabilities: [...outputs],
      truth: target?.[0],
    };
  };
}

/** A measure may have no value on some answers, such as a correlation of equal ones: that ends no run. */
function scoreOf(metric: string, answers: readonly OneAnswer[]): Pick<Validated, 'score' | 'unscored'> {
  try {
    return { score: measureAnswers(metric, answers) };
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown;
    return { unscored: thrown.message };
  }
}
