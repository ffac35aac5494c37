// The fit of every listed model on this machine, asked one by one and kept while the screen is open.
import { useEffect, useState } from 'react';
import type { Fit } from '../../../main/contract/models.ts';
import { call } from '../../client/client.ts';

export type Fits = Record<string, Fit[] | undefined>;

export function useFits(modelIds: string[], projectId: string | null, versionId: string | null): Fits {
  const [fits, setFits] = useState<Fits>({});
  const key = modelIds.join(' ');
  useEffect(() => {
    let current = true;
    for (const modelId of key.split(' ').filter(Boolean)) {
      call('models.fit', { modelId, projectId, versionId })
        .then((list) => current && setFits((before) => ({ ...before, [modelId]: list })))
        .catch(() => undefined);
    }
    return () => {
      current = false;
    };
  }, [key, projectId, versionId]);
  return fits;
}
