// Builds the draft without freezing it, each time it changes; the old result stays (grey) until the new one is there.
import { useEffect, useState } from 'react';
import type { DatasetPreview, DatasetRecipe } from '../../../main/contract/datasets.ts';
import { call } from '../../client/client.ts';
import { jobEnd, useJob } from '../../state/jobs.ts';

export interface Preview {
  result: DatasetPreview | null;
  /** A newer result is being computed. */
  working: boolean;
  /** Share done, 0 to 1; null when unknown. */
  progress: number | null;
  /** Seconds that the last build took. */
  seconds: number | null;
  error: unknown;
}

const settleMs = 500;
/** The last result of each project, so that coming back to the screen computes nothing again. */
const lastResults = new Map<string, { key: string; result: DatasetPreview; seconds: number | null }>();

export function usePreview(projectId: string, recipe: DatasetRecipe | null): Preview {
  const key = recipe ? JSON.stringify(recipe) : '';
  const [state, setState] = useState<Omit<Preview, 'progress'>>(() => ({
    ...kept(projectId),
    working: false,
    error: null,
  }));
  const [jobId, setJobId] = useState<string | null>(null);
  const job = useJob(jobId);

  useEffect(() => {
    if (!key) return;
    const last = lastResults.get(projectId);
    if (last?.key === key) {
      setState({ result: last.result, seconds: last.seconds, working: false, error: null });
      return;
    }
    let current = true;
    let started: string | null = null;
    setState((before) => ({ ...before, ...kept(projectId), working: true, error: null }));
    const build = async () => {
      const { jobId: id } = await call('datasets.preview', {
        projectId,
        recipe: JSON.parse(key) as DatasetRecipe,
      });
      started = id;
      if (!current) return void call('jobs.cancel', { jobId: id }).catch(() => undefined);
      setJobId(id);
      const ended = await jobEnd(id);
      if (!current) return;
      const result = ended.result as DatasetPreview;
      const seconds = ended.startedAt && ended.endedAt ? (ended.endedAt - ended.startedAt) / 1000 : null;
      lastResults.set(projectId, { key, result, seconds });
      setState({ result, seconds, working: false, error: null });
    };
    const timer = setTimeout(() => {
      build().catch((error) => current && setState((before) => ({ ...before, working: false, error })));
    }, settleMs);
    return () => {
      current = false;
      clearTimeout(timer);
      if (started && lastResults.get(projectId)?.key !== key)
        call('jobs.cancel', { jobId: started }).catch(() => undefined);
    };
  }, [projectId, key]);

  return { ...state, progress: state.working ? (job?.progress ?? null) : null };
}

function kept(projectId: string): { result: DatasetPreview | null; seconds: number | null } {
  const last = lastResults.get(projectId);
  return { result: last?.result ?? null, seconds: last?.seconds ?? null };
}
