// What is right and what is not about a draft or version, one line each, before any time is spent on training.
import { IconAlertCircle, IconAlertTriangle, IconCircleCheck } from '@tabler/icons-react';
import type { DatasetReport } from '../../../main/contract/datasets.ts';
import type { CallOutput } from '../../../main/contract/index.ts';
import type { BaseModel } from '../../../main/contract/models.ts';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { integer, plural } from '../../components/format.ts';
import { Loading } from '../../components/loading.tsx';
import { ErrorNotice } from '../../components/notice.tsx';
import styles from './dataset.module.css';
import {
  fewRecords,
  largeRemoval,
  type RoleOffer,
  refusalSentence,
  roleOffers,
  rolesDone,
  totalRecords,
} from './words.ts';

type Stats = CallOutput<'datasets.tokenStats'>;

export interface Line {
  state: 'passed' | 'warning' | 'failed';
  sentence: string;
  /** What can be done about it with one click. */
  offers?: RoleOffer[];
}

/** Every check that the report and the token statistics allow. */
export function checkLines(report: DatasetReport, stats: Stats | null, limit: number): Line[] {
  const lines: Line[] = [];
  const total = totalRecords(report);
  lines.push(
    total > 0
      ? {
          state: 'passed',
          sentence: `${plural(total, 'record')} were made from ${plural(report.passages, 'passage')}.`,
        }
      : { state: 'failed', sentence: 'No record was made.' },
  );
  lines.push(
    report.leaks === 0
      ? { state: 'passed', sentence: '0 leaks: no test or validation record is also in the training data.' }
      : {
          state: 'failed',
          sentence: `${plural(report.leaks, 'record')} of the test or validation data is also in training.`,
        },
  );
  const few = fewRecords(report);
  if (few) lines.push({ state: 'warning', sentence: few });
  for (const step of report.steps) {
    const large = largeRemoval(step);
    if (large) lines.push({ state: 'warning', sentence: `${step.label}: ${large}` });
  }
  for (const problem of report.problems) lines.push({ state: 'warning', sentence: problem });
  const done = rolesDone(report);
  if (done) lines.push({ state: 'passed', sentence: done });
  const refused = (stats ? stats.refused : report.refused) ?? []; // of the model that is chosen now
  for (const refusal of refused)
    lines.push({ state: 'warning', sentence: refusalSentence(refusal), offers: roleOffers(refusal) });
  if (!stats) return lines;
  lines.push(
    stats.withoutTrained === 0
      ? { state: 'passed', sentence: 'Every record has tokens to learn.' }
      : {
          state: 'warning',
          sentence: `${plural(stats.withoutTrained, 'record')} would teach nothing: no token is learned.`,
        },
  );
  lines.push(
    stats.overLimit === 0
      ? { state: 'passed', sentence: `No record is longer than the ${integer(limit)} tokens of the model.` }
      : {
          state: 'warning',
          sentence: `${plural(stats.overLimit, 'record is', 'records are')} longer than ${integer(limit)} tokens and will be cut.`,
        },
  );
  const others = stats.problems.filter((one) => !refused.some(({ sentence }) => one.endsWith(sentence)));
  for (const problem of others) lines.push({ state: 'warning', sentence: problem });
  return lines;
}

const icons = { passed: IconCircleCheck, warning: IconAlertTriangle, failed: IconAlertCircle };
const words = { passed: 'Passed', warning: 'Look at this', failed: 'Not right' };

interface ChecksPanelProps {
  report: DatasetReport | null;
  stats: Stats | null;
  statsError: unknown;
  model: BaseModel | null;
  frozen: boolean;
  /** Takes a choice of roles; of a frozen version into a copy. */
  onRoles: (offer: RoleOffer) => void;
}

export function ChecksPanel({ report, stats, statsError, model, frozen, onRoles }: ChecksPanelProps) {
  return (
    <Card title="Checks" divided>
      {!report && <Loading label="Waiting for the steps" />}
      {report && (
        <ul>
          {checkLines(report, stats, model?.contextLength ?? 0).map((line) => {
            const Shape = icons[line.state];
            return (
              <li key={line.sentence} className={styles.checkLine}>
                <Shape
                  size={18}
                  stroke={1.75}
                  aria-label={words[line.state]}
                  className={styles[line.state]}
                />
                <div className="stack">
                  <span>{line.sentence}</span>
                  {line.offers && line.offers.length > 0 && (
                    <div className="row wrap">
                      {line.offers.map((offer) => (
                        <Button key={offer.label} size="small" onClick={() => onRoles(offer)}>
                          {offer.label}
                        </Button>
                      ))}
                    </div>
                  )}
                </div>
              </li>
            );
          })}
        </ul>
      )}
      {statsError !== null && <ErrorNotice error={statsError} />}
      {frozen && model && !stats && statsError === null && <Loading label="Counting tokens" lines={2} />}
      {!frozen && <p className="caption muted">Tokens are counted once the version is frozen.</p>}
      {frozen && !model && <p className="caption muted">Tokens are counted once a model is chosen.</p>}
    </Card>
  );
}
