// The registry of metrics, in the order in which lists show them. A new metric is one file and one line here.
import { AppError } from '../errors.ts';
import { accuracy } from './accuracy.ts';
import { bitsPerByte } from './bits-per-byte.ts';
import { bleu } from './bleu.ts';
import { brier } from './brier.ts';
import { chrf } from './chrf.ts';
import { classification } from './classification.ts';
import { ece } from './ece.ts';
import { entities } from './entities.ts';
import { exactLine } from './exact-line.ts';
import { exactMatch } from './exact-match.ts';
import { f1 } from './f1.ts';
import { labelSets } from './label-sets.ts';
import { logLoss } from './log-loss.ts';
import { loss } from './loss.ts';
import type { Metric } from './metric.ts';
import { numbers } from './numbers.ts';
import { perplexity } from './perplexity.ts';
import { rocAuc } from './roc-auc.ts';
import { rouge1, rouge2, rougeL, rougeLsum } from './rouge.ts';
import { stopsByItself } from './stops-by-itself.ts';

export const metrics: readonly Metric[] = [
  loss,
  perplexity,
  bitsPerByte,
  exactLine,
  exactMatch,
  f1,
  stopsByItself,
  rouge1,
  rouge2,
  rougeL,
  rougeLsum,
  bleu,
  chrf,
  accuracy,
  ...classification,
  rocAuc,
  logLoss,
  ece,
  brier,
  ...labelSets,
  ...numbers,
  ...entities,
];

/** @throws AppError `unknown-metric` */
export function metricById(id: string): Metric {
  const metric = metrics.find((entry) => entry.id === id);
  if (metric !== undefined) return metric;
  const known = metrics.map((entry) => entry.id).join(', ');
  throw new AppError('unknown-metric', `There is no measure "${id}".`, `Choose among ${known}.`);
}
