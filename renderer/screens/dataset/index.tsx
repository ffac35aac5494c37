// Dataset: clean the text, shape it into records, look at them as the model sees them, and freeze a version.
// The address is `dataset/<draft or version id>/<tab>/<text to find>`.
import { IconTable } from '@tabler/icons-react';
import { errorParts } from '../../client/client.ts';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { Empty } from '../../components/empty.tsx';
import { Loading } from '../../components/loading.tsx';
import { ErrorNotice } from '../../components/notice.tsx';
import { ScreenHeader } from '../../components/screen-header.tsx';
import { useDatasets, useDatasetsStore } from '../../state/datasets.ts';
import { useChosenModel } from '../../state/models.ts';
import { goTo, useProjectId } from '../../state/route.ts';
import type { Screen, ScreenProps } from '../screen.ts';
import { DraftView } from './draft-view.tsx';
import { useDraft } from './use-draft.ts';
import { VersionView } from './version-view.tsx';
import { type Tab, tabs } from './words.ts';

function Dataset({ rest }: ScreenProps) {
  const projectId = useProjectId();
  const versions = useDatasets(projectId);
  const status = useDatasetsStore((state) => state.status[projectId]);
  const listError = useDatasetsStore((state) => state.errors[projectId]);
  const model = useChosenModel(projectId) ?? null;
  const draft = useDraft(projectId);
  const [asked, askedTab, find = ''] = rest;
  const version = asked === 'draft' ? undefined : (versions.find((one) => one.id === asked) ?? versions[0]);
  const tab = (tabs.find((one) => one === askedTab) ?? 'clean') as Tab;

  if (status === 'ready' && version) {
    return (
      <VersionView
        key={version.id}
        version={version}
        versions={versions}
        draft={draft}
        model={model}
        tab={tab}
        find={find}
      />
    );
  }
  if ((status === 'ready' || status === 'failed') && draft.recipe) {
    return (
      <DraftView
        projectId={projectId}
        versions={versions}
        draft={draft}
        model={model}
        tab={tab}
        find={find}
      />
    );
  }
  const error = draft.error ?? (status === 'failed' ? listError : null);
  const noDocuments = error !== null && error !== undefined && errorParts(error).code === 'no-documents';
  return (
    <div className="screen">
      <ScreenHeader
        title="Dataset"
        sentence="Clean the text, shape it into records, and see exactly what the model will see."
        actions={
          noDocuments && (
            <Button kind="primary" onClick={() => goTo('documents')}>
              Add documents
            </Button>
          )
        }
      />
      {noDocuments ? (
        <Card grow label="No documents yet">
          <Empty icon={IconTable} title="A dataset is made from documents, and none can be used yet">
            Add files, and record the right to use them. To look around first,{' '}
            <a href="#/projects">open the sample</a>.
          </Empty>
        </Card>
      ) : error ? (
        <ErrorNotice error={error} onRetry={draft.reload} />
      ) : (
        <Card label="Loading">
          <Loading label="Reading the draft of the dataset" lines={8} />
        </Card>
      )}
    </div>
  );
}

export const datasetScreen: Screen = {
  id: 'dataset',
  title: 'Dataset',
  icon: IconTable,
  order: 2,
  step: 'dataset',
  place: 'journey',
  needsProject: true,
  Screen: Dataset,
};
