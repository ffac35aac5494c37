// The Train screen once data and model are chosen: presets, plan, recipe and settings around one draft.
import {
  IconArrowBackUp,
  IconArrowForwardUp,
  IconList,
  IconPlayerPlay,
  IconStackPush,
} from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import type { DatasetVersion } from '../../../main/contract/datasets.ts';
import type { BaseModel } from '../../../main/contract/models.ts';
import type { Preset, Recipe, Run, TrainSettings } from '../../../main/contract/runs.ts';
import { Button, IconButton } from '../../components/button.tsx';
import { ErrorNotice } from '../../components/notice.tsx';
import { ScreenHeader } from '../../components/screen-header.tsx';
import { useAdaptableLayers } from '../../state/models.ts';
import { goTo, hrefTo } from '../../state/route.ts';
import { startRun, useRuns } from '../../state/runs.ts';
import { useCapabilities, useSettings } from '../../state/settings.ts';
import { useUi } from '../../state/ui.ts';
import { isActive } from '../run/compare.ts';
import {
  type Draft,
  edited,
  presetOf,
  proposedName,
  redone,
  saveDraft,
  undone,
  withPreset,
} from './draft.ts';
import { changedFields, faultsOf } from './fields.ts';
import { PlanCard } from './plan-card.tsx';
import { Presets } from './presets.tsx';
import { RecipeCard } from './recipe-card.tsx';
import { SettingsPanel } from './settings-panel.tsx';
import styles from './train.module.css';
import { usePlan, usePresetPlans } from './use-plan.ts';

export interface SetupProps {
  projectId: string;
  version: DatasetVersion;
  versions: readonly DatasetVersion[];
  model: BaseModel;
  presets: readonly Preset[];
  draft: Draft;
}

export function Setup({ projectId, version, versions, model, presets, draft }: SetupProps) {
  const { settings } = draft;
  const preset = presetOf(draft, presets) as Preset;
  const machine = useSettings((state) => state.machine);
  const capabilities = useCapabilities();
  const layers = useAdaptableLayers(model.id);
  const runs = useRuns(projectId);
  const active = runs.filter((run) => isActive(run.state));
  const busy = active.find((run) => run.state !== 'queued') ?? active.at(-1);
  const [starting, setStarting] = useState(false);
  const [error, setError] = useState<unknown>();

  const proposed = proposedName(settings, preset);
  const recipe: Recipe = {
    projectId,
    name: draft.name.trim() || proposed,
    versionId: version.id,
    modelId: model.id,
    settings,
    thenEvaluate: draft.thenEvaluate,
  };
  const faulty = Object.keys(faultsOf(settings)).length;
  const planned = usePlan(faulty === 0 ? recipe : null);
  const plans = usePresetPlans({ projectId, versionId: version.id, modelId: model.id }, presets);
  const blocked = whyNot(faulty, planned.planning ? null : planned.plan);
  const put = (next: Draft) => saveDraft(projectId, next);
  const change = (next: TrainSettings) => put(edited(draft, next));
  useUndoKeys(draft, put);

  const start = async () => {
    setStarting(true);
    setError(undefined);
    try {
      const run = await startRun(recipe);
      put({ ...draft, name: '' });
      goTo('run', run.id);
    } catch (thrown) {
      setError(thrown);
      setStarting(false);
    }
  };
  useScreenActions(blocked === null ? () => void start() : null, busy);

  return (
    <div className="screen">
      <ScreenHeader
        title="Train"
        sentence={
          busy ? (
            <>
              <a href={hrefTo('run', busy.id)}>Run {busy.number}</a> is at work. A run that you add now starts
              after it.
            </>
          ) : (
            'Choose how long to train. Everything else is already set, and the plan below is for your records.'
          )
        }
        actions={
          <>
            <IconButton
              label="Undo the last change of a setting"
              icon={IconArrowBackUp}
              keys="Ctrl Z"
              disabled={draft.past.length === 0}
              onClick={() => put(undone(draft))}
            />
            <IconButton
              label="Redo"
              icon={IconArrowForwardUp}
              keys="Ctrl Shift Z"
              disabled={draft.future.length === 0}
              onClick={() => put(redone(draft))}
            />
            {runs.length > 0 && (
              <Button icon={IconList} href={hrefTo('run')}>
                Runs, {runs.length}
              </Button>
            )}
            <Button
              kind="primary"
              icon={busy ? IconStackPush : IconPlayerPlay}
              solidIcon={!busy}
              loading={starting}
              disabled={blocked !== null}
              hint={blocked ?? undefined}
              onClick={() => void start()}
            >
              {busy ? 'Add to the queue' : 'Start training'}
            </Button>
          </>
        }
      />
      {error !== undefined && <ErrorNotice error={error} onRetry={() => void start()} />}
      <div className={['columns late', styles.columns].join(' ')}>
        <div className="stack">
          <Presets
            presets={presets}
            plans={plans}
            chosen={preset.id}
            changed={changedFields(settings, preset.settings, model.task).length > 0}
            onChoose={(next) => put(withPreset(draft, next))}
          />
          <PlanCard
            planned={planned}
            settings={settings}
            machine={machine}
            onChange={(next) => change(next)}
            onLeastMemory={leastMemory(settings, presets, (next) => change(next))}
          />
          <RecipeCard
            recipe={recipe}
            version={version}
            versions={versions}
            model={model}
            plan={planned.plan}
            startRun={runs.find((run) => run.id === settings.startFrom?.runId)?.number ?? null}
            proposedName={proposed}
            name={draft.name}
            onName={(name) => put({ ...draft, name })}
            onVersion={(versionId) => put({ ...draft, versionId })}
            onThenEvaluate={(thenEvaluate) => put({ ...draft, thenEvaluate })}
            onLoad={(next, name) => put({ ...edited(draft, next), name })}
          />
        </div>
        <SettingsPanel
          settings={settings}
          preset={preset}
          task={model.task}
          capabilities={capabilities}
          layers={layers}
          runs={startable(runs, model.id, settings)}
          onChange={change}
        />
      </div>
    </div>
  );
}

