// Helpers over records: their text, their hash, the hash of a whole dataset. Pure.
import { createHash } from 'node:crypto';
import type { DatasetRecord, RecordContent } from '../contract/datasets.ts';

/** All text of a record in reading order, with a line end between its parts. */
export function recordText(content: RecordContent): string {
  switch (content.type) {
    case 'text':
      return content.text;
    case 'completion':
      return `${content.prompt}\n${content.completion}`;
    case 'chat':
      return content.messages.map((message) => message.content).join('\n');
    case 'labelled':
      return [content.text, content.pair, content.label].filter((part) => part !== undefined).join('\n');
    case 'preference':
      return [...content.messages.map((one) => one.content), content.chosen, content.rejected].join('\n');
  }
}

/**
 * What a model is asked, without what it should answer; the same as `recordText` where there is no answer.
 */
export function inputText(content: RecordContent): string {
  switch (content.type) {
    case 'completion':
      return content.prompt;
    case 'chat':
      return content.messages
        .filter((message) => message.role !== 'assistant')
        .map((message) => message.content)
        .join('\n');
    case 'labelled':
      return [content.text, content.pair].filter((part) => part !== undefined).join('\n');
    case 'preference':
      return content.messages.map((message) => message.content).join('\n');
    default:
      return recordText(content);
  }
}

/** SHA-256 of one record's content, as 64 hexadecimal digits. */
export function contentHash(content: RecordContent): string {
  return createHash('sha256').update(canonicalJson(content)).digest('hex');
}

/**
 * SHA-256 over content and split of all records in order. Ids, groups and provenance do not count, so the
 * same records read from an exported file give the same hash.
 */
export function datasetHash(records: Iterable<Pick<DatasetRecord, 'content' | 'split'>>): string {
  const hash = createHash('sha256');
  for (const { content, split } of records) hash.update(`${canonicalJson({ content, split })}\n`);
  return hash.digest('hex');
}

/** JSON with sorted keys and no spaces: equal values give equal text. Undefined members are left out. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const members = Object.entries(value)
    .filter(([, inner]) => inner !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, inner]) => `${JSON.stringify(key)}:${canonicalJson(inner)}`);
  return `{${members.join(',')}}`;
}
