// The base models on this computer, and which one each project has chosen.
import { useEffect } from 'react';
import { create } from 'zustand';
import type { AdaptableLayer, BaseModel } from '../../main/contract/models.ts';
import { call, on } from '../client/client.ts';
import type { Status } from './collection.ts';

interface ModelsState {
  list: BaseModel[];
  chosen: Record<string, BaseModel | null>;
  /** What LoRA can be put on, by model. */
  layers: Record<string, AdaptableLayer[]>;
  status: Status;
  error: unknown;
  load(): Promise<void>;
  loadChosen(projectId: string): Promise<void>;
  loadLayers(modelId: string): Promise<void>;
}

export const useModels = create<ModelsState>((set, get) => ({
  list: [],
  chosen: {},
  layers: {},
  status: 'idle',
  error: null,
  async load() {
    if (get().status !== 'ready') set({ status: 'loading' });
    try {
      set({ list: await call('models.list', {}), status: 'ready', error: null });
    } catch (error) {
      set({ status: 'failed', error });
    }
  },
  async loadChosen(projectId) {
    const model = await call('models.chosen', { projectId });
    set({ chosen: { ...get().chosen, [projectId]: model } });
  },
  async loadLayers(modelId) {
    const layers = await call('models.layers', { modelId });
    set({ layers: { ...get().layers, [modelId]: layers } });
  },
}));

const noLayers: readonly AdaptableLayer[] = [];

/** What LoRA can be put on in a model; none until it is known. */
export function useAdaptableLayers(modelId: string): readonly AdaptableLayer[] {
  const layers = useModels((state) => state.layers[modelId]);
  useEffect(() => {
    void useModels
      .getState()
      .loadLayers(modelId)
      .catch(() => undefined);
  }, [modelId]);
  return layers ?? noLayers;
}

/** The model chosen for a project; undefined while it is asked for. */
export function useChosenModel(projectId: string | null): BaseModel | null | undefined {
  const chosen = useModels((state) => (projectId ? state.chosen[projectId] : null));
  useEffect(() => {
    if (projectId)
      void useModels
        .getState()
        .loadChosen(projectId)
        .catch(() => undefined);
  }, [projectId]);
  return chosen;
}

export function listenToModels(): void {
  on('models.changed', () => {
    const { load, chosen, loadChosen } = useModels.getState();
    void load();
    for (const projectId of Object.keys(chosen)) void loadChosen(projectId).catch(() => undefined);
  });
}
