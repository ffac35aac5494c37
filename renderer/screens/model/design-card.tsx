// What the model on the form would be: parameters, size, memory and time of training it here, and the button that makes
// it. While it is made, how far that is.
import { IconHammer } from '@tabler/icons-react';
import type { Job } from '../../../main/contract/jobs.ts';
import type { DesignPlan } from '../../../main/contract/models.ts';
import { call } from '../../client/client.ts';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { Chip } from '../../components/chip.tsx';
import { bytes, count, duration, integer, missing, percent } from '../../components/format.ts';
import { ErrorNotice } from '../../components/notice.tsx';
import { ProgressBar } from '../../components/progress-bar.tsx';
import { Term } from '../../components/term.tsx';
import { hasEnded } from '../../state/jobs.ts';
import styles from './create.module.css';
import { verdictWords } from './words.ts';

interface DesignCardProps {
  plan: DesignPlan | null;
  planning: boolean;
  error: unknown;
  job: Job | undefined;
  /** Why it cannot be made now. */
  blocked: string | null;
  starting: boolean;
}

export function DesignCard({ plan, planning, error, job, blocked, starting }: DesignCardProps) {
  const training = plan?.training;
  const busy = job !== undefined && !hasEnded(job);
  return (
    <Card
      title="What it would be"
      divided
      aside={
        training && (
          <Chip
            tone={verdictWords[training.verdict].tone}
            hint={`${bytes(training.availableBytes)} may be planned with.`}
          >
            {verdictWords[training.verdict].label}
          </Chip>
        )
      }
    >
      {error !== null && <ErrorNotice error={error} />}
      <dl
        className={['facts', styles.design, planning ? styles.stale : ''].join(' ')}
        aria-live="polite"
        aria-busy={planning}
      >
        {factsOf(plan).map(([label, value, more, help]) => (
          <div key={label}>
            <dt>
              <Term help={help}>{label}</Term>
            </dt>
            <dd>
              <span className="strong tabular">{value}</span>
              {more && <span className="caption muted">{more}</span>}
            </dd>
          </div>
        ))}
      </dl>
      {busy ? (
        <MakingModel job={job} />
      ) : (
        <div className={styles.make}>
          <Button
            type="submit"
            kind="primary"
            icon={IconHammer}
            loading={starting}
            disabled={blocked !== null}
            hint={blocked ?? undefined}
          >
            Make the model
          </Button>
          <span className="caption muted">
            {blocked ?? 'It knows nothing yet: its weights are drawn at random and learn in training.'}
          </span>
        </div>
      )}
    </Card>
  );
}

type Fact = [label: string, value: string, more: string | null, help: string];

function factsOf(plan: DesignPlan | null): Fact[] {
  const training = plan?.training;
  return [
    [
      'Weights',
      count(plan?.parameters),
      plan?.vocabularyShare == null ? null : `${percent(plan.vocabularyShare, 0)} for the vocabulary`,
      'Numbers that the model has to learn.',
    ],
    ['On disk', bytes(plan?.bytes), null, 'Size of the weight file, in float32.'],
    [
      'Memory',
      bytes(training?.peakBytes),
      training ? `of ${bytes(training.availableBytes)} that are free` : null,
      'Predicted peak while every weight is trained on this computer.',
    ],
    [
      '1,000 tokens',
      training ? duration(training.secondsPerThousandTokens) : missing,
      training ? 'of training text' : null,
      'About how long training takes for them on this computer.',
    ],
    [
      'A step',
      training ? duration(training.secondsPerStep) : missing,
      training ? `${integer(training.tokensPerStep)} tokens` : null,
      'One update of the weights, with the suggested batch.',
    ],
  ];
}

function MakingModel({ job }: { job: Job }) {
  return (
    <div className={styles.making}>
      <div className="row wrap between">
        <span className="strong cut">{job.title}</span>
        <span className="muted tabular">
          {job.state === 'waits' ? 'waits for another job' : percent(job.progress, 0)}
        </span>
      </div>
      <ProgressBar label={job.title} value={job.progress ?? 0} text={job.position} thin />
      <div className="row wrap between">
        <span className="caption muted">{job.position}</span>
        <Button size="small" kind="text" onClick={() => void call('jobs.cancel', { jobId: job.id })}>
          {job.cancelLabel}
        </Button>
      </div>
    </div>
  );
}
