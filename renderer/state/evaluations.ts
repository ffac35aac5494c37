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

export interface PredictionQuery {
  sort: PredictionSort;
  metricId: string | null;
  offset: number;
  limit: number;
}

export interface PredictionPage {
  /** Null until they have arrived. */
  predictions: Prediction[] | null;
  total: number;
  error: unknown;
}

const nothing: PredictionPage = { predictions: null, total: 0, error: undefined };

/** One page of predictions of a finished evaluation; asked again when the order or the page changes. */
export function usePredictions(evaluation: Evaluation, query: PredictionQuery): PredictionPage {
  const [page, setPage] = useState<PredictionPage>(nothing);
  const { sort, metricId, offset, limit } = query;
  const { projectId, id: evaluationId } = evaluation;
  const ready = evaluation.state === 'finished';
  useEffect(() => {
    if (!ready) {
      setPage(nothing);
      return;
    }
    let current = true;
    call('evaluations.predictions', { projectId, evaluationId, sort, metricId, offset, limit }).then(
      ({ predictions, total }) => current && setPage({ predictions, total, error: undefined }),
      (error: unknown) => current && setPage({ predictions: null, total: 0, error }),
    );
    return () => {
      current = false;
    };
  }, [ready, projectId, evaluationId, sort, metricId, offset, limit]);
  return page;
}
