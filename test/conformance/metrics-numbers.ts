// Conformance of the metrics that compare labels, probabilities and logits, and of the tests between two
// models.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { accuracy } from '../../main/metrics/accuracy.ts';
import { bitsPerByte } from '../../main/metrics/bits-per-byte.ts';
import { brier } from '../../main/metrics/brier.ts';
import * as labels from '../../main/metrics/classification.ts';
import { calibrationError, topLabel } from '../../main/metrics/ece.ts';
import { type Fairness, fairness } from '../../main/metrics/fairness.ts';
import { logLoss } from '../../main/metrics/log-loss.ts';
import { loss, lossFromLogits } from '../../main/metrics/loss.ts';
import { cohenKappa, mcnemarExact, wilcoxonSignedRank } from '../../main/metrics/paired-tests.ts';
import { perplexity } from '../../main/metrics/perplexity.ts';
import * as roc from '../../main/metrics/roc-auc.ts';
import { type Row, skipped } from './check.ts';
import type * as stored from './metrics-files.ts';
import { mean, parts, row } from './metrics-rows.ts';

export function* classificationRows({ cases }: stored.Classification): Iterable<Row> {
  for (const entry of cases) {
    const { name, truth, prediction } = entry;
    const pairs = truth.map((label, i) => ({ output: String(prediction[i]), references: [String(label)] }));
    const perLabel = labels.scoresPerLabel(truth, prediction, entry.labels);
    yield row(name, 'accuracy', [accuracy.score(pairs).value], [entry.accuracy]);
    yield row(
      name,
      'balanced accuracy',
      [labels.balancedAccuracy(truth, prediction)],
      [entry.balanced_accuracy],
    );
    yield row(
      name,
      'Matthews correlation',
      [labels.matthewsCorrelation(truth, prediction)],
      [entry.matthews],
    );
    const matrix = labels.confusionMatrix(truth, prediction, entry.labels);
    yield row(name, 'confusion matrix', matrix.flat(), entry.confusion_matrix.flat());
    const supported = (label: stored.LabelScores) => [...parts(label), label.support];
    yield row(name, 'scores per label', perLabel.flatMap(supported), entry.per_class.flatMap(supported));
    for (const [average, expected] of Object.entries(entry.averages)) {
      const one = /^binary_of_(.+)$/.exec(average)?.[1];
      const scores =
        one === undefined
          ? labels.averageScores(truth, prediction, entry.labels, average as labels.Average)
          : perLabel.find(({ label }) => String(label) === one)!;
      yield row(name, `${average} precision, recall, F1`, parts(scores), parts(expected));
    }
  }
}

export function* scoreRows({ binary, three_classes: classes }: stored.Scores): Iterable<Row> {
  for (const entry of binary) {
    const { name, truth, score } = entry;
    const positive = truth.map((label) => label === 1);
    yield* probabilityRows(
      name,
      truth,
      score.map((chance) => [1 - chance, chance]),
      entry,
    );
    yield row(name, 'ROC AUC', [roc.areaUnderRoc(positive, score)], [entry.roc_auc]);
    yield row(name, 'average precision', [roc.averagePrecision(positive, score)], [entry.average_precision]);
    yield row(
      name,
      'Brier',
      [
        brierOf(
          truth,
          score.map((chance) => [1 - chance, chance]),
        ),
      ],
      [entry.brier],
    );
    if (entry.roc_curve === undefined) continue;
    const curve = roc.rocCurve(positive, score);
    const { fpr, tpr, thresholds } = entry.roc_curve;
    const computed = [...curve.falsePositiveRate, ...curve.truePositiveRate, ...curve.thresholds];
    yield row(name, 'ROC curve', computed, [...fpr, ...tpr, ...thresholds]);
  }
  const name = 'three_classes';
  const { truth, probabilities } = classes;
  yield* probabilityRows(name, truth, probabilities, classes);
  const area = (mode: 'one-vs-rest' | 'one-vs-one') => [roc.multiClassArea(truth, probabilities, mode)];
  yield row(name, 'ROC AUC one against rest', area('one-vs-rest'), [classes.roc_auc_ovr_macro]);
  yield row(name, 'ROC AUC one against one', area('one-vs-one'), [classes.roc_auc_ovo_macro]);
  yield row(name, 'top 2 accuracy', [roc.topAccuracy(truth, probabilities, 2)], [classes.top_2_accuracy]);
  yield row(name, 'Brier', [brierOf(truth, probabilities)], [classes.brier_sum_over_classes]);
}

const scorePairs = (truth: readonly number[], probabilities: readonly number[][]) =>
  truth.map((label, i) => ({ truth: label, probabilities: probabilities[i] }));
const brierOf = (truth: readonly number[], probabilities: readonly number[][]) =>
  brier.score(scorePairs(truth, probabilities)).value;

function* probabilityRows(
  name: string,
  truth: readonly number[],
  probabilities: readonly number[][],
  expected: stored.ProbabilityScores,
): Iterable<Row> {
  const pairs = scorePairs(truth, probabilities);
  yield row(name, 'log loss', [logLoss.score(pairs).value], [expected.log_loss]);
  const bins = Object.keys(expected.ece_top_label).map(Number);
  const errors = bins.map((count) => calibrationError(pairs.map(topLabel), count));
  yield row(
    name,
    `calibration error (${bins.join(', ')} bins)`,
    errors,
    Object.values(expected.ece_top_label),
  );
}

