// `metrics.jsonl` of a run folder: every point of a run, one JSON object a line, the truth about its curves. Resuming
// drops the points after the checkpoint, so that the file is the one of an uninterrupted run.
import {
  appendFileSync,
  existsSync,
  readFileSync,
  renameSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { MetricPoint, SamplePoint, ValidationPoint } from '../contract/runs.ts';

export type Point = MetricPoint | ValidationPoint | SamplePoint;

const fileOf = (runFolder: string) => join(runFolder, 'metrics.jsonl');

export function appendPoints(runFolder: string, points: readonly Point[]): void {
  if (points.length > 0)
    appendFileSync(fileOf(runFolder), points.map((point) => `${JSON.stringify(point)}\n`).join(''));
}

/** Appends points; those that a full disk refuses wait in memory and are written with the next ones. */
export function createPointWriter(runFolder: string): (points: readonly Point[]) => void {
  let waiting: Point[] = [];
  return (points) => {
    waiting.push(...points);
    const file = fileOf(runFolder);
    const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    try {
      appendPoints(runFolder, waiting);
      waiting = [];
    } catch (thrown) {
      if (!isDiskFull(thrown)) throw thrown;
      if (existsSync(file)) truncateSync(file, size); // a part of a line may have been written
    }
  };
}

/** Whether the file system or a quota has no room left. */
export function isDiskFull(thrown: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes((thrown as NodeJS.ErrnoException).code ?? '');
}

/** Keeps the points up to `step`, and returns them. A last line that a kill cut short is dropped. */
export function cutPoints(runFolder: string, step: number): Point[] {
  const file = fileOf(runFolder);
  if (!existsSync(file)) return [];
  const points = readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line): Point[] => {
      try {
        const point = JSON.parse(line) as Point;
        return point.step <= step ? [point] : [];
      } catch {
        return [];
      }
    });
  writeFileSync(`${file}.tmp`, points.map((point) => `${JSON.stringify(point)}\n`).join(''));
  renameSync(`${file}.tmp`, file);
  return points;
}
