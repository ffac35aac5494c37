// The draft: every change is saved, built and counted at once, and can be undone. Freezing makes it a version.
import { IconArrowBackUp, IconSnowflake } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import type { DatasetVersion } from '../../../main/contract/datasets.ts';
import type { BaseModel } from '../../../main/contract/models.ts';
import { call } from '../../client/client.ts';
import { Button } from '../../components/button.tsx';
import { ErrorNotice } from '../../components/notice.tsx';
import { ScreenHeader } from '../../components/screen-header.tsx';
import { undoScope } from '../../shell/keys.ts';
import { jobEnd, useLatestJob } from '../../state/jobs.ts';
import { goTo, useRoute } from '../../state/route.ts';
import { announce, useScreenActions } from '../../state/ui.ts';
import { undo, useUndoLabel } from '../../state/undo.ts';
import { ChecksPanel, checkLines } from './checks-panel.tsx';
import { RecordsPanel } from './records-panel.tsx';
import { ShapePanel } from './shape-panel.tsx';
import { SourcesDialog } from './sources-dialog.tsx';
import { SplitsPanel } from './splits-panel.tsx';
import type { Draft } from './use-draft.ts';
import { usePreview } from './use-preview.ts';
import { CleanTab, DatasetTabs, VersionMenu } from './view-parts.tsx';
import { type Tab, whatBlocks, withRoles } from './words.ts';

interface DraftViewProps {
  projectId: string;
  versions: DatasetVersion[];
  draft: Draft;
  model: BaseModel | null;
  tab: Tab;
  find: string;
}

export function DraftView({ projectId, versions, draft, model, tab, find }: DraftViewProps) {
  const recipe = draft.recipe!;
  const preview = usePreview(projectId, recipe);
  const [choosing, setChoosing] = useState(false);
  const [freezing, setFreezing] = useState(false);
  const [fault, setFault] = useState<unknown>(null);
  const scope = undoScope('dataset', projectId);
  const undoLabel = useUndoLabel(scope);
  const lastBuild = useLatestJob('build-dataset', projectId);
  const number = (versions[0]?.number ?? 0) + 1;
  const report = preview.result?.report ?? null;
  const blocked = whatBlocks(report, preview.working);
  const building = freezing || (lastBuild?.state === 'running' && /^Build/.test(lastBuild.title));

  const freeze = async () => {
    setFreezing(true);
    setFault(null);
    try {
      const { jobId } = await call('datasets.build', { projectId, recipe });
      const job = await jobEnd(jobId);
      announce(`Version ${number} is frozen.`);
      const versionId = (job.result as { versionId?: string } | null)?.versionId;
      const { screen, projectId: shown } = useRoute.getState();
      if (versionId && screen === 'dataset' && shown === projectId) goTo('dataset', versionId);
    } catch (error) {
      setFault(error);
    } finally {
      setFreezing(false);
    }
  };

  useScreenActions(
    useMemo(
      () => [
        {
          id: 'undo',
          label: 'Undo the last change of the draft',
          keys: 'Ctrl Z',
          run: () => void undo(scope),
        },
        { id: 'sources', label: 'Choose the documents of this dataset', run: () => setChoosing(true) },
      ],
      [scope],
    ),
  );

  return (
    <div className="screen">
      <ScreenHeader
        title="Dataset"
        sentence="Clean the text, shape it into records, and see exactly what the model will see."
        actions={
          <>
            <Button
              icon={IconArrowBackUp}
              disabled={!undoLabel}
              hint={undoLabel ? `Takes back: ${undoLabel}.` : 'Nothing was changed yet.'}
              onClick={() => void undo(scope).catch(setFault)}
            >
              Undo
            </Button>
            <VersionMenu versions={versions} current={null} />
            <Button
              kind="primary"
              icon={IconSnowflake}
              loading={building}
              disabled={blocked !== null}
              hint={blocked ?? undefined}
              onClick={() => void freeze()}
            >
              Freeze version {number}
            </Button>
          </>
        }
      />
      <DatasetTabs
        view="draft"
        tab={tab}
        recipe={recipe}
        report={report}
        open={report ? checkLines(report, null, 0).filter((line) => line.state !== 'passed').length : 0}
      />
      {fault !== null && <ErrorNotice error={fault} />}
      {draft.error !== null && <ErrorNotice error={draft.error} onRetry={draft.reload} />}
      {preview.error !== null && <ErrorNotice error={preview.error} />}
      {tab === 'clean' && (
        <CleanTab
          projectId={projectId}
          versionId={null}
          recipe={recipe}
          report={report}
          previewed={preview.result?.records}
          model={model}
          working={preview.working}
          seconds={preview.seconds}
          onChange={draft.change}
          onSources={() => setChoosing(true)}
        />
      )}
      {tab === 'shape' && (
        <ShapePanel recipe={recipe} suggestion={draft.suggestion} onChange={draft.change} />
      )}
      {tab === 'records' && (
        <RecordsPanel
          projectId={projectId}
          versionId={null}
          previewed={preview.result?.records}
          model={model}
          find={find}
          counts={report?.records ?? null}
        />
      )}
      {tab === 'splits' && (
        <SplitsPanel
          recipe={recipe}
          report={report}
          columns={draft.suggestion?.columns ?? []}
          working={preview.working}
          onChange={draft.change}
        />
      )}
      {tab === 'checks' && (
        <ChecksPanel
          report={report}
          stats={null}
          statsError={null}
          model={model}
          frozen={false}
          onRoles={({ roles }) => draft.change(withRoles(recipe, roles), 'choose what happens to roles')}
        />
      )}
      <SourcesDialog
        projectId={projectId}
        opened={choosing}
        chosen={recipe.sourceIds}
        onClose={() => setChoosing(false)}
        onChoose={(sourceIds) =>
          sourceIds.length > 0 && draft.change({ ...recipe, sourceIds }, 'choose other documents')
        }
      />
    </div>
  );
}
