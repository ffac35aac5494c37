// Evaluations of each project, kept fresh by events, and the predictions of one, page by page. No JSX.
import { useEffect, useState } from 'react';
import type { Evaluation, Prediction } from '../../main/contract/evaluations.ts';
import type { CallInput } from '../../main/contract/index.ts';
import { call, on } from '../client/client.ts';
import { createCollection, type Status } from './collection.ts';

export const useEvaluationsStore = createCollection<Evaluation>((projectId) =>
  call('evaluations.list', { projectId }),
);

const none: Evaluation[] = [];

export function listenToEvaluations(): void {
  on('evaluation.changed', putEvaluation);
}

/** Puts in a changed evaluation. A list that was not asked for stays unloaded. */
export function putEvaluation(evaluation: Evaluation): void {
  const store = useEvaluationsStore.getState();
  if (store.byProject[evaluation.projectId] !== undefined) store.put(evaluation);
}

/** The evaluations of a project, newest first; loads them on first use. */
export function useEvaluations(projectId: string | null): Evaluation[] {
  const evaluations = useEvaluationsStore((state) => (projectId ? state.byProject[projectId] : undefined));
  useEffect(() => {
    const store = useEvaluationsStore.getState();
    if (projectId && !store.byProject[projectId]) void store.load(projectId);
  }, [projectId]);
  return evaluations ?? none;
}

/** Whether the list has arrived, and why not. */
export function useEvaluationsStatus(projectId: string): { status: Status; error: unknown } {
  const status = useEvaluationsStore((state) => state.status[projectId] ?? 'loading');
  const error = useEvaluationsStore((state) => state.errors[projectId]);
  return { status, error };
}

export async function startEvaluation(input: CallInput<'evaluations.start'>): Promise<Evaluation> {
  const evaluation = await call('evaluations.start', input);
  putEvaluation(evaluation);
  return evaluation;
}

export type PredictionSort = 'worst' | 'best' | 'most-improved' | 'order';

export interface Predictions {
  /** In the order that was asked for; null until they have arrived. At most MOST_PREDICTIONS. */
  predictions: Prediction[] | null;
  /** All of the evaluation, also those beyond the limit. */
  total: number;
  error: unknown;
}

/** So many are read at once; the table is virtual. */
export const MOST_PREDICTIONS = 5000;
const PAGE = 500;
const nothing: Predictions = { predictions: null, total: 0, error: undefined };

/** The predictions of a finished evaluation; asked again when the order changes. */
export function usePredictions(
  evaluation: Evaluation,
  sort: PredictionSort,
  metricId: string | null,
): Predictions {
  const [found, setFound] = useState<Predictions>(nothing);
  const { projectId, id: evaluationId } = evaluation;
  const ready = evaluation.state === 'finished';
  useEffect(() => {
    if (!ready) {
      setFound(nothing);
      return;
    }
    let current = true;
    const readAll = async () => {
      const predictions: Prediction[] = [];
      for (;;) {
        const offset = predictions.length;
        const input = { projectId, evaluationId, sort, metricId, offset, limit: PAGE };
        const page = await call('evaluations.predictions', input);
        predictions.push(...page.predictions);
        if (!current) return;
        const more =
          page.predictions.length > 0 && predictions.length < Math.min(page.total, MOST_PREDICTIONS);
        if (!more) return setFound({ predictions, total: page.total, error: undefined });
      }
    };
    readAll().catch((error: unknown) => current && setFound({ predictions: null, total: 0, error }));
    return () => {
      current = false;
    };
  }, [ready, projectId, evaluationId, sort, metricId]);
  return found;
}
