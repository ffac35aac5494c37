// The Chat screen: base and tuned answer side by side. `#/.../chat/<run>` chooses the tuned column.
import { IconMessage } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { Empty } from '../../components/empty.tsx';
import { Loading } from '../../components/loading.tsx';
import { ErrorNotice } from '../../components/notice.tsx';
import { ScreenHeader } from '../../components/screen-header.tsx';
import { useChosenModel, useModels } from '../../state/models.ts';
import { hrefTo, useProjectId } from '../../state/route.ts';
import { usableRuns, useRuns, useRunsStatus, useRunsStore } from '../../state/runs.ts';
import type { Screen, ScreenProps } from '../screen.ts';
import { ChatView } from './chat-view.tsx';

export const chatScreen: Screen = {
  id: 'chat',
  title: 'Chat',
  icon: IconMessage,
  order: 10,
  place: 'below',
  needsProject: true,
  Screen: ChatScreen,
};

function ChatScreen({ rest }: ScreenProps) {
  const projectId = useProjectId();
  const runs = usableRuns(useRuns(projectId));
  const { status, error } = useRunsStatus(projectId);
  const chosen = useChosenModel(projectId);
  const models = useModels((state) => state.list);
  const modelsStatus = useModels((state) => state.status);
  const run = runs.find((one) => one.id === rest[0]) ?? runs[0] ?? null;
  // A run answers on the base that it was trained on, whatever the project has chosen since.
  const model = run ? models.find((one) => one.id === run.recipe.modelId) : chosen;

  if (status === 'failed')
    return (
      <Frame>
        <ErrorNotice error={error} onRetry={() => void useRunsStore.getState().load(projectId)} />
      </Frame>
    );
  if (status === 'ready' && model && !model.problem)
    return <ChatView projectId={projectId} model={model} run={run} runs={runs} />;
  const gone = run !== null && modelsStatus === 'ready' && (!model || model.problem);
  return (
    <Frame>
      <Card grow label="Chat">
        {status === 'ready' && (model === null || gone) ? (
          <Empty
            icon={IconMessage}
            title={
              gone ? `The base model of run ${run.number} cannot be used` : 'There is no model to talk to yet'
            }
            actions={
              <Button kind="primary" href={hrefTo('model')}>
                Choose a base model
              </Button>
            }
          >
            {gone
              ? (model?.problem?.message ??
                'Its folder is no longer in the list. Add it again on the Model screen.')
              : 'Choose a base model, and train it to see base and tuned side by side.'}
          </Empty>
        ) : (
          <Loading label="Reading models and runs" lines={6} />
        )}
      </Card>
    </Frame>
  );
}

function Frame({ children }: { children: ReactNode }) {
  return (
    <div className="screen">
      <ScreenHeader title="Chat" sentence="The same question to base and tuned model." />
      {children}
    </div>
  );
}
