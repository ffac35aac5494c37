// CoNLL files: a word and its tag on each line, a blank line between sentences. A sentence is a row of two cells, `words`
// and `tags`, side by side with spaces between, as token classification reads them. Does not change a tag.
import { AppError } from '../errors.ts';
import { decodeText } from './encoding.ts';
import type { Importer, PartDraft } from './importer.ts';
import { count, plural } from './limits.ts';

export const conll: Importer = {
  id: 'conll',
  label: 'CoNLL',
  description: 'A word and its tag (B-PER, I-PER, O) on each line, and a blank line between sentences.',
  extensions: ['conll', 'conll2002', 'conll2003', 'iob', 'iob2', 'bio'],
  mimeTypes: [],
  isText: true,
  async *read(file, options) {
    const decoded = decodeText(file.bytes, options.encoding);
    const sentences = sentencesOf(decoded.text);
    const lines = sentences.flat();
    if (lines.length === 0) {
      throw new AppError(
        'conll-empty',
        `"${file.name}" holds no word.`,
        'Get a complete copy, or leave it out.',
      );
    }
    const place = wordPlace(lines);
    const faults = lines.filter((line) => faultIn(line, place) !== null);
    if (faults.length * 2 > lines.length) {
      throw new AppError(
        'conll-broken',
        `${plural(faults.length, 'line')} of ${count(lines.length)} in "${file.name}" have no word with a tag such as ` +
          `B-PER or O at the end; the first is line ${faults[0].number}: ${faultIn(faults[0], place)}.`,
        'Write a word and its tag on each line, or import the file under another extension, such as .txt.',
      );
    }
    let rows = 0;
    let leftOut = 0;
    for (const sentence of sentences) {
      if (sentence.some((line) => faultIn(line, place) !== null)) leftOut++;
      else yield rowPart(++rows, sentence, place);
    }
    const notes = [...decoded.notes];
    if (leftOut > 0) {
      const first = `line ${faults[0].number}: ${faultIn(faults[0], place)}`;
      notes.push(
        `${plural(leftOut, 'sentence')} left out, as a line has no word with a tag; the first is ${first}`,
      );
    }
    return {
      coverage: { encoding: decoded.encoding, encodingWhy: decoded.why, notes },
      rows,
      columns: ['words', 'tags'],
    };
  },
};

interface Line {
  /** From 1. */
  number: number;
  fields: string[];
}

const tag = /^(?:O|[BIESLU]-\S+)$/;
const hasTag = ({ fields }: Line): boolean => fields.length > 1 && tag.test(fields[fields.length - 1]);

/** Lines of each sentence. Marks of documents and comments above a sentence are no words. */
function sentencesOf(text: string): Line[][] {
  const sentences: Line[][] = [];
  let open: Line[] = [];
  for (const [at, content] of text.split(/\r?\n/).entries()) {
    const line = { number: at + 1, fields: fieldsOf(content) };
    const isMark = /^-DOCSTART-(?:\s|$)/.test(content) || (content.startsWith('#') && !hasTag(line));
    if (line.fields.length === 0 || isMark) {
      if (open.length > 0) sentences.push(open);
      open = [];
    } else open.push(line);
  }
  return open.length > 0 ? [...sentences, open] : sentences;
}

/** Between tabs where there are any, so that a word may be a quotation mark or hold odd spaces; between spaces else. */
function fieldsOf(content: string): string[] {
  if (content.trim() === '') return [];
  return content.includes('\t')
    ? content.split('\t').map((field) => field.trim())
    : content.trim().split(/ +/);
}

/** The first column, unless that counts the words of a sentence. */
function wordPlace(lines: readonly Line[]): number {
  return lines.every(({ fields }) => fields.length > 2 && /^\d+$/.test(fields[0])) ? 1 : 0;
}

/** What is wrong with a line; null when it has a word and a tag. */
function faultIn(line: Line, place: number): string | null {
  const { fields } = line;
  if (fields.length < 2) return `"${fields[0]}" stands alone`;
  if (!hasTag(line)) return `"${fields[fields.length - 1]}" is no tag`;
  const word = fields[place];
  return word === '' || /\s/.test(word) ? `"${word}" is not one word` : null;
}

function rowPart(row: number, sentence: readonly Line[], place: number): PartDraft {
  const words = sentence.map(({ fields }) => fields[place]).join(' ');
  const tags = sentence.map(({ fields }) => fields[fields.length - 1]).join(' ');
  return { place: `sentence ${row}, line ${sentence[0].number}`, text: words, cells: { words, tags } };
}
