// Proposes a recipe for chosen sources: recognises the common shapes of training data by their column names
// and first rows. A proposal only; nothing is decided here that the user cannot change.
import type { DatasetRecipe, DatasetSuggestion, Message, Shape, StepRecipe } from '../contract/datasets.ts';
import type { DocumentPart } from '../contract/documents.ts';
import { isObject, valueAt } from '../documents/json-rows.ts';
import { count, plural } from '../documents/limits.ts';
import { splitNamed } from './split.ts';
import { steps } from './steps/index.ts';
import { hasTagPerWord } from './word-tags.ts';

/** A source with its first parts (some hundred are enough). */
export interface SampledSource {
  id: string;
  name: string;
  columns: string[];
  sample: DocumentPart[];
}

/** A shape that fits a source, and the sentence about it. */
interface Finding {
  shape: Shape;
  /** Columns that a source must have. */
  columns: string[];
  /** Smaller is more certain. */
  rank: number;
  why: string;
}

const chunks = { type: 'chunks', tokens: 256, overlap: 32 } satisfies Shape;

/** A recipe that fits `sources`: the most certain shape, for all sources that it fits. */
export function suggest(sources: SampledSource[]): DatasetSuggestion {
  const tables = sources.filter((source) => source.sample.some((part) => part.cells !== undefined));
  const findings = tables.map((source) => ({ source, finding: findShape(source) }));
  const best = findings
    .filter((one) => one.finding !== null)
    .sort((a, b) => (a.finding?.rank ?? 0) - (b.finding?.rank ?? 0))[0];
  if (best?.finding) {
    const { finding, source } = best;
    const fitting = tables.filter((table) =>
      finding.columns.every((column) => table.columns.includes(column)),
    );
    return proposal(fitting, sources, finding.shape, finding.why, source);
  }
  const prose = sources.filter((source) => !tables.includes(source));
  if (prose.length > 0) {
    const many = plural(prose.length, 'document');
    const why = `${many} of running text: cut into pieces of ${chunks.tokens} tokens.`;
    return proposal(prose, sources, chunks, why, null);
  }
  const why = 'No known pair of columns was recognised, so each row becomes one text.';
  return proposal(tables, sources, chunks, why, tables[0] ?? null);
}

function proposal(
  chosen: SampledSource[],
  all: SampledSource[],
  shape: Shape,
  why: string,
  table: SampledSource | null,
): DatasetSuggestion {
  const split = table === null ? null : splitColumn(table);
  const groupBy = table === null || split !== null ? null : groupColumn(table);
  const isExport = table !== null && exportColumns.every((column) => table.columns.includes(column));
  const recipe: DatasetRecipe = {
    name: nameOf(chosen),
    sourceIds: chosen.map((source) => source.id),
    // Records that Tunesmith exported were cleaned when they were made; they are taken as they are.
    steps: isExport ? defaultSteps().map((step) => ({ ...step, enabled: false })) : defaultSteps(),
    shape,
    split: { seed: 1, validation: 0.1, test: 0.1, column: split, groupBy },
  };
  const leftOut = all.length - chosen.length;
  const sentences = [
    why,
    ...(split === null ? [] : [`The column "${split}" names the split of each row.`]),
    ...(groupBy === null ? [] : [`Rows with the same "${groupBy}" stay in one split.`]),
    ...(leftOut === 0
      ? []
      : [`${plural(leftOut, 'other document')} of another kind ${leftOut === 1 ? 'is' : 'are'} left out.`]),
  ];
  const columns = [...new Set(chosen.flatMap((source) => source.columns))];
  return { recipe, why: sentences.join(' '), columns, example: table?.sample[0]?.cells ?? null };
}

/** All steps in the order of the registry; the default ones are on. */
export function defaultSteps(): StepRecipe[] {
  return steps.map((step) => ({ id: step.id, enabled: step.defaultEnabled, options: {} }));
}

