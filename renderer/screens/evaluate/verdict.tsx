// The verdict in one sentence, what it cannot show, and the checks behind it. Withheld where test records leaked into
// the training data.
import { IconAlertTriangle, IconCircleCheck, IconInfoCircle, IconTrendingDown } from '@tabler/icons-react';
import type { Evaluation } from '../../../main/contract/evaluations.ts';
import { plural } from '../../components/format.ts';
import { Notice } from '../../components/notice.tsx';
import styles from './evaluate.module.css';
import { FEW_RECORDS, powerSentence, settingsSentence, unclearSentence, verdictTone } from './measures.ts';

const icons = {
  success: IconCircleCheck,
  warning: IconAlertTriangle,
  danger: IconTrendingDown,
  info: IconInfoCircle,
};

export interface VerdictProps {
  evaluation: Evaluation;
  /** Whether the model answers token by token; false = at once, such as a label. */
  writes: boolean;
}

export function Verdict({ evaluation, writes }: VerdictProps) {
  const { results, leaks, records } = evaluation;
  if (leaks > 0)
    return (
      <Notice
        tone="danger"
        title={`No verdict: ${plural(leaks, 'test record')} is also in the training data.`}
      >
        The numbers below flatter the tuned model. Build a new dataset version with a clean split, then train
        again.
      </Notice>
    );
  const tone = verdictTone(results);
  const Shape = icons[tone];
  const few = records < FEW_RECORDS;
  // The first sentence says what came of it; the others say what to know about it.
  const [title, ...rest] = (evaluation.verdict ?? 'No verdict was written.').split(/(?<=\.) (?=\p{Lu})/u);
  const more = [
    ...rest,
    unclearSentence(results),
    few
      ? `${plural(records, 'record')} are few: only large differences can be seen.`
      : powerSentence(evaluation),
  ].filter((sentence) => sentence !== null);
  return (
    <section className={`${styles.verdict} ${styles[tone]}`} aria-label="Verdict">
      <Shape size={22} stroke={1.75} aria-hidden className={styles.verdictIcon} />
      <div className={styles.verdictWords}>
        <p className={styles.verdictTitle}>{title}</p>
        {more.length > 0 && <p className={styles.verdictMore}>{more.join(' ')}</p>}
      </div>
      <ul className={styles.proofs}>
        <li>
          <IconCircleCheck size={16} stroke={1.75} aria-hidden />
          {evaluation.split === 'train'
            ? 'Measured on the training records themselves'
            : `0 ${evaluation.split} records in the training data`}
        </li>
        <li>
          <IconCircleCheck size={16} stroke={1.75} aria-hidden />
          {settingsSentence(evaluation, writes)}
        </li>
      </ul>
    </section>
  );
}
