// The measures: base, tuned and difference, each with its 95 % interval, as numbers and as a picture, and a verdict.
import { IconArrowDownRight, IconCheck, IconDownload, IconEqual } from '@tabler/icons-react';
import type { Evaluation, MetricResult } from '../../../main/contract/evaluations.ts';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { IntervalPlot, LegendMark } from '../../components/charts/interval-plot.tsx';
import { toCsv } from '../../components/charts/series.ts';
import { Chip } from '../../components/chip.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Term } from '../../components/term.tsx';
import { saveText } from '../train/recipe-file.ts';
import styles from './evaluate.module.css';
import {
  differenceRange,
  differenceText,
  intervalWords,
  rangeText,
  unitLine,
  valueText,
} from './measures.ts';

const verdicts = {
  better: { tone: 'success', icon: IconCheck, word: 'Better' },
  worse: { tone: 'danger', icon: IconArrowDownRight, word: 'Worse' },
  'no-clear-change': { tone: 'neutral', icon: IconEqual, word: 'No clear change' },
} as const;

export interface MeasuresCardProps {
  evaluation: Evaluation;
  /** Shows the records sorted by this measure. */
  onMeasure(metricId: string): void;
  chosen: string | null;
}

export function MeasuresCard({ evaluation, onMeasure, chosen }: MeasuresCardProps) {
  const number = (result: MetricResult, side: 'base' | 'tuned') => {
    const { value, low, high } = result[side];
    return (
      <>
        <span className={side === 'tuned' ? 'strong' : undefined}>{valueText(value, result.unit)}</span>
        <span className={styles.small}>{rangeText(low, high, result.unit)}</span>
      </>
    );
  };
  const columns: Column<MetricResult>[] = [
    {
      id: 'measure',
      label: 'Measure',
      cell: (result) => (
        <>
          <span className="control">
            <Term help={result.description}>{result.label}</Term>
          </span>
          <span className={styles.small}>{unitLine(result)}</span>
        </>
      ),
    },
    { id: 'base', label: 'Base', align: 'right', width: '110px', cell: (result) => number(result, 'base') },
    {
      id: 'tuned',
      label: 'Tuned',
      align: 'right',
      width: '110px',
      cell: (result) => number(result, 'tuned'),
    },
    {
      id: 'picture',
      label: 'Each line on its own scale',
      width: '27%',
      priority: 2,
      cell: (result) => (
        <IntervalPlot base={result.base} tuned={result.tuned} label={intervalWords(result)} />
      ),
    },
    {
      id: 'difference',
      label: 'Difference',
      align: 'right',
      width: '130px',
      help: 'Tuned minus base, compared record by record.',
      cell: (result) => (
        <>
          <span className="strong">{differenceText(result.difference.value, result.unit)}</span>
          <span className={styles.small}>
            {differenceRange(result.difference.low, result.difference.high, result.unit)}
          </span>
        </>
      ),
    },
    {
      id: 'verdict',
      label: 'Verdict',
      width: '150px',
      cell: (result) => {
        const { word, ...look } = verdicts[result.verdict];
        // With leaks no difference counts, so no line is called better.
        return evaluation.leaks > 0 ? <Chip>Withheld</Chip> : <Chip {...look}>{word}</Chip>;
      },
    },
  ];
  return (
    <Card
      className={styles.measures}
      title="Measures"
      sub={
        <span className={styles.legend}>
          <span className={styles.legendItem}>
            <LegendMark shape="diamond" colour="var(--chart2)" /> Base
          </span>
          <span className={styles.legendItem}>
            <LegendMark shape="disc" colour="var(--chart1)" /> Tuned
          </span>
          <span>Bars and small numbers are 95 % intervals; differences compare record by record</span>
        </span>
      }
      padded={false}
      aside={
        <Button
          size="small"
          icon={IconDownload}
          onClick={() => saveText(fileName(evaluation), csvOf(evaluation), 'text/csv')}
        >
          Save as CSV
        </Button>
      }
    >
      <DataTable<MetricResult>
        label="Measures of base and tuned"
        rows={evaluation.results}
        columns={columns}
        rowKey={(result) => result.metricId}
        rowHeight={43}
        selected={new Set(chosen === null ? [] : [chosen])}
        onSelect={(result) => onMeasure(result.metricId)}
        empty="No measure could be computed for these records."
      />
    </Card>
  );
}

const fileName = (evaluation: Evaluation): string => `evaluation-${evaluation.id}.csv`;

function csvOf({ results }: Evaluation): string {
  const heads = ['measure', 'unit', 'records', 'better when'];
  const sides = ['base', 'tuned', 'difference'] as const;
  for (const side of sides) heads.push(side, `${side} low`, `${side} high`);
  const rows = results.map((result) => [
    result.label,
    result.unit,
    result.count,
    result.betterWhen,
    ...sides.flatMap((side) => [result[side].value, result[side].low, result[side].high]),
    result.verdict,
  ]);
  return toCsv([...heads, 'verdict'], rows);
}
