// "What it answers now": the same prompt before training, on the way and now, beside the reference.
import { useState } from 'react';
import type { SamplePoint } from '../../../main/contract/runs.ts';
import { Card } from '../../components/card.tsx';
import { Empty } from '../../components/empty.tsx';
import { decimal, integer } from '../../components/format.ts';
import { Pager } from '../../components/pager.tsx';
import { overlap, samplesByPrompt } from './answers.ts';
import styles from './run.module.css';

export interface AnswersCardProps {
  samples: readonly SamplePoint[];
  /** Whether more can come. */
  active: boolean;
}

export function AnswersCard({ samples, active }: AnswersCardProps) {
  const [chosen, setChosen] = useState(0);
  const prompts = samplesByPrompt(samples);
  const at = Math.min(chosen, Math.max(0, prompts.length - 1));
  const current = prompts[at];
  return (
    <Card
      grow
      title="What it answers now"
      sub={current && <span className={styles.prompt}>{current.prompt}</span>}
      padded={false}
      aside={
        prompts.length > 1 && <Pager word="prompt" at={at} total={prompts.length} onChange={setChosen} />
      }
    >
      {!current ? (
        <Empty title={active ? 'No answer yet' : 'No answer was kept'}>
          {active
            ? 'At each validation the model answers a few prompts, so that you see what the loss cannot show.'
            : 'Answers are kept at each validation where the validation records have prompts; here there were none. In Chat it answers whatever you ask.'}
        </Empty>
      ) : (
        <section
          className={styles.answers}
          aria-label="Answers by step"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keys
          tabIndex={0}
        >
          {current.shown.map((sample) => (
            <div key={sample.step} className={styles.answer}>
              <div className="row between caption">
                <span className="control">
                  {sample.step === 0 ? 'Before training' : `Step ${integer(sample.step)}`}
                </span>
                {current.reference !== null && (
                  <span className="muted">
                    overlap {decimal(overlap(sample.output, current.reference), 2)}
                  </span>
                )}
              </div>
              <p className={styles.answerText}>{sample.output || <em className="muted">empty answer</em>}</p>
            </div>
          ))}
          {current.reference !== null && (
            <div className={styles.answer} data-reference>
              <div className="caption control">Reference</div>
              <p className={styles.answerText}>{current.reference}</p>
            </div>
          )}
        </section>
      )}
    </Card>
  );
}
