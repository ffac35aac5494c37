// An evaluation that waits, runs, failed or was cancelled: how far it is, and what to do.
import { IconX } from '@tabler/icons-react';
import { useState } from 'react';
import type { Evaluation } from '../../../main/contract/evaluations.ts';
import { call } from '../../client/client.ts';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { Chip } from '../../components/chip.tsx';
import { about, integer, percent } from '../../components/format.ts';
import { ErrorNotice, Notice } from '../../components/notice.tsx';
import { ProgressBar } from '../../components/progress-bar.tsx';
import { useJob } from '../../state/jobs.ts';
import styles from './evaluate.module.css';

export function EvaluationProgress({ evaluation, onAgain }: { evaluation: Evaluation; onAgain(): void }) {
  const job = useJob(evaluation.jobId);
  const [error, setError] = useState<unknown>();
  const { state, done, records } = evaluation;
  const again = (
    <Button size="small" onClick={onAgain}>
      Evaluate again
    </Button>
  );
  if (state === 'failed')
    return evaluation.error ? (
      <ErrorNotice error={evaluation.error} actions={again} />
    ) : (
      <Notice tone="danger" title="The evaluation ended early." actions={again}>
        No reason was given. The log file has the details.
      </Notice>
    );
  if (state === 'cancelled')
    return (
      <Notice
        tone="info"
        title={`The evaluation was cancelled after ${integer(done)} of ${integer(records)} records.`}
        actions={again}
      />
    );
  const share = job?.progress ?? (records > 0 ? done / records : 0);
  const cancel = () => {
    if (evaluation.jobId) call('jobs.cancel', { jobId: evaluation.jobId }).catch(setError);
  };
  return (
    <Card
      grow
      title={state === 'queued' ? 'The evaluation waits' : 'Base and tuned are answering'}
      aside={state === 'queued' && <Chip>Waits</Chip>}
      divided
    >
      <div className={styles.progress}>
        {state === 'queued' ? (
          <p className="muted">It starts when the work before it is done. You can leave this screen.</p>
        ) : (
          <>
            <ProgressBar
              label="Records that are measured"
              value={share}
              text={job?.position || `${integer(done)} of ${integer(records)} records`}
            />
            <p className="muted tabular">
              {[
                percent(share),
                job?.position || `${integer(done)} of ${integer(records)} records`,
                job?.rate,
                job?.secondsLeft != null ? `${about(job.secondsLeft)} left` : null,
              ]
                .filter(Boolean)
                .join(' · ')}
            </p>
          </>
        )}
        {error !== undefined && <ErrorNotice error={error} />}
        <div className="row">
          <Button icon={IconX} onClick={cancel}>
            {state === 'queued' ? 'Remove from the queue' : 'Cancel the evaluation'}
          </Button>
        </div>
      </div>
    </Card>
  );
}
