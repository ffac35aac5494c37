// Where a run comes from (versions of data, model, app, runtime, device), its recipe, and what happened when.
import { IconAlertTriangle, IconInfoCircle } from '@tabler/icons-react';
import type { Run } from '../../../main/contract/runs.ts';
import { Card } from '../../components/card.tsx';
import { clock, dateTime } from '../../components/format.ts';
import { useCapabilities } from '../../state/settings.ts';
import { valueAt } from '../train/fields.ts';
import { FIELDS } from '../train/groups.ts';
import { valueText } from '../train/texts.ts';
import { lineageLabel } from './lineage.ts';
import styles from './run.module.css';

export function LineageCard({ run }: { run: Run }) {
  const help = useCapabilities()?.settingHelp ?? {};
  const { settings } = run.recipe;
  const recipe = FIELDS.filter((field) => !field.when || field.when(settings)).map((field) => {
    const text = valueText(field, valueAt(settings, field.path));
    return { label: help[field.path]?.label ?? field.label, text };
  });
  return (
    <Card title="Recipe and lineage" sub="Everything needed to repeat this run" divided>
      <dl className={styles.facts}>
        {[
          ...Object.entries(run.lineage).map(([label, text]) => ({ label: lineageLabel(label), text })),
          { label: 'Started', text: dateTime(run.startedAt) },
          { label: 'Ended', text: dateTime(run.endedAt) },
        ].map((fact) => (
          <Fact key={fact.label} {...fact} />
        ))}
      </dl>
      <h3>Settings</h3>
      <dl className={styles.facts}>
        {recipe.map((fact) => (
          <Fact key={fact.label} {...fact} />
        ))}
      </dl>
      {run.messages.length > 0 && (
        <>
          <h3>What happened</h3>
          <ol className={styles.messages}>
            {run.messages.map((message) => (
              <li key={`${message.time} ${message.sentence}`} className={styles.message}>
                <span className="muted tabular">{clock(message.time)}</span>
                {message.level === 'warning' ? (
                  <IconAlertTriangle
                    size={16}
                    stroke={1.75}
                    className={styles.warn}
                    role="img"
                    aria-label="Warning"
                  />
                ) : (
                  <IconInfoCircle size={16} stroke={1.75} aria-hidden />
                )}
                {message.sentence}
              </li>
            ))}
          </ol>
        </>
      )}
    </Card>
  );
}

function Fact({ label, text }: { label: string; text: string }) {
  return (
    <div className={styles.fact}>
      <dt>{label}</dt>
      <dd>{text}</dd>
    </div>
  );
}
