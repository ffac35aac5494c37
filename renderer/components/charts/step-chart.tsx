// Lines over the steps of a run: smoothed above raw, dashed with diamonds, levels, epoch marks and the part that is
// still to come. One cursor reads all lines at one step, by pointer or by arrow keys. Knows nothing of runs.
// recharts draws; the cursor is our own layer above it, so that moving it does not draw the lines again.
import { useElementSize } from '@mantine/hooks';
import { type Key, type KeyboardEvent, memo, type PointerEvent, useState } from 'react';
import {
  CartesianGrid,
  Line,
  LineChart,
  ReferenceArea,
  ReferenceDot,
  ReferenceLine,
  XAxis,
  YAxis,
} from 'recharts';
import styles from './charts.module.css';
import {
  extent,
  lastAtOrBefore,
  linearTicks,
  logTicks,
  nearest,
  type Point,
  paddedDomain,
} from './series.ts';

export interface StepSeries {
  id: string;
  label: string;
  /** CSS colour, from the chart palette. */
  colour: string;
  points: readonly Point[];
  /** Unsmoothed values, drawn 28 % opaque below the line. */
  raw?: readonly Point[];
  dashed?: boolean;
  /** Hollow diamonds at each point. */
  diamonds?: boolean;
  /** Written at one point of the line, such as its end. */
  note?: { x: number; y: number; text: string; above?: boolean; dot?: boolean };
}

export interface StepChartProps {
  series: readonly StepSeries[];
  /** Right end of the axis: all planned steps. */
  steps: number;
  /** Where the run stands; what comes after is shaded. */
  now: number;
  scale: 'linear' | 'log';
  /** Vertical dotted lines, such as the start of an epoch. */
  marks?: readonly { x: number; text: string }[];
  /** Horizontal dashed lines, such as the validation loss before training. */
  levels?: readonly { y: number; text: string }[];
  /** Written into the shaded part. */
  future?: string;
  /** What the lines show, with numbers, in one sentence. */
  summary: string;
  format: (y: number) => string;
  height?: number;
}

const LEFT = 52;
const TOP = 10;
const BOTTOM = 28;
const TICK = { fontSize: 11, fill: 'var(--text2)' };

export function StepChart(props: StepChartProps) {
  const { series, steps, now, format } = props;
  const { ref, width } = useElementSize();
  const [cursor, setCursor] = useState<number | null>(null);
  const height = props.height ?? 262;
  // Notes at the end of a finished run need room to the right of the line.
  const right = steps - now < steps * 0.14 && series.some((line) => line.note && !line.note.above) ? 104 : 16;
  const last = Math.max(1, steps);
  const plotWidth = Math.max(1, width - LEFT - right);
  const longest = series.reduce<readonly Point[]>(
    (best, line) => ((line.raw ?? line.points).length > best.length ? (line.raw ?? line.points) : best),
    [],
  );
  const readAt = (step: number) =>
    series.map((line) => ({
      line,
      point: line.diamonds ? lastAtOrBefore(line.points, step) : nearest(line.points, step),
    }));
  const cursorText =
    cursor === null
      ? props.summary
      : [
          `Step ${cursor}`,
          ...readAt(cursor).map(
            ({ line, point }) =>
              `${line.label} ${point?.y == null ? 'no value' : format(point.y)}${
                point && line.diamonds && point.x !== cursor ? ` at step ${point.x}` : ''
              }`,
          ),
        ].join(', ');

  const moveTo = (index: number) => {
    const point = longest[Math.min(longest.length - 1, Math.max(0, index))];
    setCursor(point ? point.x : null);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (longest.length === 0) return;
    const here = cursor === null ? longest.length : longest.findIndex((point) => point.x >= cursor);
    const moves: Record<string, number> = {
      ArrowLeft: here - 1,
      ArrowDown: here - 1,
      ArrowRight: here + 1,
      ArrowUp: here + 1,
      PageDown: here - 20,
      PageUp: here + 20,
      Home: 0,
      End: longest.length - 1,
    };
    if (event.key === 'Escape' && cursor !== null) {
      event.stopPropagation();
      setCursor(null);
    }
    const target = moves[event.key];
    if (target === undefined) return;
    event.preventDefault();
    moveTo(target);
  };
  const onPointerMove = (event: PointerEvent<HTMLDivElement>) => {
    const left = event.currentTarget.getBoundingClientRect().left;
    const step = ((event.clientX - left - LEFT) / plotWidth) * last;
    const point = nearest(longest, step);
    setCursor(point && step >= -last * 0.02 && step <= now + last * 0.03 ? point.x : null);
  };

  return (
    <div
      ref={ref}
      className={styles.stepChart}
      style={{ height }}
      role="slider"
      tabIndex={0}
      aria-label={props.summary}
      aria-valuemin={0}
      aria-valuemax={Math.max(1, Math.round(now))}
      aria-valuenow={cursor ?? Math.round(now)}
      aria-valuetext={cursorText}
      aria-orientation="horizontal"
      onKeyDown={onKeyDown}
      onPointerMove={onPointerMove}
      onPointerLeave={() => setCursor(null)}
      onBlur={() => setCursor(null)}
    >
      {width > 0 && <Lines {...props} width={width} height={height} right={right} />}
      <span className={styles.axisUnit} aria-hidden="true" style={{ right }}>
        step
      </span>
      {cursor !== null && (
        <div
          className={styles.cursor}
          style={{ left: LEFT + (cursor / last) * plotWidth, top: TOP, bottom: BOTTOM }}
        >
          <div className={styles.readout} data-side={cursor > last * 0.55 ? 'left' : 'right'}>
            <strong>Step {cursor.toLocaleString()}</strong>
            {readAt(cursor).map(({ line, point }) => (
              <span key={line.id} className={styles.readoutRow}>
                <span className={styles.swatch} style={{ background: line.colour }} />
                {line.label}
                <b>{point?.y == null ? '–' : format(point.y)}</b>
              </span>
            ))}
          </div>
        </div>
      )}
    </div>
  );
}

