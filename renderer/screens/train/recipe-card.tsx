// "The recipe in words": what is trained on what and how, the checks before the start, and what comes afterwards.
import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleX,
  IconFileExport,
  IconFileImport,
} from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';
import type { DatasetVersion } from '../../../main/contract/datasets.ts';
import type { BaseModel } from '../../../main/contract/models.ts';
import type { Plan, Recipe } from '../../../main/contract/runs.ts';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { CheckField, SelectField, TextField } from '../../components/field.tsx';
import { Notice } from '../../components/notice.tsx';
import { chooseTextFile, readRecipeFile, recipeFile, saveText } from './recipe-file.ts';
import styles from './train.module.css';
import { afterwardsWords, recipeWords } from './words.ts';

export interface RecipeCardProps {
  recipe: Recipe;
  version: DatasetVersion;
  versions: readonly DatasetVersion[];
  model: BaseModel;
  plan: Plan | null;
  /** Number of the run whose weights are the first ones; null = the base model. */
  startRun: number | null;
  /** Shown while the user gives no name. */
  proposedName: string;
  name: string;
  onName(name: string): void;
  onVersion(versionId: string): void;
  onThenEvaluate(thenEvaluate: boolean): void;
  onLoad(settings: Recipe['settings'], name: string): void;
}

const icons = {
  passed: { icon: IconCircleCheck, className: styles.good, word: 'Passed' },
  warning: { icon: IconAlertTriangle, className: styles.warn, word: 'Warning' },
  failed: { icon: IconCircleX, className: styles.bad, word: 'Failed' },
} as const;

export function RecipeCard(props: RecipeCardProps) {
  const { recipe, version, versions, model, plan } = props;
  const [fault, setFault] = useState<string | null>(null);
  const load = async () => {
    const file = await chooseTextFile('.json,application/json');
    if (!file) return;
    const read = readRecipeFile(file.text, file.name);
    setFault(read.ok ? null : read.message);
    if (read.ok) props.onLoad(read.settings, read.name);
  };
  const save = () =>
    saveText(
      `${recipe.name.replace(/[^\w-]+/g, '-')}.json`,
      recipeFile(recipe, model.name, version.hash),
      'application/json',
    );
  return (
    <Card
      grow
      title="The recipe in words"
      divided
      aside={
        <>
          <Button size="small" icon={IconFileExport} onClick={save}>
            Export recipe
          </Button>
          <Button size="small" icon={IconFileImport} onClick={() => void load()}>
            Load
          </Button>
        </>
      }
    >
      {fault && (
        <Notice tone="danger" live title={fault}>
          Choose a file that "Export recipe" has written.
        </Notice>
      )}
      <dl className={styles.words}>
        {recipeWords(recipe.settings, version, model, plan, props.startRun).map((row) => (
          <Row key={row.head} head={row.head}>
            {row.text}
          </Row>
        ))}
        <Row head="Before the start">
          {plan ? <Checks plan={plan} /> : <span className="muted">Checked with the plan</span>}
        </Row>
        <Row head="Afterwards">
          <CheckField
            label={afterwardsWords(recipe.thenEvaluate, version)}
            checked={recipe.thenEvaluate}
            onChange={props.onThenEvaluate}
          />
        </Row>
      </dl>
      <div className={styles.nameRow}>
        {versions.length > 1 && (
          <SelectField
            label="Dataset version"
            data={versions.map((one) => ({ value: one.id, label: `${one.number}: ${one.name}` }))}
            value={version.id}
            onChange={(id) => id && props.onVersion(id)}
          />
        )}
        <TextField
          label="Name of the run"
          value={props.name}
          maxLength={120}
          placeholder={props.proposedName}
          onChange={(event) => props.onName(event.currentTarget.value)}
        />
      </div>
    </Card>
  );
}

function Row({ head, children }: { head: string; children: ReactNode }) {
  return (
    <>
      <dt>{head}</dt>
      <dd>{children}</dd>
    </>
  );
}

function Checks({ plan }: { plan: Plan }) {
  if (plan.checks.length === 0) return <span className="muted">Nothing to check</span>;
  return (
    <ul className={styles.checks}>
      {plan.checks.map((check) => {
        const { icon: Shape, className, word } = icons[check.state];
        return (
          <li key={check.sentence} className={styles.check}>
            <Shape size={16} stroke={1.75} className={className} aria-label={word} role="img" />
            {check.sentence}
          </li>
        );
      })}
    </ul>
  );
}
