// The cleaning steps in their order, with what each removed and left. Rows are moved with Alt and the arrows, by
// dragging, or with the buttons of the chosen step.

import { Switch } from '@mantine/core';
import {
  IconCircleCheck,
  IconFiles,
  IconGripVertical,
  IconLetterCase,
  IconMessages,
} from '@tabler/icons-react';
import { type DragEvent, type KeyboardEvent, useRef, useState } from 'react';
import type { DatasetRecipe, DatasetReport } from '../../../main/contract/datasets.ts';
import type { Capabilities } from '../../../main/contract/settings.ts';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { duration, integer, percent, plural } from '../../components/format.ts';
import { ProgressBar } from '../../components/progress-bar.tsx';
import styles from './dataset.module.css';
import { stepIcons } from './step-icons.ts';
import { keptPassages, shapeWords, totalRecords } from './words.ts';

type Step = DatasetRecipe['steps'][number];

interface CleanPanelProps {
  recipe: DatasetRecipe;
  report: DatasetReport | null;
  known: Capabilities['steps'];
  chosen: string | null;
  onChoose(id: string): void;
  /** Absent for a frozen version. */
  onChange?: (steps: Step[], label: string) => void;
  onSources?: () => void;
  working: boolean;
  seconds: number | null;
}

export function CleanPanel(props: CleanPanelProps) {
  const { recipe, report, known, chosen, onChoose, onChange, onSources, working, seconds } = props;
  const dragged = useRef<number | null>(null);
  const list = useRef<HTMLUListElement>(null);
  const labelOf = (id: string) =>
    report?.steps.find((step) => step.id === id)?.label ?? known.find((step) => step.id === id)?.label ?? id;

  const move = (from: number, to: number) => {
    if (!onChange || to < 0 || to >= recipe.steps.length || from === to) return;
    const steps = [...recipe.steps];
    const [moved] = steps.splice(from, 1);
    steps.splice(to, 0, moved);
    onChange(steps, `move ${labelOf(moved.id)}`);
    requestAnimationFrame(() =>
      list.current?.querySelector<HTMLElement>(`[data-step="${moved.id}"]`)?.focus(),
    );
  };

  return (
    <Card
      grow
      padded={false}
      title="Cleaning steps"
      aside={
        <span className={[styles.stepHeads, onChange ? styles.editableHeads : ''].join(' ')}>
          <span>Removed</span>
          <span>Passages left</span>
        </span>
      }
      footer={
        <>
          {onSources ? (
            <Button size="small" icon={IconFiles} onClick={onSources}>
              Choose the documents
            </Button>
          ) : (
            <span>Frozen: this version never changes.</span>
          )}
          <span>
            {working
              ? 'The steps are running; older numbers are grey.'
              : seconds !== null && `All steps ran in ${duration(seconds)}. Every change can be undone.`}
          </span>
        </>
      }
    >
      <ul
        className={[styles.steps, working ? styles.stale : '', onChange ? styles.editable : ''].join(' ')}
        ref={list}
        aria-busy={working}
      >
        <li className={styles.endRow}>
          <IconFiles size={18} stroke={1.75} aria-hidden />
          <span className="strong grow">{plural(recipe.sourceIds.length, 'document')}, in passages</span>
          <span className={styles.left}>{integer(report?.passages)}</span>
        </li>
        {recipe.steps.map((step, at) => (
          <StepRow
            key={step.id}
            step={step}
            label={labelOf(step.id)}
            result={report?.steps.find((one) => one.id === step.id)}
            passages={report?.passages ?? 0}
            chosen={chosen === step.id}
            onChoose={() => onChoose(step.id)}
            onToggle={
              onChange &&
              ((enabled) =>
                onChange(
                  recipe.steps.map((one) => (one.id === step.id ? { ...one, enabled } : one)),
                  `switch ${enabled ? 'on' : 'off'} ${labelOf(step.id)}`,
                ))
            }
            onMove={onChange && ((by) => move(at, at + by))}
            onDragStart={() => {
              dragged.current = at;
            }}
            onDropHere={() => {
              if (dragged.current !== null) move(dragged.current, at);
              dragged.current = null;
            }}
          />
        ))}
        <KeptRows recipe={recipe} report={report} />
      </ul>
    </Card>
  );
}

