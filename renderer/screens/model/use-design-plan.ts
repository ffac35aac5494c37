// What the design on screen would be, asked 300 ms after the last key. A late answer to an old question is dropped.
import { useEffect, useState } from 'react';
import type { DesignPlan, ModelDesign } from '../../../main/contract/models.ts';
import { call } from '../../client/client.ts';

const debounceMs = 300;

export interface Designed {
  /** The newest plan; while another is asked for, the one before. */
  plan: DesignPlan | null;
  planning: boolean;
  error: unknown;
}

export function useDesignPlan(design: ModelDesign | null): Designed {
  const [state, setState] = useState<Designed>({ plan: null, planning: true, error: null });
  const question = design && JSON.stringify(design);
  useEffect(() => {
    if (question === null) return;
    let current = true;
    setState((before) => ({ ...before, planning: true }));
    const timer = setTimeout(() => {
      call('models.createPlan', { design: JSON.parse(question) as ModelDesign }).then(
        (plan) => current && setState({ plan, planning: false, error: null }),
        (error: unknown) => current && setState({ plan: null, planning: false, error }),
      );
    }, debounceMs);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [question]);
  return state;
}
