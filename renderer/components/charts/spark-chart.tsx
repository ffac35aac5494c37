// A small line over the whole run: what was measured so far, what is planned (dashed), and a limit line.
// Plain SVG paths, because four small charts beside a live loss chart must cost next to nothing.
import { useMemo } from 'react';
import styles from './charts.module.css';
import { bucketMinMax, extent, type Point, paddedDomain } from './series.ts';

const WIDTH = 260;
const HEIGHT = 52;
const MAX_SPARK_POINTS = 260;

export interface SparkChartProps {
  points: readonly Point[];
  /** Drawn dashed and grey from where the run stands. */
  planned?: readonly Point[];
  /** Horizontal limit, drawn dashed in the colour of limits. */
  limit?: number;
  /** Last step of the run, so that the future stays empty. */
  lastX: number;
  /** One sentence that says what the line shows. */
  label: string;
}

export function SparkChart({ points, planned, limit, lastX, label }: SparkChartProps) {
  const drawn = useMemo(() => {
    const thin = bucketMinMax(points, MAX_SPARK_POINTS, (point) => point.y ?? 0);
    const limits = limit === undefined ? [] : [{ x: 0, y: limit }];
    const range = extent([thin, planned ?? [], limits]);
    if (!range) return null;
    const [low, high] = paddedDomain(range, 'linear');
    const x = (value: number) => (value / Math.max(1, lastX)) * WIDTH;
    const y = (value: number) => HEIGHT - ((value - low) / (high - low)) * HEIGHT;
    return {
      line: path(thin, x, y),
      planned: planned ? path(planned, x, y) : '',
      limitY: limit === undefined ? null : y(limit),
    };
  }, [points, planned, limit, lastX]);
  return (
    <svg
      className={styles.spark}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      {drawn && (
        <g fill="none" strokeWidth={1.5}>
          {drawn.planned && (
            <path
              d={drawn.planned}
              stroke="var(--borderStrong)"
              strokeDasharray="4 3"
              vectorEffect="non-scaling-stroke"
            />
          )}
          {drawn.limitY !== null && (
            <line
              x1={0}
              x2={WIDTH}
              y1={drawn.limitY}
              y2={drawn.limitY}
              stroke="var(--chart2)"
              strokeDasharray="5 3"
              vectorEffect="non-scaling-stroke"
            />
          )}
          <path d={drawn.line} stroke="var(--chart1)" vectorEffect="non-scaling-stroke" />
        </g>
      )}
    </svg>
  );
}

/** SVG path through the points; a gap lifts the pen. */
function path(points: readonly Point[], x: (value: number) => number, y: (value: number) => number): string {
  let pen = false;
  let result = '';
  for (const point of points) {
    if (point.y === null || !Number.isFinite(point.y)) {
      pen = false;
      continue;
    }
    result += `${pen ? 'L' : 'M'}${x(point.x).toFixed(1)} ${y(point.y).toFixed(1)}`;
    pen = true;
  }
  return result;
}