/** What every line of an exported dataset version has. */
const exportColumns = ['content.type', 'provenance', 'split', 'group'];

function nameOf(sources: SampledSource[]): string {
  if (sources.length !== 1) return `${count(sources.length)} documents`;
  return (
    sources[0].name
      .replace(/\.[^.]{1,6}$/, '')
      .slice(0, 120)
      .trim() || 'Dataset'
  );
}

function findShape(source: SampledSource): Finding | null {
  return (
    exported(source) ??
    messageList(source) ??
    preference(source) ??
    taggedWords(source) ??
    textPair(source) ??
    namedPair(source) ??
    labelled(source)
  );
}

/** A dataset version that Tunesmith wrote, one record a line. */
function exported(source: SampledSource): Finding | null {
  if (!exportColumns.every((column) => source.columns.includes(column))) return null;
  const shapes: Record<string, Shape> = {
    // Texts are taken whole: no chunk that was made before is cut again.
    text: { type: 'chunks', tokens: 8192, overlap: 0 },
    completion: { type: 'completion', prompt: '{content.prompt}', completion: '{content.completion}' },
    labelled: {
      type: 'labelled',
      text: '{content.text}',
      ...(source.sample.every((part) => part.cells?.['content.pair']) ? { pair: '{content.pair}' } : {}),
      label: '{content.label}',
    },
    preference: {
      type: 'preference',
      prompt: '{content.messages}',
      chosen: '{content.chosen}',
      rejected: '{content.rejected}',
    },
    chat: {
      type: 'messages',
      key: 'content.messages',
      roleKey: 'role',
      contentKey: 'content',
      roles: { system: 'system', user: 'user', assistant: 'assistant', tool: 'tool' },
    },
  };
  const shape = shapes[source.sample[0]?.cells?.['content.type'] ?? ''];
  const why = 'The records of an exported dataset version were recognised.';
  return shape === undefined ? null : { shape, columns: exportColumns, rank: 0, why };
}

const roleNames: Record<string, Message['role']> = {
  system: 'system',
  user: 'user',
  human: 'user',
  prompter: 'user',
  customer: 'user',
  assistant: 'assistant',
  gpt: 'assistant',
  chatgpt: 'assistant',
  bot: 'assistant',
  model: 'assistant',
  agent: 'assistant',
  tool: 'tool',
  function: 'tool',
  observation: 'tool',
};

/** A list of messages: `messages` with role/content, `conversations` with from/value, and the like. */
function messageList(source: SampledSource): Finding | null {
  const values = source.sample.map((part) => part.value).filter((value) => value !== undefined);
  for (const key of source.columns) {
    const lists = values.map((value) => valueAt(value, key)).filter((list) => Array.isArray(list));
    const turns = lists.flat().filter(isObject);
    if (turns.length === 0 || /^(chosen|rejected)$/.test(plainName(key))) continue;
    const roleKey = ['role', 'from', 'speaker', 'author'].find((name) => typeof turns[0][name] === 'string');
    const contentKey = ['content', 'value', 'text', 'message'].find((name) => turns[0][name] !== undefined);
    if (roleKey === undefined || contentKey === undefined) continue;
    const found = [...new Set(turns.map((turn) => String(turn[roleKey])))];
    const roles = Object.fromEntries(
      found.flatMap((name) => {
        const role = roleNames[name.toLowerCase()];
        return role === undefined ? [] : [[name, role]];
      }),
    );
    if (!Object.values(roles).includes('assistant')) continue;
    const shape: Shape = { type: 'messages', key, roleKey, contentKey, roles };
    return { shape, columns: [key], rank: 1, why: `Conversations were recognised in "${key}".` };
  }
  return null;
}