/** Ended runs on this model with this method that have kept weights; the newest first. */
function startable(runs: readonly Run[], modelId: string, { method }: TrainSettings): Run[] {
  return runs.filter(
    (run) =>
      run.checkpointStep !== null &&
      !isActive(run.state) &&
      run.recipe.modelId === modelId &&
      run.recipe.settings.method === method,
  );
}

/** Why the run cannot start now, in one sentence; null when it can. */
function whyNot(faulty: number, plan: ReturnType<typeof usePlan>['plan']): string | null {
  if (faulty > 0)
    return `${faulty === 1 ? 'One setting is' : `${faulty} settings are`} out of range; see "All settings".`;
  const failed = plan?.checks.find((check) => check.state === 'failed');
  if (failed) return failed.sentence;
  return null;
}

/** Values computed twice and short passes; null where the settings are that already. */
function leastMemory(
  settings: TrainSettings,
  presets: readonly Preset[],
  change: (settings: TrainSettings) => void,
): (() => void) | null {
  const least = presets.find((preset) => preset.settings.recompute === 'layer')?.settings;
  const { recompute, microBatchTokens } = least ?? { recompute: 'layer' as const, microBatchTokens: 0 };
  if (settings.recompute === recompute && settings.microBatchTokens === microBatchTokens) return null;
  return () => change({ ...settings, recompute, microBatchTokens });
}

/** Ctrl-Z and Ctrl-Shift-Z outside of text fields undo and redo settings, before the shell's own undo sees them. */
function useUndoKeys(draft: Draft, put: (draft: Draft) => void): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== 'z') return;
      const target = event.target as HTMLElement;
      if (
        /^(INPUT|TEXTAREA)$/.test(target.tagName) &&
        !/^(radio|checkbox)$/.test((target as HTMLInputElement).type)
      )
        return;
      event.preventDefault();
      event.stopPropagation();
      put(event.shiftKey ? redone(draft) : undone(draft));
    };
    window.addEventListener('keydown', onKeyDown, true);
    return () => window.removeEventListener('keydown', onKeyDown, true);
  }, [draft, put]);
}

/** What the palette offers on this screen. */
function useScreenActions(start: (() => void) | null, busy: Run | undefined): void {
  const label = busy ? 'Add this recipe to the queue' : 'Start training';
  useEffect(() => {
    const actions = [
      ...(start ? [{ id: 'start', label, keys: 'Ctrl Enter', run: start }] : []),
      { id: 'runs', label: 'List and compare runs', run: () => goTo('run') },
    ];
    useUi.setState({ actions });
    return () => useUi.setState({ actions: [] });
  }, [start, label]);
}
