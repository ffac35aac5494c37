// The draft of a project's next dataset version: read, changed with undo, saved at once. Where none exists yet, the
// backend suggests one.
import { useCallback, useEffect, useState } from 'react';
import type { DatasetRecipe } from '../../../main/contract/datasets.ts';
import type { CallOutput } from '../../../main/contract/index.ts';
import { call } from '../../client/client.ts';
import { undoScope } from '../../shell/keys.ts';
import { noteDone, storedCall, useUndo } from '../../state/undo.ts';

type Suggestion = CallOutput<'datasets.suggest'>;

export interface Draft {
  recipe: DatasetRecipe | null;
  /** Columns, an example row, and why the shape was chosen. */
  suggestion: Suggestion | null;
  error: unknown;
  /** `label` names the change for undo: "switch off Length". */
  change(next: DatasetRecipe, label: string): void;
  reload(): void;
}

export function useDraft(projectId: string): Draft {
  const [recipe, setRecipe] = useState<DatasetRecipe | null>(null);
  const [suggestion, setSuggestion] = useState<Suggestion | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [turn, setTurn] = useState(0);
  const scope = undoScope('dataset', projectId);
  const undone = useUndo((state) => state.turns[scope] ?? 0);

  // biome-ignore lint/correctness/useExhaustiveDependencies: reads again after an undo, and when asked to
  useEffect(() => {
    let current = true;
    const read = async () => {
      const saved = await call('datasets.draft', { projectId });
      if (saved && current) setRecipe(saved);
      const next = await call('datasets.suggest', { projectId, sourceIds: saved?.sourceIds ?? [] });
      if (!current) return;
      setSuggestion(next);
      if (!saved) {
        await call('datasets.saveDraft', { projectId, recipe: next.recipe });
        setRecipe(next.recipe);
      }
      setError(null);
    };
    read().catch((thrown) => current && setError(thrown));
    return () => {
      current = false;
    };
  }, [projectId, undone, turn]);

  const change = useCallback(
    (next: DatasetRecipe, label: string) => {
      setRecipe((before) => {
        if (before) {
          noteDone(scope, {
            label,
            redo: [storedCall('datasets.saveDraft', { projectId, recipe: next })],
            undo: [storedCall('datasets.saveDraft', { projectId, recipe: before })],
          });
        }
        return next;
      });
      call('datasets.saveDraft', { projectId, recipe: next }).catch(setError);
      const sources = JSON.stringify(next.sourceIds);
      if (suggestion && sources !== JSON.stringify(suggestion.recipe.sourceIds)) {
        call('datasets.suggest', { projectId, sourceIds: next.sourceIds })
          .then(setSuggestion)
          .catch(() => undefined);
      }
    },
    [projectId, scope, suggestion],
  );

  return { recipe, suggestion, error, change, reload: () => setTurn((before) => before + 1) };
}
