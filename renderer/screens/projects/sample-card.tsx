// The sample project: what it is, the one button that trains it, and how far each step is.
import {
  IconCircleArrowRight,
  IconCircleCheck,
  IconCircleDashed,
  IconLoader2,
  IconPlayerPlay,
  IconSparkles2,
} from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import type { CallOutput } from '../../../main/contract/index.ts';
import type { Project } from '../../../main/contract/projects.ts';
import { call } from '../../client/client.ts';
import { Button } from '../../components/button.tsx';
import { Chip } from '../../components/chip.tsx';
import { about, bytes, integer, sentence } from '../../components/format.ts';
import { ErrorNotice } from '../../components/notice.tsx';
import { hasEnded, useJobs } from '../../state/jobs.ts';
import { goToProject } from '../../state/route.ts';
import { screens } from '../index.ts';
import styles from './projects.module.css';
import { sampleRecipe, trainSample } from './train-sample.ts';

type Plan = CallOutput<'runs.plan'>;

export function SampleCard({ project, first }: { project: Project; first: boolean }) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const ready = project.steps.filter((step) => step.state === 'done').length >= 3;
  const plan = useSamplePlan(project, ready);

  const making = useJobs((state) =>
    Object.values(state.byId).some((job) => job.projectId === project.id && !hasEnded(job)),
  );
  const waiting = ready
    ? null
    : making
      ? 'The sample is being made. This takes a few seconds.'
      : whatIsMissing(project);

  const train = async () => {
    setBusy(true);
    setError(null);
    try {
      await trainSample(project.id);
    } catch (thrown) {
      setError(thrown);
    } finally {
      setBusy(false);
    }
  };

  return (
    <section className={styles.sample} aria-labelledby="sample-name">
      <div className={styles.sampleTop}>
        <div className={styles.sampleWords}>
          <div className="row wrap">
            <Chip tone="accent" icon={IconSparkles2}>
              Sample project
            </Chip>
            <span className="caption muted">Made for learning. You can change or delete it.</span>
          </div>
          <h2 id="sample-name" className={styles.sampleName}>
            {project.name}
          </h2>
          <p className="muted">
            {project.description}{' '}
            {ready && 'Three steps are already done, so you can train now and see every screen at work.'}
          </p>
        </div>
        <div className={styles.sampleActions}>
          <Button
            kind={first ? 'primary' : 'outline'}
            icon={IconPlayerPlay}
            solidIcon
            loading={busy}
            disabled={waiting !== null}
            hint={waiting ?? undefined}
            className={styles.trainButton}
            onClick={() => void train()}
          >
            Train the sample
          </Button>
          <Button onClick={() => goToProject(project.id, 'documents')}>Look around first</Button>
          <span className="caption muted" aria-live="polite">
            {plan ? `${about(plan.seconds)} · ${bytes(plan.peakBytes)} memory` : ' '}
          </span>
        </div>
      </div>
      {error !== null && (
        <div className={styles.sampleError}>
          <ErrorNotice error={error} onRetry={() => void train()} />
        </div>
      )}
      <ol className={styles.sampleSteps}>
        {project.steps
          .filter((step) => step.step !== 'export')
          .map((step) => (
            <SampleStep key={step.step} step={step} project={project} plan={plan} />
          ))}
      </ol>
    </section>
  );
}

/** Why the sample cannot be trained although nothing is being made; null when the backend may decide. */
function whatIsMissing(project: Project): string | null {
  const open = project.steps.find((step) => step.step === 'model' && step.state === 'open');
  return open ? 'No model is chosen for the sample yet. Choose one on the Model screen.' : null;
}

/** The plan of the run behind the button; null until known, and when it cannot be made. */
function useSamplePlan(project: Project, ready: boolean): Plan | null {
  const [plan, setPlan] = useState<Plan | null>(null);
  useEffect(() => {
    if (!ready) return;
    let current = true;
    sampleRecipe(project.id)
      .then((recipe) => call('runs.plan', recipe))
      .then((next) => current && setPlan(next))
      .catch(() => undefined);
    return () => {
      current = false;
    };
  }, [project.id, ready]);
  return plan;
}

interface SampleStepProps {
  step: Project['steps'][number];
  project: Project;
  plan: Plan | null;
}

function SampleStep({ step, project, plan }: SampleStepProps) {
  const screen = screens.find((one) => one.step === step.step);
  const next = project.nextStep === step.step;
  const Shape =
    step.state === 'done'
      ? IconCircleCheck
      : step.state === 'running'
        ? IconLoader2
        : next
          ? IconCircleArrowRight
          : IconCircleDashed;
  const [fact, ...rest] = step.fact.split(', ');
  const planned = step.step === 'train' && step.state === 'open' && plan !== null;
  return (
    <li className={[styles.sampleStep, next ? styles.nextStep : ''].join(' ')}>
      <a href={`#/projects/${project.id}/${screen?.id ?? step.step}`} className={styles.stepLink}>
        <span className={[styles.stepName, step.state === 'done' ? styles.stepDone : ''].join(' ')}>
          <Shape size={16} stroke={1.75} aria-hidden />
          {screen?.title ?? step.step}
        </span>
        <span className="strong">{planned ? `${integer(plan.steps)} steps` : sentence(fact)}</span>
        <span className="caption muted">{planned ? about(plan.seconds) : sentence(rest.join(', '))}</span>
      </a>
    </li>
  );
}