interface StepRowProps {
  step: Step;
  label: string;
  result: DatasetReport['steps'][number] | undefined;
  passages: number;
  chosen: boolean;
  onChoose(): void;
  onToggle?: (enabled: boolean) => void;
  onMove?: (by: number) => void;
  onDragStart(): void;
  onDropHere(): void;
}

function StepRow(props: StepRowProps) {
  const { step, label, result, passages, chosen, onChoose, onToggle, onMove, onDragStart, onDropHere } =
    props;
  const [over, setOver] = useState(false);
  const Shape = stepIcons[step.id] ?? IconLetterCase;

  const onKeyDown = (event: KeyboardEvent) => {
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    if (event.altKey) {
      onMove?.(by);
      return;
    }
    const rows = [...(event.currentTarget.closest('ul')?.querySelectorAll<HTMLElement>('[data-step]') ?? [])];
    rows[rows.indexOf(event.currentTarget as HTMLElement) + by]?.focus();
  };
  const onDragOver = (event: DragEvent) => {
    event.preventDefault();
    setOver(true);
  };

  return (
    <li
      className={[styles.step, chosen ? styles.chosenStep : '', over ? styles.dropTarget : ''].join(' ')}
      draggable={onMove !== undefined}
      onDragStart={onDragStart}
      onDragOver={onMove && onDragOver}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        event.stopPropagation();
        setOver(false);
        onDropHere();
      }}
    >
      {onMove && <IconGripVertical size={16} stroke={1.75} aria-hidden className={styles.grip} />}
      <button
        type="button"
        data-step={step.id}
        className={styles.stepButton}
        aria-pressed={chosen}
        aria-keyshortcuts={onMove ? 'Alt+ArrowUp Alt+ArrowDown' : undefined}
        onClick={onChoose}
        onKeyDown={onKeyDown}
      >
        <Shape size={18} stroke={1.75} aria-hidden className={styles.stepIcon} />
        <span className={styles.stepWords}>
          <span className="strong">{label}</span>
          {step.enabled && result && passages > 0 && (
            <ProgressBar
              thin
              label={`${label}: passages left`}
              value={result.after / passages}
              text={`${integer(result.after)} of ${integer(passages)}`}
              tone={chosen ? 'accent' : 'neutral'}
            />
          )}
          {step.enabled && result && result.changed > 0 && (
            <span className="caption muted">{integer(result.changed)} changed</span>
          )}
        </span>
        <span className={styles.removed}>
          {step.enabled && result && result.removed > 0 && `−${integer(result.removed)}`}
        </span>
        {step.enabled ? (
          <span className={styles.left}>{integer(result?.after)}</span>
        ) : (
          <span className={styles.off}>Off</span>
        )}
      </button>
      {onToggle && (
        <Switch
          size="xs"
          aria-label={`${label} runs`}
          checked={step.enabled}
          onChange={(event) => onToggle(event.currentTarget.checked)}
        />
      )}
    </li>
  );
}

function KeptRows({ recipe, report }: { recipe: DatasetRecipe; report: DatasetReport | null }) {
  if (!report) return null;
  const kept = keptPassages(report);
  const lost = report.passages - kept;
  const { train, validation, test } = report.records;
  return (
    <>
      <li className={styles.endRow}>
        <IconCircleCheck size={18} stroke={1.75} aria-hidden className={styles.keptIcon} />
        <span className="strong grow">Kept</span>
        <span className="caption muted tabular">
          {lost > 0 ? `−${integer(lost)} (${percent(lost / report.passages)})` : 'all'}
        </span>
        <span className={styles.left}>{integer(kept)}</span>
      </li>
      <li className={styles.shapedRow}>
        <IconMessages size={18} stroke={1.75} aria-hidden />
        <span className="grow">
          <span className="strong">Shaped into {shapeWords[recipe.shape.type].label.toLowerCase()}</span>
          <br />
          <span className="caption muted tabular">
            {integer(train)} train, {integer(validation)} validation, {integer(test)} test
          </span>
        </span>
        <span className={styles.left}>{integer(totalRecords(report))}</span>
      </li>
    </>
  );
}
