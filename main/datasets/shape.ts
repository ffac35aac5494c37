// From parts of documents to passages, and from cleaned passages to records, as the shape of the recipe
// says. Chunks of prose are cut in chunk.ts. Rows that cannot be shaped are named with a reason, never
// dropped in silence.
import type { Message, RecordContent, Shape, SplitRecipe } from '../contract/datasets.ts';
import type { DocumentPart } from '../contract/documents.ts';
import { valueAt } from '../documents/json-rows.ts';
import { AppError } from '../errors.ts';
import { type Passage, placeOf } from './passage.ts';
import type { Problems } from './problems.ts';
import { columnsIn, fill, isMissing, parseTemplate, type Template } from './template.ts';
import { listAt, namedTags, tagNumbers } from './word-tags.ts';

/** A source with its parts, as `buildDataset` gets them. */
export interface LoadedSource {
  id: string;
  name: string;
  columns: string[];
  parts: AsyncIterable<DocumentPart> | Iterable<DocumentPart>;
}

/** Columns that hold the text of a row when whole rows are chunked. */
const textColumns = ['text', 'content', 'body', 'document', 'article', 'passage'];

/** Templates of a shape by their part in the record; empty for chunks and messages. */
function templatesOf(shape: Shape): Record<string, Template> {
  switch (shape.type) {
    case 'completion':
      return { prompt: parseTemplate(shape.prompt), completion: parseTemplate(shape.completion) };
    case 'chat':
      return {
        system: parseTemplate(shape.system),
        user: parseTemplate(shape.user),
        assistant: parseTemplate(shape.assistant),
      };
    case 'labelled':
      return {
        text: parseTemplate(shape.text),
        ...(shape.pair ? { pair: parseTemplate(shape.pair) } : {}),
        label: parseTemplate(shape.label),
      };
    case 'preference':
      return {
        prompt: parseTemplate(shape.prompt),
        chosen: parseTemplate(shape.chosen),
        rejected: parseTemplate(shape.rejected),
      };
    default:
      return {};
  }
}

/**
 * Turns the parts of one source into passages. Sources without the needed columns are named in `problems`.
 */
export async function* passagesOf(
  source: LoadedSource,
  shape: Shape,
  split: SplitRecipe,
  problems: Problems,
): AsyncGenerator<Passage> {
  const columns = Object.values(templatesOf(shape)).flatMap(columnsIn);
  const tagged = shape.type === 'labelled' ? taggedColumns(shape) : null;
  let sayProse = shape.type !== 'chunks';
  for await (const part of source.parts) {
    const span = { start: part.start, end: part.start + part.text.length };
    const cells = part.cells;
    if (cells !== undefined) problems.sawRow();
    const base = {
      sourceId: source.id,
      sourceName: source.name,
      place: part.place,
      ...span,
      roles: null,
      isComplete: true,
      split: split.column === null ? null : (cells?.[split.column] ?? null),
      group: split.groupBy === null ? null : (cells?.[split.groupBy] ?? null),
    };
    if (cells === undefined) {
      if (shape.type === 'chunks') {
        yield { ...base, fields: { text: part.text }, isRow: false, original: part.text };
      } else if (sayProse) {
        problems.say(`"${source.name}" has no rows, so it gives no records of this shape.`);
        sayProse = false;
      }
    } else if (shape.type === 'chunks') {
      const text = rowText(cells, part.text);
      const complete = !/^false$/i.test(cells.complete ?? cells['content.complete'] ?? '');
      yield { ...base, fields: { text }, isRow: true, isComplete: complete, original: null };
    } else if (shape.type === 'messages') {
      const messages = messagesOf(part, shape);
      if (typeof messages === 'string') problems.row(messages, placeOf({ ...base } as Passage));
      else {
        const fields = Object.fromEntries(messages.map((message, at) => [String(at), message.content]));
        const roles = messages.map((message) => message.role);
        yield { ...base, fields, roles, isRow: true, original: null };
      }
    } else {
      const used = columns.map((column) => [column, cells[column] ?? listCell(part.value, column)] as const);
      const fields = Object.fromEntries(used);
      const numbers = tagged === null ? null : tagNumbers(part, tagged.words, tagged.tags);
      if (tagged !== null && numbers !== null) {
        const { tags, named } = namedTags(part, tagged.tags, numbers);
        fields[tagged.tags] = JSON.stringify(tags);
        if (!named) {
          problems.say(
            `The tags in "${tagged.tags}" of "${source.name}" are numbers without names: 0 is taken as no label, ` +
              'the others are called label_1, label_2 and so on.',
          );
        }
      }
      yield { ...base, fields, isRow: true, original: null };
    }
  }
}

/** The columns of words and of their tags, where a shape takes each whole. */
function taggedColumns(shape: Extract<Shape, { type: 'labelled' }>): { words: string; tags: string } | null {
  const [[words, ...more], [tags, ...others]] = [parseTemplate(shape.text), parseTemplate(shape.label)];
  if (typeof words !== 'object' || typeof tags !== 'object' || more.length + others.length > 0 || shape.pair)
    return null;
  return { words: words.column, tags: tags.column };
}

