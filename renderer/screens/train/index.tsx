// The Train screen: decide how long to train; the rest is set. Shows what is missing where data or model are not
// chosen yet.
import { IconPlayerPlay } from '@tabler/icons-react';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { Empty } from '../../components/empty.tsx';
import { Loading } from '../../components/loading.tsx';
import { ErrorNotice } from '../../components/notice.tsx';
import { ScreenHeader } from '../../components/screen-header.tsx';
import { useDatasets, useDatasetsStore } from '../../state/datasets.ts';
import { useChosenModel } from '../../state/models.ts';
import { hrefTo, useProjectId } from '../../state/route.ts';
import type { Screen, ScreenProps } from '../screen.ts';
import { draftFor, useDrafts } from './draft.ts';
import { Setup } from './setup.tsx';
import { usePresets } from './use-plan.ts';

export const trainScreen: Screen = {
  id: 'train',
  title: 'Train',
  icon: IconPlayerPlay,
  order: 4,
  step: 'train',
  place: 'journey',
  needsProject: true,
  Screen: TrainScreen,
};

function TrainScreen({ rest }: ScreenProps) {
  const projectId = useProjectId();
  const versions = useDatasets(projectId);
  const status = useDatasetsStore((state) => state.status[projectId]);
  const versionsError = useDatasetsStore((state) => state.errors[projectId]);
  const model = useChosenModel(projectId);
  const stored = useDrafts((state) => state.byProject[projectId]);
  const version =
    versions.find((one) => one.id === rest[0]) ??
    versions.find((one) => one.id === stored?.versionId) ??
    versions[0];
  const usable = model && !model.problem ? model : null;
  const { presets, error, again } = usePresets(
    version && usable ? { projectId, versionId: version.id, modelId: usable.id } : null,
  );
  const draft = presets && draftFor(stored, presets);

  if (version && usable && presets && draft)
    return (
      <Setup
        projectId={projectId}
        version={version}
        versions={versions}
        model={usable}
        presets={presets}
        draft={draft}
      />
    );

  const failed = versionsError ?? error;
  const missing = status === 'ready' && !version ? 'data' : model === null || model?.problem ? 'model' : null;
  return (
    <div className="screen">
      <ScreenHeader title="Train" sentence="Choose how long to train. Everything else is set for you." />
      {failed !== undefined && failed !== null ? (
        <ErrorNotice
          error={failed}
          onRetry={() => (versionsError ? void useDatasetsStore.getState().load(projectId) : again())}
        />
      ) : (
        <Card grow label="Training">
          {missing === 'data' ? (
            <Empty
              icon={IconPlayerPlay}
              title="There is nothing to learn from yet"
              actions={
                <Button kind="primary" href={hrefTo('dataset')}>
                  Freeze a dataset version
                </Button>
              }
            >
              A run learns from a frozen dataset version. Freeze one on the Dataset screen, then come back.
            </Empty>
          ) : missing === 'model' ? (
            <Empty
              icon={IconPlayerPlay}
              title={model?.problem ? model.problem.message : 'No base model is chosen yet'}
              actions={
                <Button kind="primary" href={hrefTo('model')}>
                  Choose a base model
                </Button>
              }
            >
              {model?.problem
                ? model.problem.remedy
                : 'A run starts from a base model and teaches it your records.'}
            </Empty>
          ) : (
            <Loading label="Planning for your records and this computer" lines={8} />
          )}
        </Card>
      )}
    </div>
  );
}
