// The figures row of a run: step, time left, losses, speed and memory, each with its unit and where it came from.
import type { Run } from '../../../main/contract/runs.ts';
import { Figure, FigureStrip } from '../../components/figure.tsx';
import {
  bytes,
  bytesParts,
  clock,
  decimal,
  duration,
  durationParts,
  integer,
  missing,
  score,
} from '../../components/format.ts';
import type { RunMetrics } from '../../state/runs.ts';
import { isActive } from './compare.ts';
import { meanOfLast } from './health.ts';
import { lossWordsOf } from './loss-words.ts';
import { bestWords } from './validation.ts';

const MEAN_STEPS = 20;

export function RunFigures({ run, metrics }: { run: Run; metrics: RunMetrics }) {
  const last = metrics.train.at(-1);
  const step = Math.max(run.step, last?.step ?? 0);
  const active = isActive(run.state);
  const secondsLeft = active ? (last?.secondsLeft ?? null) : null;
  const seconds =
    run.endedAt === null && run.startedAt && last ? (last.time - run.startedAt) / 1000 : run.seconds;
  const loss = meanOfLast(metrics.train, MEAN_STEPS, (point) => point.loss) ?? run.trainLoss;
  const speed =
    meanOfLast(metrics.train, MEAN_STEPS, (point) => point.tokensPerSecond) ?? run.tokensPerSecond;
  const newest = metrics.validation.at(-1);
  const memory = bytesParts(last?.residentBytes ?? (run.peakBytes || null));
  const peak = run.peakBytes > 0 ? bytesParts(run.peakBytes).value : missing;
  const lossWords = lossWordsOf(run);
  const epochs = run.recipe.settings.epochs;
  return (
    <FigureStrip label="Progress of the run">
      <Figure
        label="Step"
        value={integer(step)}
        unit={`of ${integer(run.steps)}`}
        hint={
          last
            ? `epoch ${decimal(last.epoch, Number.isInteger(last.epoch) ? 0 : 2)} of ${epochs}`
            : `${epochs} epochs planned`
        }
      />
      {active ? (
        <Figure
          label="Time left"
          parts={durationParts(secondsLeft === null ? null : rounded(secondsLeft))}
          hint={
            secondsLeft === null
              ? 'known after the first steps'
              : `ends ${clock(Date.now() + secondsLeft * 1000)}; ${duration(rounded(seconds))} done`
          }
          why="Steps that are left, times the time of the last steps"
        />
      ) : (
        <Figure label="Time" parts={durationParts(rounded(run.seconds))} hint="of training" />
      )}
      <Figure
        label="Training loss"
        value={score(loss)}
        unit={loss === null ? undefined : lossWords.short}
        hint={`mean of the last ${MEAN_STEPS} steps`}
        why={lossWords.what}
      />
      <Figure
        label="Validation loss"
        value={score(newest?.loss ?? run.validationLoss)}
        unit={newest || run.validationLoss !== null ? lossWords.short : undefined}
        hint={
          bestWords(run, metrics.validation) ?? (active ? 'no validation yet' : 'no validation in this run')
        }
        why="Loss over the whole validation split, whose records are never trained on"
      />
      <Figure
        label="Speed"
        value={integer(speed)}
        unit={speed === null ? undefined : 'tokens/s'}
        hint={step > 0 && seconds > 0 ? `${duration(seconds / step)} a step` : 'known after the first steps'}
        why={`Tokens of the records without padding: mean of the last ${MEAN_STEPS} steps`}
      />
      <Figure
        label={active ? 'Memory' : 'Memory at peak'}
        {...(active ? memory : bytesParts(run.peakBytes || null))}
        hint={[
          ...(active ? [`peak ${peak}`] : []),
          ...(run.plan ? [`${bytes(run.plan.peakBytes)} planned`] : []),
        ].join('; ')}
      />
    </FigureStrip>
  );
}

/** Estimates and long times in whole minutes. */
function rounded(seconds: number): number {
  return seconds < 120 ? Math.round(seconds) : Math.round(seconds / 60) * 60;
}
