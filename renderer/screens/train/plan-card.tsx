// "What will happen": time, memory, disk and steps of the recipe on screen, and the memory bar. Says whether the
// numbers were measured or predicted, and offers the least memory where the run does not fit.
import { IconRuler2 } from '@tabler/icons-react';
import type { Plan, TrainSettings } from '../../../main/contract/runs.ts';
import type { Machine } from '../../../main/contract/settings.ts';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { Figure } from '../../components/figure.tsx';
import { bytesParts, durationParts, integer, plural, roughSeconds } from '../../components/format.ts';
import { Loading } from '../../components/loading.tsx';
import { ErrorNotice, Notice } from '../../components/notice.tsx';
import { MemoryBar } from './memory-bar.tsx';
import { MemoryPolicies } from './memory-policies.tsx';
import { remedyWords, withRemedy } from './memory-words.ts';
import styles from './train.module.css';
import type { Planned } from './use-plan.ts';
import { memoryOf, verdictWords } from './words.ts';

export interface PlanCardProps {
  planned: Planned;
  settings: TrainSettings;
  machine: Machine | null;
  onChange(settings: TrainSettings): void;
  /** Changes the recipe to the one that needs least memory; null where it is that already. */
  onLeastMemory: (() => void) | null;
}

export function PlanCard({ planned, settings, machine, onChange, onLeastMemory }: PlanCardProps) {
  const { plan, planning, error, again } = planned;
  return (
    <Card
      title="What will happen"
      padded={false}
      aside={
        plan && (
          <>
            <IconRuler2 size={16} stroke={1.75} aria-hidden />
            <span aria-live="polite">
              {planning ? 'Planning again' : 'Predicted from the shape of the model and your records'}
            </span>
            <Button size="small" kind="text" loading={planning} onClick={again}>
              Plan again
            </Button>
          </>
        )
      }
    >
      {error !== undefined && (
        <div className={styles.inset}>
          <ErrorNotice error={error} onRetry={again} />
        </div>
      )}
      {!plan && error === undefined && (
        <div className={styles.inset}>
          <Loading label="Planning time and memory" lines={5} />
        </div>
      )}
      {plan && (
        <>
          <Figures plan={plan} settings={settings} />
          <div className={styles.inset}>
            {machine ? (
              <MemoryBar plan={plan} machine={memoryOf(machine, settings.provider)} />
            ) : (
              <Loading label="Reading this computer's memory" />
            )}
            <MemoryPolicies
              plan={plan}
              settings={settings}
              onChoose={(recompute) => onChange({ ...settings, recompute })}
            />
            {plan.verdict === 'too-large' && plan.nearest !== null && (
              <NearestFit plan={plan} settings={settings} onChange={onChange} />
            )}
            {plan.verdict === 'too-large' && plan.nearest === null && (
              <Notice
                tone="danger"
                title={`${verdictWords(plan)}.`}
                actions={
                  onLeastMemory && (
                    <Button size="small" onClick={onLeastMemory}>
                      Use least memory
                    </Button>
                  )
                }
              >
                {onLeastMemory
                  ? 'Computing values twice, in smaller passes, needs less memory and gives the same result.'
                  : 'Cut records at fewer tokens, choose a smaller model, or close other programs.'}
              </Notice>
            )}
          </div>
        </>
      )}
    </Card>
  );
}

function NearestFit({
  plan,
  settings,
  onChange,
}: Pick<PlanCardProps, 'settings' | 'onChange'> & { plan: Plan }) {
  const { nearest } = plan;
  if (nearest === null) return null;
  return (
    <Notice
      tone="danger"
      title={`${verdictWords(plan)}.`}
      actions={
        <Button size="small" onClick={() => onChange(withRemedy(settings, nearest))}>
          Use it
        </Button>
      }
    >
      {remedyWords(nearest, settings)}
    </Notice>
  );
}

/** Only the processor's speed is known before a run. */
function timeWords({ patience, provider }: TrainSettings): { hint: string; why: string } {
  const early = patience > 0 ? '; may end early' : '';
  if (provider !== 'cpu') {
    const why = 'The speed of this device is not known yet: this is what the processor would take';
    return { hint: `a guess${early}`, why };
  }
  const why = 'Work of all steps, divided by the speed of this processor while no other program uses it';
  return { hint: `predicted${early}`, why };
}

function Figures({ plan, settings }: { plan: Plan; settings: TrainSettings }) {
  const memory = bytesParts(plan.peakBytes);
  const disk = bytesParts(plan.diskBytes);
  return (
    <div className={styles.figures}>
      <Figure
        label="Time, about"
        parts={durationParts(roughSeconds(plan.seconds))}
        {...timeWords(settings)}
      />
      <Figure
        label="Memory at peak"
        {...memory}
        hint="predicted"
        tone={plan.verdict === 'too-large' ? 'danger' : plan.verdict === 'tight' ? 'warning' : 'plain'}
        why="The most memory that the training process holds at one time"
      />
      <Figure
        label="Disk"
        {...disk}
        hint={
          settings.quantization === 'none'
            ? 'best and last checkpoint kept'
            : 'checkpoints, and base in few bits'
        }
        why={
          settings.quantization === 'none'
            ? 'Checkpoints of this run'
            : 'Checkpoints of this run, and the base in few bits, which later runs use too'
        }
      />
      <Figure
        label="Steps"
        value={integer(plan.steps)}
        unit="steps"
        hint={`${integer(plan.stepsPerEpoch)} an epoch, ${plural(settings.epochs, 'epoch')}`}
        why="One step reads one batch and changes the weights once"
      />
    </div>
  );
}