const Lines = memo(function Lines(props: StepChartProps & { width: number; height: number; right: number }) {
  const { series, steps, now, scale, width, height, right } = props;
  const levels = (props.levels ?? []).map(({ y }) => ({ x: 0, y }));
  const range = extent([...series.flatMap((line) => [line.points, line.raw ?? []]), levels]);
  const domain = paddedDomain(range ?? [0, 1], scale);
  const logarithmic = scale === 'log' && domain[0] > 0;
  const last = Math.max(1, steps);
  const xTicks = linearTicks(0, last, Math.max(3, Math.floor(width / 90))).filter(
    (tick) => tick < last * 0.95,
  );
  const yTicks = logarithmic ? logTicks(...domain) : linearTicks(...domain, 5);
  // All ticks of the axis with the same number of decimals.
  const decimals = Math.max(0, ...yTicks.map((tick) => String(tick).split('.')[1]?.length ?? 0));
  const dotted = { stroke: 'var(--borderStrong)', strokeDasharray: '2 4' };
  return (
    <div aria-hidden="true">
      <LineChart
        width={width}
        height={height}
        margin={{ top: TOP, right, bottom: 0, left: 0 }}
        accessibilityLayer={false}
      >
        <CartesianGrid vertical={false} syncWithTicks stroke="var(--border)" />
        {now < last && <ReferenceArea x1={now} x2={last} fill="var(--surface2)" fillOpacity={1} />}
        <XAxis
          dataKey="x"
          type="number"
          domain={[0, last]}
          ticks={xTicks}
          tick={TICK}
          tickLine={false}
          axisLine={false}
          height={BOTTOM}
          allowDataOverflow
          interval={0}
          tickFormatter={(tick: number) => tick.toLocaleString()}
        />
        <YAxis
          type="number"
          scale={logarithmic ? 'log' : 'linear'}
          domain={domain}
          ticks={yTicks}
          tick={TICK}
          tickLine={false}
          axisLine={false}
          width={LEFT}
          tickFormatter={(tick: number) =>
            tick.toLocaleString(undefined, { minimumFractionDigits: decimals })
          }
          allowDataOverflow
          interval={0}
        />
        {(props.marks ?? []).map((mark) => (
          <ReferenceLine
            key={`m${mark.x}`}
            x={mark.x}
            {...dotted}
            // below the level that a falling curve starts from, and above where it ends
            label={{ value: mark.text, position: 'insideTopLeft', ...TICK, offset: 6, dy: 26 }}
          />
        ))}
        {(props.levels ?? []).map((level) => (
          <ReferenceLine
            key={`l${level.text}`}
            segment={[
              { x: 0, y: level.y },
              { x: Math.max(now, last * 0.02), y: level.y },
            ]}
            stroke="var(--chart2)"
            strokeDasharray="5 3"
            label={{ value: level.text, position: 'insideBottomLeft', ...TICK, offset: 5 }}
          />
        ))}
        {now < last && <ReferenceLine x={now} stroke="var(--borderStrong)" />}
        {now < last * 0.8 && props.future && (
          <ReferenceLine
            x={now + (last - now) / 2}
            stroke="none"
            label={{ value: props.future, position: 'insideTop', ...TICK, offset: 56 }}
          />
        )}
        {series.map((line) =>
          line.raw ? (
            <Line
              key={`${line.id}-raw`}
              data={[...line.raw]}
              dataKey="y"
              stroke={line.colour}
              strokeOpacity={0.28}
              strokeWidth={1}
              dot={false}
              activeDot={false}
              isAnimationActive={false}
              type="linear"
            />
          ) : null,
        )}
        {series.map((line) => (
          <Line
            key={line.id}
            data={[...line.points]}
            dataKey="y"
            stroke={line.colour}
            strokeWidth={2}
            strokeDasharray={line.dashed ? '5 3' : undefined}
            dot={line.diamonds ? diamond(line.colour) : false}
            activeDot={false}
            isAnimationActive={false}
            type="linear"
          />
        ))}
        {series.map(({ id, note, colour }) =>
          note ? (
            <ReferenceDot
              key={`${id}-note`}
              x={note.x}
              y={note.y}
              r={note.dot ? 4 : 0}
              fill={colour}
              stroke="var(--surface1)"
              label={{
                value: note.text,
                position: note.above ? 'top' : 'right',
                fontSize: 11,
                fontWeight: 650,
                fill: 'var(--text1)',
                offset: note.above ? 10 : 8,
              }}
            />
          ) : null,
        )}
      </LineChart>
    </div>
  );
});

/** Draws a hollow diamond at each point; at most about thirty points have one, so dots cost little. */
function diamond(colour: string) {
  return (dot: { cx?: number; cy?: number; key?: Key | null }) =>
    dot.cx === undefined || dot.cy == null ? (
      <g key={dot.key} />
    ) : (
      <path
        key={dot.key}
        d="M0-4.5 4.5 0 0 4.5-4.5 0Z"
        transform={`translate(${dot.cx} ${dot.cy})`}
        fill="var(--surface1)"
        stroke={colour}
        strokeWidth={1.5}
      />
    );
}
