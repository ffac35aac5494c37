// Plans from the backend: one for the recipe on screen, asked again 400 ms after the last change, and one for each
// preset. A late answer to an old question is dropped.
import { useEffect, useState } from 'react';
import type { Plan, Preset, Recipe } from '../../../main/contract/runs.ts';
import { call } from '../../client/client.ts';

const DEBOUNCE_MS = 400;

export interface Planned {
  /** The newest plan; while another is asked for, the one before. */
  plan: Plan | null;
  planning: boolean;
  error: unknown;
  again(): void;
}

/** The plan of a recipe; null waits for a valid one. */
export function usePlan(recipe: Recipe | null): Planned {
  const [state, setState] = useState<Omit<Planned, 'again'>>({
    plan: null,
    planning: true,
    error: undefined,
  });
  const [turn, setTurn] = useState(0);
  // The name and what follows the run do not change the plan.
  const question = recipe ? JSON.stringify({ ...recipe, name: 'plan', thenEvaluate: false }) : null;
  useEffect(() => {
    void turn;
    if (question === null) {
      setState((before) => ({ ...before, planning: false }));
      return;
    }
    let current = true;
    setState((before) => ({ ...before, planning: true }));
    const timer = setTimeout(() => {
      call('runs.plan', JSON.parse(question) as Recipe).then(
        (plan) => current && setState({ plan, planning: false, error: undefined }),
        (error: unknown) => current && setState({ plan: null, planning: false, error }),
      );
    }, DEBOUNCE_MS);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [question, turn]);
  return { ...state, again: () => setTurn((before) => before + 1) };
}

export type PresetPlans = Record<string, Plan | 'failed'>;

interface Setup {
  projectId: string;
  versionId: string;
  modelId: string;
}

/** Presets for data and model; null until they have arrived. */
export function usePresets(setup: Setup | null): { presets: Preset[] | null; error: unknown; again(): void } {
  const [state, setState] = useState<{ presets: Preset[] | null; error: unknown }>({
    presets: null,
    error: undefined,
  });
  const [turn, setTurn] = useState(0);
  const question = setup && JSON.stringify(setup);
  useEffect(() => {
    void turn;
    if (question === null) return;
    let current = true;
    call('runs.presets', JSON.parse(question) as Setup).then(
      (presets) => current && setState({ presets, error: undefined }),
      (error: unknown) => current && setState({ presets: null, error }),
    );
    return () => {
      current = false;
    };
  }, [question, turn]);
  return { ...state, again: () => setTurn((before) => before + 1) };
}

/** The plan of each preset, for time and memory on its card; they arrive one after the other. */
export function usePresetPlans(setup: Setup | null, presets: readonly Preset[] | null): PresetPlans {
  const [plans, setPlans] = useState<PresetPlans>({});
  const question = setup && presets && JSON.stringify({ setup, presets });
  useEffect(() => {
    if (!question) return;
    let current = true;
    const asked = JSON.parse(question) as { setup: Setup; presets: Preset[] };
    const askAll = async () => {
      for (const preset of asked.presets) {
        if (!current) return;
        const recipe: Recipe = {
          ...asked.setup,
          name: 'plan',
          settings: preset.settings,
          thenEvaluate: false,
        };
        const plan = await call('runs.plan', recipe).catch(() => 'failed' as const);
        if (current) setPlans((before) => ({ ...before, [preset.id]: plan }));
      }
    };
    void askAll();
    return () => {
      current = false;
    };
  }, [question]);
  return plans;
}