function preference(source: SampledSource): Finding | null {
  const chosen = columnNamed(source, ['chosen', 'preferred', 'accepted']);
  const rejected = columnNamed(source, ['rejected', 'dispreferred']);
  if (chosen === null || rejected === null) return null;
  const prompt = columnNamed(source, ['prompt', 'question', 'instruction', 'input', 'query']);
  const columns = [chosen, rejected, ...(prompt === null ? [] : [prompt])];
  const shape: Shape = {
    type: 'preference',
    prompt: prompt === null ? '' : `{${prompt}}`,
    chosen: `{${chosen}}`,
    rejected: `{${rejected}}`,
  };
  return { shape, columns, rank: 2, why: recognised(columns) };
}

/** Names of two texts that are judged together. */
const textPairs: [first: string, second: string][] = [
  ['sentence1', 'sentence2'],
  ['premise', 'hypothesis'],
  ['question1', 'question2'],
  ['text1', 'text2'],
  ['texta', 'textb'],
];

/** Two texts with one label, such as whether they say the same. */
function textPair(source: SampledSource): Finding | null {
  const label = columnNamed(source, [...labelNames, ...judgements]);
  if (label === null) return null;
  for (const names of textPairs) {
    const [text, pair] = names.map((name) => columnNamed(source, [name]));
    if (text === null || pair === null) continue;
    const shape: Shape = { type: 'labelled', text: `{${text}}`, pair: `{${pair}}`, label: `{${label}}` };
    return { shape, columns: [text, pair, label], rank: 3, why: recognised([text, pair, label]) };
  }
  return null;
}

/** Names of a question side and an answer side, most telling first. */
const pairs: { asks: string[]; answers: string[]; as: 'chat' | 'completion' }[] = [
  { asks: ['instruction'], answers: ['output', 'response', 'answer', 'completion'], as: 'chat' },
  { asks: ['prompt'], answers: ['completion', 'response', 'output', 'answer'], as: 'completion' },
  { asks: ['question', 'query'], answers: ['answer', 'answers', 'response', 'reply'], as: 'chat' },
  { asks: ['user', 'human'], answers: ['assistant', 'bot', 'gpt'], as: 'chat' },
  { asks: ['input', 'source'], answers: ['output', 'target'], as: 'chat' },
  { asks: ['message', 'email', 'ticket', 'request'], answers: ['reply', 'response', 'answer'], as: 'chat' },
];

function namedPair(source: SampledSource): Finding | null {
  for (const [at, pair] of pairs.entries()) {
    const ask = columnNamed(source, pair.asks);
    const answer = columnNamed(source, pair.answers);
    if (ask === null || answer === null) continue;
    const input = pair.asks[0] === 'instruction' ? columnNamed(source, ['input', 'context']) : null;
    const context = pair.asks[0] === 'question' ? columnNamed(source, ['context', 'passage']) : null;
    const system = columnNamed(source, ['system', 'systemprompt']);
    const columns = [ask, input, context, answer].filter((column) => column !== null);
    const user = [context, ask, input].filter((column) => column !== null).map((column) => `{${column}}`);
    const shape: Shape =
      pair.as === 'completion'
        ? { type: 'completion', prompt: `{${ask}}`, completion: `{${answer}}` }
        : {
            type: 'chat',
            system: system === null ? '' : `{${system}}`,
            user: user.join('\n\n'),
            assistant: `{${answer}}`,
          };
    return { shape, columns, rank: 4 + at, why: recognised(columns) };
  }
  return null;
}

const textNames = [
  'text',
  'message',
  'sentence',
  'review',
  'content',
  'body',
  'comment',
  'email',
  'post',
  'title',
];
const labelNames = [
  'label',
  'category',
  'class',
  'sentiment',
  'intent',
  'topic',
  'tag',
  'type',
  'rating',
  'urgency',
];
/** Names of what is said about two texts. */
const judgements = ['isduplicate', 'duplicate', 'entailment', 'relation', 'similarity', 'score'];
/** Average characters up to which a column is a short value. */
const shortValue = 40;

