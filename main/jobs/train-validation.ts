// Validations of a run: the loss over the whole split and, where the recipe is judged by another measure, the answers of a
// classifier from the same pass. Says when a run ends early. Knows no graph and no checkpoint.
import type { TrainSettings, ValidationPoint } from '../contract/runs.ts';
import { AppError } from '../errors.ts';
import { outputsOf } from '../inference/classifier.ts';
import { answerText } from '../inference/label-answer.ts';
import { metricById } from '../metrics/index.ts';
import { measureAnswers } from '../metrics/run.ts';
import type { Model } from '../models/load.ts';
import { separatorOf } from '../models/new-head.ts';
import { type Judged, judge } from '../training/best.ts';
import type { TrainingRecord } from '../training/data.ts';
import { maxLengthOf, microBatchTokensOf } from '../training/recipe.ts';
import { taskTypeOf } from '../training/tasks/index.ts';
import { questionOf } from '../training/tasks/question.ts';
import { plannedLengths } from '../training/tasks/task-type.ts';
import type { Trainer } from '../training/trainer.ts';
import { planOnce } from '../training/updates.ts';
import { measureFault } from '../training/validation-measure.ts';
import type { TrainingData } from './train-data.ts';

export interface Validated {
  loss: number;
  /** Labels that the loss is the mean of. */
  tokens: number;
  /** Of the recipe's measure; undefined where that is the loss. */
  score?: number;
}

export interface Validator {
  /** Whether there is anything to validate on. */
  has: boolean;
  measure(): Promise<Validated>;
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

export function createValidator(
  settings: TrainSettings,
  { model, data, trainer }: { model: Model; data: TrainingData; trainer: Pick<Trainer, 'measure'> },
  padId: number,
): Validator {
  const { validationMetric, patience, minimumGain } = settings;
  const { records, unknown = [] } = data.validation;
  const { lay } = taskTypeOf(model);
  const metric = metricById(validationMetric);
  const scored = validationMetric !== 'loss';
  const separator = separatorOf(model);
  const references = new Map(
    scored ? data.validationRecords.map(({ id, content }) => [id, questionOf(content)?.answer ?? '']) : [],
  );
  const plansOf = (of: readonly TrainingRecord[]) =>
    planOnce(plannedLengths(of), maxLengthOf(settings, model), microBatchTokensOf(settings, model));
  const plans = plansOf(records);
  // answers that no training record has count as wrong; they have no loss
  const others = scored ? plansOf(unknown) : [];

  const measure = async (): Promise<Validated> => {
    const answers: { reference: string; output: string; separator?: string }[] = [];
    const run = async (of: readonly TrainingRecord[], plan: (typeof plans)[number]) => {
      const { losses, logits = new Float32Array() } = await trainer.measure(lay(of, plan, model, padId));
      const outputs = logits.length / plan.rows.length;
      if (!scored || !logits.every((logit) => Number.isFinite(logit))) return losses;
      plan.rows.forEach(([{ record }], row) => {
        const output = answerText(
          outputsOf(model, logits.subarray(row * outputs, (row + 1) * outputs)),
          model,
        );
        answers.push({ reference: references.get(of[record].recordId) ?? '', output, separator });
      });
      return losses;
    };
    let [sum, tokens] = [0, 0];
    for (const plan of plans) {
      const losses = await run(records, plan);
      for (const loss of losses) sum += loss;
      tokens += losses.length;
    }
    const loss = sum / tokens;
    if (!scored || !Number.isFinite(loss)) return { loss, tokens };
    for (const plan of others) await run(unknown, plan);
    return { loss, tokens, score: measureAnswers(validationMetric, answers) };
  };

  return {
    has: plans.length > 0,
    measure,
    judge: (before, step, { loss, tokens, score }) => {
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
