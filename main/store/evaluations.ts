// All SQL about evaluations of one project. Predictions are one file of JSON lines per evaluation.
import { Evaluation } from '../contract/evaluations.ts';
import type { Database } from './database.ts';
import { fileInside, table } from './rows.ts';

const EvaluationRow = Evaluation.omit({ projectId: true });

export function evaluationStore(db: Database, folder: string, projectId: string) {
  const rows = table(db, 'evaluations', EvaluationRow, {
    id: 'plain',
    runId: 'plain',
    versionId: 'plain',
    split: 'plain',
    state: 'plain',
    jobId: 'plain',
    records: 'plain',
    done: 'plain',
    results: 'json',
    verdict: 'plain',
    leaks: 'plain',
    settings: 'json',
    seconds: 'plain',
    error: 'json',
    createdAt: 'plain',
  });
  return {
    predictionsFile: (id: string): string => fileInside(folder, 'evaluations', `${id}.jsonl`),
    list: (runId: string | null): Evaluation[] =>
      rows
        .where('(? IS NULL OR run_id = ?) ORDER BY created_at DESC, id', runId, runId)
        .map((row) => ({ projectId, ...row })),
    get(id: string): Evaluation | undefined {
      const row = rows.get(id);
      return row && { projectId, ...row };
    },
    insert: (evaluation: Evaluation): void => rows.insert(evaluation),
    update(id: string, change: Partial<Omit<Evaluation, 'id' | 'projectId'>>): Evaluation | undefined {
      const row = rows.update(id, change);
      return row && { projectId, ...row };
    },
  };
}