const wordNames = ['words', 'tokens', 'text', 'sentence'];
const tagNames = ['tags', 'nertags', 'labels', 'nerlabels', 'ner', 'postags', 'chunktags'];

/** The words of a sentence with one tag each, in two columns: lists of JSON, or with spaces between. */
function taggedWords(source: SampledSource): Finding | null {
  const words = columnNamed(source, wordNames);
  const tags = columnNamed(source, tagNames);
  if (words === null || tags === null) return null;
  if (!source.sample.every((part) => hasTagPerWord(part, words, tags))) return null;
  const shape: Shape = { type: 'labelled', text: `{${words}}`, label: `{${tags}}` };
  return { shape, columns: [words, tags], rank: 3, why: `${recognised([words, tags])} Each word has a tag.` };
}

/** A text with one label, or with several short values, which become one structured line. */
function labelled(source: SampledSource): Finding | null {
  const text = columnNamed(source, textNames);
  const label = columnNamed(source, labelNames);
  if (text === null || label === null) return null;
  const aside = new Set([text, splitColumn(source), groupColumn(source)]);
  const values = source.columns.filter(
    (column) => !aside.has(column) && !/^(id|index|no|number|date|time)$/.test(plainName(column)),
  );
  const areShort = values.every((column) => averageLength(source, column) <= shortValue);
  if (values.length >= 2 && values.length <= 8 && areShort) {
    const assistant = values.map((column) => `{${column}}`).join(' | ');
    const shape: Shape = { type: 'chat', system: '', user: `{${text}}`, assistant };
    const why = `The text "${text}" and the short columns ${quoted(values)} were recognised.`;
    return { shape, columns: [text, ...values], rank: 20, why };
  }
  const shape: Shape = { type: 'labelled', text: `{${text}}`, label: `{${label}}` };
  return { shape, columns: [text, label], rank: 21, why: recognised([text, label]) };
}

/** A column whose cells name splits: at least two of them, and nothing else. */
export function splitColumn(source: SampledSource): string | null {
  const named = source.columns.filter((column) =>
    /^(split|set|subset|partition|dataset)$/.test(plainName(column)),
  );
  return (
    named.find((column) => {
      const cells = new Set(source.sample.map((part) => part.cells?.[column] ?? ''));
      return cells.size >= 1 && [...cells].every((cell) => splitNamed(cell) !== undefined);
    }) ?? null
  );
}

const groupNames =
  /^(?:(?:fact|group|document)(?:id)?|(?:doc|conversation|thread|session|case|patient|user|author)id)$/;

/** A column that says which rows belong together: its values come back. */
function groupColumn(source: SampledSource): string | null {
  const named = source.columns.filter((column) => groupNames.test(plainName(column)));
  return (
    named.find((column) => {
      const cells = source.sample.map((part) => part.cells?.[column] ?? '');
      return new Set(cells).size < cells.length && new Set(cells).size > 1;
    }) ?? null
  );
}

/** The first column with one of these names, in the order of the names. */
function columnNamed(source: SampledSource, wanted: string[]): string | null {
  for (const name of wanted) {
    const found = source.columns.find((column) => plainName(column) === name);
    if (found !== undefined) return found;
  }
  return null;
}

/** "Content.User_Prompt" as "userprompt". */
function plainName(column: string): string {
  return column
    .slice(column.lastIndexOf('.') + 1)
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '');
}

function averageLength(source: SampledSource, column: string): number {
  const total = source.sample.reduce((sum, part) => sum + (part.cells?.[column]?.length ?? 0), 0);
  return total / Math.max(1, source.sample.length);
}

function recognised(columns: string[]): string {
  return `The columns ${quoted(columns)} were recognised.`;
}

/** "a", "b" and "c" */
function quoted(names: string[]): string {
  const all = names.map((name) => `"${name}"`);
  return all.length < 2 ? all.join('') : `${all.slice(0, -1).join(', ')} and ${all[all.length - 1]}`;
}
