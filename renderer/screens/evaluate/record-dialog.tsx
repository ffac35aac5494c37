// One record in full: prompt, both answers, reference and scores, with previous and next.
import { Modal } from '@mantine/core';
import type { MetricResult, Prediction } from '../../../main/contract/evaluations.ts';
import { Chip } from '../../components/chip.tsx';
import { decimal, plural } from '../../components/format.ts';
import { Pager } from '../../components/pager.tsx';
import styles from './evaluate.module.css';
import { meanLoss, valueText } from './measures.ts';

export interface RecordDialogProps {
  /** Undefined closes the dialog. */
  prediction: Prediction | undefined;
  results: readonly MetricResult[];
  /** What its loss counts, such as `token`. */
  counted: string;
  at: number;
  total: number;
  onMove(at: number): void;
  onClose(): void;
}

export function RecordDialog({
  prediction,
  results,
  counted,
  at,
  total,
  onMove,
  onClose,
}: RecordDialogProps) {
  return (
    <Modal opened={prediction !== undefined} onClose={onClose} size={980} title={prediction?.place ?? ''}>
      {prediction && (
        <div className="stack">
          <div className="row between wrap">
            <span className="muted">Record {prediction.recordId}</span>
            <Pager word="record" at={at} total={total} onChange={onMove} />
          </div>
          <Part title="Prompt" text={prediction.prompt} />
          <div className={styles.sides}>
            <Part title="Base" text={prediction.base.output} side={prediction.base} counted={counted} />
            <Part title="Tuned" text={prediction.tuned.output} side={prediction.tuned} counted={counted} />
            <Part title="Reference" text={prediction.reference} />
          </div>
          <dl className={styles.scores}>
            {results
              .filter((result) => prediction.scores[result.metricId] !== undefined)
              .map((result) => (
                <div key={result.metricId}>
                  <dt>{result.label}</dt>
                  <dd className="tabular strong">
                    {valueText(prediction.scores[result.metricId], result.unit)}
                    {result.unit.startsWith('%') ? '\u00a0%' : ''}
                  </dd>
                </div>
              ))}
          </dl>
        </div>
      )}
    </Modal>
  );
}

interface PartProps {
  title: string;
  text: string;
  side?: Prediction['base'];
  counted?: string;
}

function Part({ title, text, side, counted = 'token' }: PartProps) {
  return (
    <section className={styles.recordPart} aria-label={title}>
      <div className="row between wrap">
        <h3>{title}</h3>
        {side && (
          <span className="row caption muted">
            loss {decimal(meanLoss(side), 3)} over {plural(side.lossTokens, counted)}
            <Chip tone={side.stopped ? 'neutral' : 'warning'}>
              {side.stopped ? 'Stopped by itself' : 'Cut off'}
            </Chip>
          </span>
        )}
      </div>
      <p className={styles.recordText}>{text || <em className="muted">empty</em>}</p>
    </section>
  );
}
