// Below the memory bar: each policy of recomputation with what it takes, and what it costs and saves against the chosen one.
import type { Plan, TrainSettings } from '../../../main/contract/runs.ts';
import { Button } from '../../components/button.tsx';
import { policyRows } from './memory-words.ts';
import styles from './train.module.css';

export interface MemoryPoliciesProps {
  plan: Plan;
  settings: TrainSettings;
  onChoose(recompute: TrainSettings['recompute']): void;
}

export function MemoryPolicies({ plan, settings, onChoose }: MemoryPoliciesProps) {
  const rows = policyRows(plan, settings);
  if (rows.length === 0) return null;
  return (
    <ul className={styles.policies} aria-label="What the backward pass computes again">
      {rows.map((row) => (
        <li key={row.recompute} className={styles.policy} aria-current={row.chosen || undefined}>
          <span>{row.label}</span>
          <span className={`tabular ${row.tooLarge ? styles.bad : ''}`}>{row.memory}</span>
          <span className="muted">{row.difference}</span>
          {row.chosen ? (
            <span />
          ) : (
            <Button
              size="small"
              kind="text"
              aria-label={`Use: ${row.label}`}
              onClick={() => onChoose(row.recompute)}
            >
              Use
            </Button>
          )}
        </li>
      ))}
    </ul>
  );
}
