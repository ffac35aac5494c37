// Calls about evaluations: measuring is a job (work/evaluate.ts); predictions are read from the file that it wrote.
import type { evaluations, Prediction } from '../contract/evaluations.ts';
import type { HandlersFor } from '../contract/wire.ts';
import { jsonLines } from './json-lines.ts';
import type { Services } from './services.ts';
import { findEvaluation, startEvaluation } from './work/evaluate.ts';

export function evaluationHandlers(services: Services): HandlersFor<typeof evaluations> {
  const { store } = services;
  return {
    'evaluations.start': (request) => startEvaluation(services, request),
    'evaluations.list': ({ projectId, runId }) => store.project(projectId).evaluations.list(runId),
    'evaluations.get': ({ projectId, evaluationId }) => findEvaluation(services, projectId, evaluationId),
    'evaluations.predictions': async ({ projectId, evaluationId, sort, metricId, offset, limit }) => {
      const { results } = findEvaluation(services, projectId, evaluationId);
      const file = store.project(projectId).evaluations.predictionsFile(evaluationId);
      const predictions = await jsonLines.all<Prediction>(file);
      const metric = results.find((one) => one.metricId === metricId);
      const rank = ranking(sort, metricId, metric?.betterWhen ?? 'higher');
      if (rank) predictions.sort((a, b) => rank(a) - rank(b));
      return { predictions: predictions.slice(offset, offset + limit), total: predictions.length };
    },
  };
}

/** A number for each prediction, smallest first; null keeps the order of the dataset. */
function ranking(
  sort: 'worst' | 'best' | 'most-improved' | 'order',
  metricId: string | null,
  betterWhen: 'higher' | 'lower',
): ((prediction: Prediction) => number) | null {
  if (sort === 'order') return null;
  const meanLoss = ({ lossSum, lossTokens }: Prediction['base']) =>
    lossTokens === 0 ? 0 : lossSum / lossTokens;
  if (sort === 'most-improved') return ({ base, tuned }) => meanLoss(tuned) - meanLoss(base);
  const badness = (prediction: Prediction): number => {
    const score = metricId === null ? undefined : prediction.scores[metricId];
    if (score === undefined) return meanLoss(prediction.tuned); // nats per token
    return betterWhen === 'higher' ? -score : score;
  };
  return sort === 'worst' ? (prediction) => -badness(prediction) : badness;
}
