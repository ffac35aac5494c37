// Lists of words with one tag each, in two columns of a row. Tags that are numbers get their names: from a list of names
// in the row, else `label_3`, with 0 for words without a label. Knows no record and no model.
import type { DocumentPart } from '../contract/documents.ts';
import { isObject, valueAt } from '../documents/json-rows.ts';

const tag = /^(?:O|[BIESLU]-\S+)$/;

/** The list in a column: of the row's value, or written as JSON in its cell. */
export function listAt(part: DocumentPart, column: string): unknown[] | null {
  const found = valueAt(part.value, column);
  if (Array.isArray(found)) return found;
  const cell = part.cells?.[column]?.trim() ?? '';
  if (!cell.startsWith('[')) return null;
  try {
    const parsed: unknown = JSON.parse(cell);
    return Array.isArray(parsed) ? parsed : null;
  } catch {
    return null;
  }
}

const isNumber = (item: unknown): item is number => Number.isInteger(item) && (item as number) >= 0;

/** The numbers of a row's tags, if its columns are a list of words and one of as many whole numbers. */
export function tagNumbers(part: DocumentPart, words: string, tags: string): number[] | null {
  const [texts, numbers] = [listAt(part, words), listAt(part, tags)];
  if (texts === null || numbers === null || texts.length === 0 || texts.length !== numbers.length)
    return null;
  return texts.every((text) => typeof text === 'string') && numbers.every(isNumber) ? numbers : null;
}

/** Whether the tags of a row are one for each word: tags such as B-PER and O in a list or a text, or numbers. */
export function hasTagPerWord(part: DocumentPart, words: string, tags: string): boolean {
  if (tagNumbers(part, words, tags) !== null) return true;
  const list = listAt(part, tags) ?? (part.cells?.[tags] ?? '').trim().split(/\s+/);
  return list.length > 0 && list.every((item) => typeof item === 'string' && tag.test(item));
}

/**
 * The tags of numbers, and whether the row names them: a list of names may stand in any of its columns, as names of tags
 * or beside the tags (`ner_tags_names`), as a list or as an object by number (`id2label`).
 */
export function namedTags(
  part: DocumentPart,
  column: string,
  numbers: readonly number[],
): { tags: string[]; named: boolean } {
  const most = numbers.reduce((largest, number) => Math.max(largest, number), 0);
  const lists = Object.entries(isObject(part.value) ? part.value : {}).flatMap(([key, value]) => {
    const names = namesIn(value);
    return names !== null && names.length > most ? [{ key, names }] : [];
  });
  const own = lists.find(({ key }) => key !== column && key.startsWith(column) && /names?$/i.test(key));
  const found = own ?? lists.find(({ names }) => names.every((name) => tag.test(name)));
  const unnamed = (number: number): string => (number === 0 ? 'O' : `B-label_${number}`);
  const tags = numbers.map((number) => found?.names[number] ?? unnamed(number));
  return { tags: tags.map(asTag), named: found !== undefined };
}

/** Names without a prefix, such as parts of speech, label each word alone. */
function asTag(name: string): string {
  return tag.test(name) ? name : `B-${name.replace(/\s+/g, '_')}`;
}

/** Different strings in order, as a list or as an object whose keys are 0, 1 ... */
function namesIn(value: unknown): string[] | null {
  const entries = isObject(value) ? Object.entries(value) : null;
  if (entries?.some(([key], at) => key !== String(at))) return null;
  const names = entries === null ? value : entries.map(([, name]) => name);
  if (!Array.isArray(names) || !names.every((name) => typeof name === 'string')) return null;
  return names.length > 0 && new Set(names).size === names.length ? names : null;
}
