// Boilerplate: lines that come back at the top or bottom of most pages of a document, such as running
// titles and page numbers. Digits are treated as equal, so "Page 3 of 9" matches "Page 4 of 9".
import { z } from 'zod';
import {
  maxSamples,
  type Passage,
  passageText,
  placeOf,
  type StepResult,
  type StepSample,
} from '../passage.ts';
import { defineStep } from './step.ts';

/** Lines looked at from each end of a page. */
const edgeLines = 3;

export const boilerplate = defineStep({
  id: 'boilerplate',
  label: 'Running titles and page numbers',
  description: 'Takes out lines that repeat at the top or bottom of most pages of a document.',
  defaultEnabled: false,
  Options: z.object({
    share: z.number().min(0.2).max(1).default(0.5).meta({
      title: 'Share of pages',
      description: 'A line must come back on this share of the pages, 0.2 to 1.',
    }),
  }),
  apply: (passages, options) => removeRunningLines(passages, options.share),
});

function removeRunningLines(passages: Passage[], share: number): StepResult {
  const repeated = repeatedLines(passages, share);
  const kept: Passage[] = [];
  const samples: StepSample[] = [];
  let removed = 0;
  let changed = 0;
  for (const passage of passages) {
    const running = repeated.get(passage.sourceId);
    const text = passage.isRow || running === undefined ? null : withoutLines(passage.fields.text, running);
    if (text === null || text === passage.fields.text) {
      kept.push(passage);
      continue;
    }
    const isBlank = text.trim() === '';
    if (isBlank) removed++;
    else {
      changed++;
      kept.push({ ...passage, fields: { ...passage.fields, text } });
    }
    if (samples.length < maxSamples) {
      const before = passageText(passage).slice(0, 600);
      const after = isBlank ? null : text.slice(0, 600);
      samples.push({ before, after, kept: null, place: placeOf(passage) });
    }
  }
  return { passages: kept, removed, changed, samples };
}

/** By source: keys of lines at page edges that come back on enough pages (3 at least). */
function repeatedLines(passages: Passage[], share: number): Map<string, Set<string>> {
  const bySource = new Map<string, Map<string, Set<string>>>();
  const pages = new Map<string, Set<string>>();
  for (const passage of passages) {
    if (passage.isRow || !passage.place.startsWith('page ')) continue;
    const lines = edgesOf(passage.fields.text.split('\n'));
    const found = bySource.get(passage.sourceId) ?? new Map<string, Set<string>>();
    bySource.set(passage.sourceId, found);
    const seen = pages.get(passage.sourceId) ?? new Set<string>();
    pages.set(passage.sourceId, seen.add(passage.place));
    for (const line of lines) found.set(line, (found.get(line) ?? new Set<string>()).add(passage.place));
  }
  const repeated = new Map<string, Set<string>>();
  for (const [source, lines] of bySource) {
    const least = Math.max(3, share * (pages.get(source)?.size ?? 0));
    const keys = [...lines].filter(([, places]) => places.size >= least).map(([line]) => line);
    if (keys.length > 0) repeated.set(source, new Set(keys));
  }
  return repeated;
}

function edgesOf(lines: string[]): Set<string> {
  const full = lines.map(keyOf).filter((line) => line !== '');
  return new Set([...full.slice(0, edgeLines), ...full.slice(-edgeLines)]);
}

function withoutLines(text: string, running: Set<string>): string {
  const lines = text.split('\n');
  const full = lines.flatMap((line, at) => (line.trim() === '' ? [] : [at]));
  const edges = new Set([...full.slice(0, edgeLines), ...full.slice(-edgeLines)]);
  return lines
    .filter((line, at) => !edges.has(at) || !running.has(keyOf(line)))
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}

function keyOf(line: string): string {
  return line.trim().replace(/\d+/g, '0').replace(/\s+/g, ' ').toLowerCase();
}
