// One page of records: of a frozen version from the backend, of a draft from its preview. And the token statistics of
// a version under the chosen model.
import { useEffect, useMemo, useState } from 'react';
import type { DatasetRecord } from '../../../main/contract/datasets.ts';
import type { CallOutput } from '../../../main/contract/index.ts';
import { call } from '../../client/client.ts';

export type SplitFilter = 'all' | DatasetRecord['split'];

export interface RecordQuery {
  projectId: string;
  /** Null for the draft. */
  versionId: string | null;
  split: SplitFilter;
  find: string;
  /** 0-based number of the page. */
  page: number;
}

export interface RecordPage {
  records: DatasetRecord[];
  total: number;
  loading: boolean;
  error: unknown;
}

export const pageSize = 100;

export function useRecords(query: RecordQuery, previewed: DatasetRecord[] | undefined): RecordPage {
  const { projectId, versionId, split, find, page } = query;
  const [state, setState] = useState<RecordPage>({ records: [], total: 0, loading: true, error: null });

  useEffect(() => {
    if (!versionId) return;
    let current = true;
    setState((before) => ({ ...before, loading: true }));
    call('datasets.records', {
      projectId,
      versionId,
      split: split === 'all' ? null : split,
      find,
      offset: page * pageSize,
      limit: pageSize,
    })
      .then((reply) => current && setState({ ...reply, loading: false, error: null }))
      .catch((error) => current && setState({ records: [], total: 0, loading: false, error }));
    return () => {
      current = false;
    };
  }, [projectId, versionId, split, find, page]);

  const ofDraft = useMemo(() => {
    const wanted = find.toLowerCase();
    const found = (previewed ?? []).filter(
      (record) =>
        (split === 'all' || record.split === split) &&
        (!wanted || JSON.stringify(record.content).toLowerCase().includes(wanted)),
    );
    const records = found.slice(page * pageSize, (page + 1) * pageSize);
    return { records, total: found.length, loading: previewed === undefined, error: null };
  }, [previewed, split, find, page]);

  return versionId ? state : ofDraft;
}

type Stats = CallOutput<'datasets.tokenStats'>;

export function useTokenStats(
  projectId: string,
  versionId: string | null,
  modelId: string | undefined,
): { stats: Stats | null; error: unknown } {
  const [state, setState] = useState<{ stats: Stats | null; error: unknown }>({ stats: null, error: null });
  useEffect(() => {
    setState({ stats: null, error: null });
    if (!versionId || !modelId) return;
    let current = true;
    call('datasets.tokenStats', { projectId, versionId, modelId })
      .then((stats) => current && setState({ stats, error: null }))
      .catch((error) => current && setState({ stats: null, error }));
    return () => {
      current = false;
    };
  }, [projectId, versionId, modelId]);
  return state;
}
