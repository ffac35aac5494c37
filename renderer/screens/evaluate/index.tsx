// The Evaluate screen: is the tuned model better, where not, and by how much. `#/.../evaluate/<run>` chooses the run.

import { Modal } from '@mantine/core';
import { IconArrowRight, IconPlayerPlay, IconRefresh, IconScale } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';
import type { Evaluation } from '../../../main/contract/evaluations.ts';
import type { Run } from '../../../main/contract/runs.ts';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { CompactSelect } from '../../components/compact-select.tsx';
import { Empty } from '../../components/empty.tsx';
import { integer, plural } from '../../components/format.ts';
import { Loading } from '../../components/loading.tsx';
import { ErrorNotice } from '../../components/notice.tsx';
import { RunSelect } from '../../components/run-select.tsx';
import { ScreenHeader } from '../../components/screen-header.tsx';
import { useDatasets } from '../../state/datasets.ts';
import { useEvaluations, useEvaluationsStatus, useEvaluationsStore } from '../../state/evaluations.ts';
import { useModels } from '../../state/models.ts';
import { goTo, hrefTo, useProjectId } from '../../state/route.ts';
import { usableRuns, useRuns, useRunsStatus, useRunsStore } from '../../state/runs.ts';
import { chatKind } from '../chat/kinds.ts';
import { QuantizedBaseNotice } from '../run/quantized-base.tsx';
import type { Screen, ScreenProps } from '../screen.ts';
import { verdictTone } from './measures.ts';
import { MeasuresCard } from './measures-card.tsx';
import { EvaluationProgress } from './progress.tsx';
import { RecordsCard } from './records-card.tsx';
import { StartForm } from './start-form.tsx';
import { Verdict } from './verdict.tsx';

export const evaluateScreen: Screen = {
  id: 'evaluate',
  title: 'Evaluate',
  icon: IconScale,
  order: 5,
  step: 'evaluate',
  place: 'journey',
  needsProject: true,
  Screen: EvaluateScreen,
};

function EvaluateScreen({ rest }: ScreenProps) {
  const projectId = useProjectId();
  const runs = useRuns(projectId);
  const evaluations = useEvaluations(projectId);
  const runStatus = useRunsStatus(projectId);
  const status = useEvaluationsStatus(projectId);
  const usable = usableRuns(runs);
  const run =
    usable.find((one) => one.id === rest[0]) ??
    usable.find((one) => one.id === evaluations[0]?.runId) ??
    usable[0];

  const failed =
    runStatus.status === 'failed' ? runStatus.error : status.status === 'failed' ? status.error : null;
  if (failed !== null)
    return (
      <Frame>
        <ErrorNotice
          error={failed}
          onRetry={() => {
            void useRunsStore.getState().load(projectId);
            void useEvaluationsStore.getState().load(projectId);
          }}
        />
      </Frame>
    );
  if (runStatus.status !== 'ready' || status.status !== 'ready')
    return (
      <Frame>
        <Card grow label="Evaluation">
          <Loading label="Reading runs and evaluations" lines={8} />
        </Card>
      </Frame>
    );
  if (!run)
    return (
      <Frame>
        <Card grow label="Evaluation">
          <Empty
            icon={IconScale}
            title="There is no tuned model to measure yet"
            actions={
              <Button kind="primary" icon={IconPlayerPlay} href={hrefTo('train')}>
                Train a model
              </Button>
            }
          >
            Here you see whether a run answers better than its base, on records that it never saw.
          </Empty>
        </Card>
      </Frame>
    );
  return (
    <RunEvaluation
      key={run.id}
      run={run}
      runs={usable}
      evaluations={evaluations.filter((one) => one.runId === run.id)}
    />
  );
}

function Frame({ children }: { children: ReactNode }) {
  return (
    <div className="screen">
      <ScreenHeader
        title="Evaluate"
        sentence="Base against tuned, on records that were kept out of training."
      />
      {children}
    </div>
  );
}

interface RunEvaluationProps {
  run: Run;
  runs: Run[];
  evaluations: Evaluation[];
}

function RunEvaluation({ run, runs, evaluations }: RunEvaluationProps) {
  const [again, setAgain] = useState(false);
  const [metricId, setMetricId] = useState<string | null>(null);
  const [shownId, setShownId] = useState<string | null>(null);
  const version = useDatasets(run.projectId).find((one) => one.id === run.recipe.versionId);
  const model = useModels((state) => state.list).find((one) => one.id === run.recipe.modelId);
  const { searches, writes } = chatKind(model?.task ?? 'causal', true);
  const evaluation = evaluations.find((one) => one.id === shownId) ?? evaluations[0];
  const finished = evaluation?.state === 'finished';
  const worse = finished && (verdictTone(evaluation.results) === 'danger' || evaluation.leaks > 0);
  const step = run.bestStep ?? run.checkpointStep;
  return (
    <div className="screen">
      <ScreenHeader
        title="Evaluate"
        sentence={`Run ${run.number}${
          step === null ? '' : ` (${run.bestStep === null ? 'last' : 'best'}, step ${integer(step)})`
        } against ${model?.name ?? 'its base model'}${
          evaluation ? `, on ${plural(evaluation.records, `${evaluation.split} record`)}.` : '.'
        }`}
        actions={
          <>
            {runs.length > 1 && (
              <RunSelect
                label="Run to evaluate"
                runs={runs}
                value={run.id}
                onChange={(id) => goTo('evaluate', id)}
              />
            )}
            {evaluations.length > 1 && (
              <CompactSelect
                label="Evaluation to show"
                width={190}
                options={evaluations.map((one, at) => ({
                  value: one.id,
                  label: `${at === 0 ? 'Newest' : `Earlier, ${at}`}: ${one.split} ${integer(one.records)}`,
                }))}
                value={evaluation.id}
                onChange={setShownId}
              />
            )}
            {evaluation && (
              <Button icon={IconRefresh} onClick={() => setAgain(true)}>
                Evaluate again
              </Button>
            )}
            {finished &&
              (worse ? (
                <Button kind="primary" iconAfter={IconArrowRight} href={hrefTo('dataset')}>
                  Improve the dataset
                </Button>
              ) : (
                <Button kind="primary" iconAfter={IconArrowRight} href={hrefTo('export', run.id)}>
                  Export this model
                </Button>
              ))}
          </>
        }
      />
      {!evaluation && (
        <Card title={`Measure run ${run.number} against its base`} sub="on records that it never saw" divided>
          <StartForm
            run={run}
            version={version}
            searches={searches}
            writes={writes}
            primary
            onStarted={(started) => setShownId(started.id)}
          />
        </Card>
      )}
      {evaluation && !finished && (
        <EvaluationProgress evaluation={evaluation} onAgain={() => setAgain(true)} />
      )}
      {finished && (
        <>
          <Verdict evaluation={evaluation} writes={writes} />
          <QuantizedBaseNotice run={run}>
            The base column is the model with its original weights; the tuned one answers over the base in few
            bits, so the difference holds that cost too.
          </QuantizedBaseNotice>
          <MeasuresCard evaluation={evaluation} chosen={metricId} onMeasure={setMetricId} />
          <RecordsCard evaluation={evaluation} run={run} metricId={metricId} onMetric={setMetricId} />
        </>
      )}
      <Modal
        opened={again}
        onClose={() => setAgain(false)}
        title={`Evaluate run ${run.number} again`}
        size={680}
      >
        <StartForm
          run={run}
          version={version}
          searches={searches}
          writes={writes}
          primary={false}
          onStarted={(started) => {
            setAgain(false);
            setShownId(started.id);
          }}
        />
      </Modal>
    </div>
  );
}