export async function* languageModelRows(file: stored.LanguageModel, folder: string): AsyncIterable<Row> {
  const name = 'language_model';
  const [, width, vocabulary] = file.shape;
  const logits = await readTensor(join(folder, file.logits), 'logits');
  const pairs = file.rows.map(({ labels: ids, text_bytes: bytes }, i) => {
    const start = i * width * vocabulary;
    return { ...lossFromLogits(logits.subarray(start, start + width * vocabulary), vocabulary, ids), bytes };
  });
  const { rows, corpus } = file;
  yield row(
    name,
    'loss per record',
    pairs.map(({ sum }) => sum),
    rows.map((r) => r.nll_sum),
  );
  yield row(
    name,
    'labels per record',
    pairs.map(({ tokens }) => tokens),
    rows.map((r) => r.tokens),
  );
  yield row(
    name,
    'hits per record',
    pairs.map(({ hits }) => hits),
    rows.map((r) => r.token_hits),
  );
  const each = (metric: typeof loss) => pairs.map((pair) => metric.scoreRecord(pair)!);
  yield row(
    name,
    'mean loss per record',
    each(loss),
    rows.map((r) => r.mean_nll),
  );
  yield row(
    name,
    'perplexity per record',
    each(perplexity),
    rows.map((r) => r.perplexity),
  );
  yield row(
    name,
    'bits per byte per record',
    each(bitsPerByte),
    rows.map((r) => r.bits_per_byte),
  );
  yield row(
    name,
    'bits per token per record',
    each(loss).map((nats) => nats / Math.LN2),
    rows.map((r) => r.bits_per_token),
  );
  const total = (key: 'tokens' | 'hits') => pairs.reduce((sum, pair) => sum + pair[key], 0);
  yield row(name, 'corpus loss', [loss.score(pairs).value], [corpus.mean_nll]);
  yield row(name, 'corpus perplexity', [perplexity.score(pairs).value], [corpus.perplexity]);
  yield row(name, 'corpus bits per byte', [bitsPerByte.score(pairs).value], [corpus.bits_per_byte]);
  yield row(name, 'corpus token accuracy', [total('hits') / total('tokens')], [corpus.token_accuracy]);
  yield row(name, 'mean of perplexities', [mean(each(perplexity))], [corpus.mean_of_row_perplexities]);
}

/** A float32 tensor of a .safetensors file. */
async function readTensor(path: string, name: string): Promise<Float32Array> {
  const bytes = await readFile(path);
  const headerLength = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + headerLength)) as stored.SafetensorsHeader;
  const [start, end] = header[name].data_offsets.map((offset) => 8 + headerLength + offset);
  return new Float32Array(Uint8Array.from(bytes.subarray(start, end)).buffer);
}

export function* pairedRows({
  mcnemar_exact: mcnemar,
  wilcoxon,
  cohen_kappa: kappa,
}: stored.PairedTests): Iterable<Row> {
  const exact = mcnemar.map(({ only_a_right: a, only_b_right: b }) => mcnemarExact(a, b));
  yield row(
    'paired_tests',
    'McNemar exact',
    exact,
    mcnemar.map(({ p }) => p),
  );
  for (const [i, entry] of wilcoxon.entries()) {
    const variants = [
      ['exact', { method: 'exact', zeros: 'drop', correction: false }],
      ['normal', { method: 'normal', zeros: 'drop', correction: false }],
      ['normal_corrected', { method: 'normal', zeros: 'drop', correction: true }],
      ['pratt', { method: 'normal', zeros: 'pratt', correction: false }],
    ] as const;
    for (const [key, options] of variants) {
      const expected = entry[key];
      const quantity = `Wilcoxon ${key.replace('_', ', ')}`;
      // with ties the file's exact p comes from a table for other ranks; the file says not to read it
      if (key === 'exact' && entry.ties_among_ranks) continue;
      if (expected.error !== undefined) {
        yield skipped(`wilcoxon ${i}`, quantity, `no reference: ${expected.error}`);
      } else {
        const { statistic, p } = wilcoxonSignedRank(entry.a, entry.b, options);
        yield row(`wilcoxon ${i}`, quantity, [statistic, p], [expected.statistic!, expected.p!]);
      }
    }
  }
  for (const [weights, key] of [
    ['none', 'None'],
    ['linear', 'linear'],
    ['quadratic', 'quadratic'],
  ] as const) {
    const computed = kappa.map(({ a, b }) => cohenKappa(a, b, weights));
    yield row(
      'paired_tests',
      `Cohen's kappa, weights ${weights}`,
      computed,
      kappa.map((entry) => entry[key]),
    );
  }
}

export function* fairnessRows({ cases }: stored.FairnessCases): Iterable<Row> {
  for (const [i, entry] of cases.entries()) {
    const computed = fairness(entry.truth.map(Boolean), entry.decision.map(Boolean), entry.group);
    const name = `fairness ${i}`;
    const rates = Object.values(computed.groups).flatMap((group) => Object.values(group));
    const expected = Object.values(entry.groups).flatMap((group) => [
      ...[
        group.n,
        group.selection_rate,
        group.tpr,
        group.fpr,
        group.positives,
        group.negatives,
        group.accuracy,
      ],
    ]);
    yield row(name, 'rates per group', rates, expected);
    for (const [quantity, key] of gaps) {
      const stored = key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
      yield row(name, quantity, [computed[key]], [entry[stored as stored.FairnessGap]]);
    }
  }
}

const gaps: readonly [string, Exclude<keyof Fairness, 'groups'>][] = [
  ['demographic parity difference', 'demographicParityDifference'],
  ['demographic parity ratio', 'demographicParityRatio'],
  ['equal opportunity difference', 'equalOpportunityDifference'],
  ['equalized odds difference', 'equalizedOddsDifference'],
  ['accuracy difference', 'accuracyDifference'],
];