/** @throws AppError `column-missing` when no source has a column that the recipe names. */
export function checkColumns(sources: { columns: string[] }[], shape: Shape, split: SplitRecipe): void {
  const known = new Set(sources.flatMap((source) => source.columns));
  const used = [
    ...Object.values(templatesOf(shape)).flatMap(columnsIn),
    ...(shape.type === 'messages' ? [shape.key] : []),
    ...[split.column, split.groupBy].filter((column) => column !== null),
  ];
  const missing = used.find((column) => !known.has(column));
  if (missing === undefined) return;
  const there =
    known.size === 0 ? 'They have no columns.' : `Their columns: ${[...known].slice(0, 20).join(', ')}.`;
  throw new AppError(
    'column-missing',
    `No chosen document has a column "${missing}". ${there}`,
    'Choose another column, or add a document that has it.',
  );
}

/** The text column of a row, else the whole row. */
function rowText(cells: Record<string, string>, whole: string): string {
  for (const name of [...textColumns, ...textColumns.map((column) => `content.${column}`)]) {
    if (cells[name] !== undefined) return cells[name];
  }
  return whole;
}

/** A list in a column that a template names: its JSON, or the text of its last message. */
function listCell(value: unknown, column: string): string {
  const found = valueAt(value, column);
  if (found === undefined || found === null) return '';
  if (!Array.isArray(found)) return typeof found === 'string' ? found : JSON.stringify(found);
  const last = found[found.length - 1] as { content?: unknown } | undefined;
  return typeof last?.content === 'string' ? last.content : JSON.stringify(found);
}

/** The messages of a row, or what is wrong with it. */
function messagesOf(part: DocumentPart, shape: Extract<Shape, { type: 'messages' }>): Message[] | string {
  const list = listAt(part, shape.key);
  if (list === null) return `have no list in "${shape.key}"`;
  if (list.length === 0) return `have an empty list in "${shape.key}"`;
  const messages: Message[] = [];
  for (const item of list) {
    if (typeof item !== 'object' || item === null)
      return `hold something else than messages in "${shape.key}"`;
    const turn = item as Record<string, unknown>;
    const name = String(turn[shape.roleKey] ?? '');
    const role = Object.hasOwn(shape.roles, name) ? shape.roles[name] : undefined;
    if (role === undefined) return `have a role "${name.slice(0, 40)}" that is not mapped`;
    const content = contentText(turn[shape.contentKey]);
    if (content === null) return `have a message without text in "${shape.contentKey}"`;
    messages.push({ role, content });
  }
  if (!messages.some((one) => one.role === 'assistant' && one.content.trim() !== '')) {
    return 'have no answer of the assistant';
  }
  return messages;
}

/** Text of a message; lists of text parts are joined. */
function contentText(content: unknown): string | null {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return null;
  const texts = content.map((piece) => (piece as { text?: unknown } | null)?.text);
  return texts.every((text) => typeof text === 'string') ? texts.join('') : null;
}

/** The record of a row, or null when a part of it has no text; `problems` says which. */
export function recordOf(passage: Passage, shape: Shape, problems: Problems): RecordContent | null {
  if (shape.type === 'chunks') {
    return { type: 'text', text: passage.fields.text, complete: passage.isComplete };
  }
  if (shape.type === 'messages') {
    const messages = (passage.roles ?? []).map((role, at) => ({ role, content: passage.fields[at] ?? '' }));
    return { type: 'chat', messages };
  }
  const templates = templatesOf(shape);
  for (const [part, template] of Object.entries(templates)) {
    if (part === 'system' || (part === 'prompt' && shape.type === 'preference')) continue;
    const isBlank = fill(template, passage.fields).trim() === '';
    if (!isBlank && !isMissing(template, passage.fields)) continue;
    const names = columnsIn(template).map((column) => `"${column}"`);
    const where = names.length === 0 ? part : names.join(', ');
    // An empty cell is a value like any other (field case A08); it is named, but not dropped.
    if (part === 'label')
      problems.row(`have an empty label in ${where}; it counts as a class`, placeOf(passage));
    else {
      problems.row(`have no text in ${where}`, placeOf(passage));
      return null;
    }
  }
  const filled = Object.fromEntries(
    Object.entries(templates).map(([part, template]) => [part, fill(template, passage.fields)]),
  );
  return contentOf(shape.type, filled);
}

function contentOf(type: Shape['type'], parts: Record<string, string>): RecordContent {
  const message = (role: Message['role'], content: string): Message => ({ role, content });
  switch (type) {
    case 'completion':
      return { type, prompt: parts.prompt, completion: parts.completion };
    case 'labelled':
      return {
        type,
        text: parts.text,
        ...(parts.pair === undefined ? {} : { pair: parts.pair }),
        label: parts.label,
      };
    case 'preference': {
      const messages = parts.prompt.trim() === '' ? [] : [message('user', parts.prompt)];
      return { type, messages, chosen: parts.chosen, rejected: parts.rejected };
    }
    default: {
      const system = parts.system.trim() === '' ? [] : [message('system', parts.system)];
      return {
        type: 'chat',
        messages: [...system, message('user', parts.user), message('assistant', parts.assistant)],
      };
    }
  }
}

/** The record type that a shape gives. */
export function recordTypeOf(shape: Shape): RecordContent['type'] {
  if (shape.type === 'chunks') return 'text';
  return shape.type === 'messages' ? 'chat' : shape.type;
}
