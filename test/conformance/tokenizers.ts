// Conformance of tokenizers: ids, tokens, offsets, decoding and streaming against `cases.json` beside a
// tokenizer.json.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type Encoding, loadTokenizer, type Tokenizer } from '../../main/tokens/tokenizer.ts';
import { type Check, compared, type Row } from './check.ts';

interface Case {
  text: string;
  pair?: string;
  ids: number[];
  tokens: string[];
  offsets: [number, number][];
  special_tokens_mask: number[];
  type_ids?: number[];
  ids_without_special: number[];
  decoded: string;
  decoded_skip_special: string;
}

interface Cases {
  vocab_size: number;
  cases: Case[];
  pairs: Case[];
  repeated: {
    unit: string;
    times: number;
    count: number;
    first: number[];
    last: number[];
    sha256_of_ids_joined_by_commas: string;
    sha256_of_decoded: string;
  }[];
  prefix_decoding: { ids: number[]; decoded_prefixes: string[] }[];
}

export const tokenizersCheck: Check = {
  id: 'tokenizers',
  onProcessorOnly: 'texts are tokenized',
  matches: (_folder, files) =>
    files.includes('tokenizer.json') && (files.includes('cases.json') || files.includes('reference.json')),
  async *run(folder): AsyncIterable<Row> {
    const name = `tokenizers ${basename(folder)}`;
    if (!existsSync(join(folder, 'cases.json'))) return yield* compareModel(folder, name);
    const stored = JSON.parse(await readFile(join(folder, 'cases.json'), 'utf8')) as Cases;
    const tokenizer = await loadTokenizer(folder);
    const tally = new Tally(name);
    tally.equal('vocabulary size', tokenizer.vocabularySize, stored.vocab_size, '');
    for (const item of [...stored.cases, ...stored.pairs]) await compareCase(tokenizer, item, tally);
    for (const item of stored.repeated) {
      const { ids } = await tokenizer.encode(item.unit.repeat(item.times), { addSpecial: false });
      const where = `${JSON.stringify(item.unit)} x ${item.times}`;
      tally.equal('repeated text ids', sha256(ids.join(',')), item.sha256_of_ids_joined_by_commas, where);
      tally.equal(
        'repeated text decoded',
        sha256(tokenizer.decode(ids, { skipSpecial: true })),
        item.sha256_of_decoded,
        where,
      );
    }
    for (const { ids, decoded_prefixes } of stored.prefix_decoding)
      comparePrefixes(tokenizer, ids, decoded_prefixes, tally);
    yield* tally.rows();
  },
};

/** A model folder may hold a few texts with their ids (`tokenization`) in its reference. */
async function* compareModel(folder: string, name: string): AsyncIterable<Row> {
  const stored = JSON.parse(await readFile(join(folder, 'reference.json'), 'utf8')) as {
    tokenization?: { text: string; ids: number[]; decoded: string }[];
  };
  if (stored.tokenization === undefined) return;
  const tokenizer = await loadTokenizer(folder);
  const tally = new Tally(name);
  for (const { text, ids, decoded } of stored.tokenization) {
    const where = JSON.stringify(text).slice(0, 60);
    tally.equal('ids', (await tokenizer.encode(text, { addSpecial: true })).ids, ids, where);
    tally.equal('decoded', tokenizer.decode(ids, { skipSpecial: true }), decoded, where);
  }
  yield* tally.rows();
}

async function compareCase(tokenizer: Tokenizer, item: Case, tally: Tally): Promise<void> {
  const where = JSON.stringify(item.pair === undefined ? item.text : [item.text, item.pair]).slice(0, 60);
  const encode = (addSpecial: boolean): Promise<Encoding> =>
    item.pair === undefined
      ? tokenizer.encode(item.text, { addSpecial })
      : tokenizer.encodePair(item.text, item.pair, { addSpecial });
  const encoding = await encode(true);
  tally.equal('ids', encoding.ids, item.ids, where);
  tally.equal('tokens', encoding.tokens, item.tokens, where);
  tally.equal('special tokens mask', encoding.specialMask, item.special_tokens_mask, where);
  tally.equal('ids without special tokens', (await encode(false)).ids, item.ids_without_special, where);
  tally.equal('decoded', tokenizer.decode(item.ids), item.decoded, where);
  tally.equal(
    'decoded without special tokens',
    tokenizer.decode(item.ids, { skipSpecial: true }),
    item.decoded_skip_special,
    where,
  );
  if (item.type_ids !== undefined) tally.equal('type ids', encoding.typeIds, item.type_ids, where);
  if (item.pair === undefined)
    tally.equal('offsets', encoding.offsets, utf16(item.text, item.offsets), where);
  if (!item.text.includes('\ufffd')) {
    tally.equal('streamed text', stream(tokenizer, item.ids), tokenizer.decode(item.ids), where);
  }
}

/** Streams `ids` one by one: only certain text is given out, and in the end all of it. */
function comparePrefixes(tokenizer: Tokenizer, ids: number[], prefixes: string[], tally: Tally): void {
  const decoder = tokenizer.streamDecoder();
  const whole = prefixes.at(-1) ?? '';
  let text = '';
  ids.forEach((id, at) => {
    text += decoder.push(id);
    const decoded = tokenizer.decode(ids.slice(0, at + 1), { skipSpecial: true });
    tally.equal('decoded prefixes', decoded, prefixes[at], `ids 0..${at}`);
    tally.equal('streamed prefixes', whole.startsWith(text), true, `ids 0..${at}`);
    if (!whole.includes('\ufffd')) {
      tally.equal('streamed text has no U+FFFD', text.includes('\ufffd'), false, `ids 0..${at}`);
    }
  });
  tally.equal('streamed text', text + decoder.end(), whole, `ids 0..${ids.length - 1}`);
}

function stream(tokenizer: Tokenizer, ids: number[]): string {
  const decoder = tokenizer.streamDecoder({ skipSpecial: false });
  return ids.map((id) => decoder.push(id)).join('') + decoder.end();
}

/** Code-point offsets, as stored, in UTF-16 units. */
function utf16(text: string, offsets: [number, number][]): [number, number][] {
  const points = [...text];
  const at = (index: number): number => points.slice(0, index).join('').length;
  return text.length === points.length ? offsets : offsets.map(([start, end]) => [at(start), at(end)]);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Counts equal and unequal values per quantity; one row each, with the first difference as its note. */
export class Tally {
  private readonly name: string;
  private readonly found = new Map<string, { compared: number; differ: number; first?: string }>();

  constructor(name: string) {
    this.name = name;
  }

  equal(quantity: string, computed: unknown, stored: unknown, where: string): void {
    const entry = this.found.get(quantity) ?? { compared: 0, differ: 0 };
    this.found.set(quantity, entry);
    entry.compared++;
    const [left, right] = [JSON.stringify(computed), JSON.stringify(stored)];
    if (left === right) return;
    entry.differ++;
    entry.first ??= `${where}: ${firstDifference(left ?? 'undefined', right ?? 'undefined')}`;
  }

  *rows(): Iterable<Row> {
    for (const [quantity, { compared: count, differ, first }] of this.found) {
      const note = differ === 0 ? `${count} compared` : `${differ} of ${count} differ; first at ${first}`;
      yield compared(this.name, quantity, differ, 0, note);
    }
  }
}

function firstDifference(left: string, right: string): string {
  let at = 0;
  while (at < left.length && left[at] === right[at]) at++;
  const from = Math.max(0, at - 20);
  return `computed …${left.slice(from, at + 30)}… stored …${right.slice(from, at + 30)}…`;
}
