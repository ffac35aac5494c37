// Conformance of batches without a model: filled rows, truncation, packed and padded layouts, labels, and the
// token masks of conversations, against `reference.json` with a `row_filling` part. Losses on the same file
// are another check's business.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import {
  type Batch,
  type EncodedRecord,
  makeBatch,
  padBatch,
  recordsWithoutLabel,
} from '../../main/tokens/batch.ts';
import type { Message } from '../../main/tokens/chat-template.ts';
import { fillRows, type Packing, type Piece } from '../../main/tokens/packing.ts';
import { renderConversation, renderText } from '../../main/tokens/render.ts';
import { createTokenizer, loadTokenizer } from '../../main/tokens/tokenizer.ts';
import { readTokenizerFolder } from '../../main/tokens/tokenizer-file.ts';
import { keep, keptOf } from '../../main/training/cut.ts';
import { type Check, type Row, skipped } from './check.ts';
import { Tally } from './tokenizers.ts';

interface Rows {
  input_ids: number[][];
  attention_mask?: number[][];
  position_ids: number[][];
  labels: number[][];
}

interface Stored {
  model: string;
  row_filling?: {
    lengths: number[];
    seq_length: number;
    examples: number[][];
    strategies: Record<string, { input_ids: number[][]; seq_lengths?: number[][] }>;
  };
  truncation: {
    text: string;
    ids: number[];
    cases: { max_length: number; side: 'left' | 'right'; tokenizer_ids: number[] }[];
    no_label_left: Rows;
    cut_completion: Rows & { label_tokens: number };
  };
  packed: Rows & { segment_ids: number[][]; label_tokens: number; separately_padded: Rows };
  padding: { cases: { model: string; left: Rows; right: Rows }[] };
  assistant_only: {
    chat_template: string;
    chats: {
      messages: Message[];
      text: string;
      input_ids: number[];
      assistant_mask: number[];
      labels: number[];
    }[];
    label_tokens: number;
  };
}

export const batchingRowsCheck: Check = {
  id: 'batching-rows',
  onProcessorOnly: 'batches are laid out',
  matches: (_folder, files) => files.includes('reference.json') && !files.includes('config.json'),
  async *run(folder): AsyncIterable<Row> {
    const stored = JSON.parse(await readFile(join(folder, 'reference.json'), 'utf8')) as Stored;
    if (stored.row_filling === undefined) return; // another family's folder
    const name = basename(folder);
    const tally = new Tally(`${name} rows`);
    compareFilling(stored.row_filling, tally);
    compareLayouts(stored, tally);
    const model = join(folder, '..', stored.model);
    if (existsSync(join(model, 'tokenizer.json'))) {
      await compareTruncation(model, stored.truncation, tally);
      await compareAnswers(model, stored.assistant_only, tally);
    } else yield skipped(`${name} rows`, 'truncation and token masks', `no tokenizer at ${model}`);
    yield* tally.rows();
  },
};

function compareFilling(filling: NonNullable<Stored['row_filling']>, tally: Tally): void {
  for (const [strategy, { input_ids, seq_lengths }] of Object.entries(filling.strategies)) {
    const rows = fillRows(filling.lengths, filling.seq_length, strategy as Packing);
    const ids = rows.map((row) =>
      row.flatMap(({ record, start, length }) => filling.examples[record].slice(start, start + length)),
    );
    tally.equal(`filled rows (${strategy})`, ids, input_ids, strategy);
    if (seq_lengths === undefined) continue;
    tally.equal(
      `filled rows (${strategy})`,
      rows.map((row) => row.map((piece) => piece.length)),
      seq_lengths,
      strategy,
    );
  }
}

function compareLayouts({ packed, padding, truncation }: Stored, tally: Tally): void {
  const records = recordsOf(packed.separately_padded);
  const lengthsOf = packed.segment_ids.map((row) => segmentLengths(row));
  let next = 0;
  const plan: Piece[][] = lengthsOf.map((row) => row.map((length) => ({ record: next++, start: 0, length })));
  const batch = makeBatch(records, plan, { padId: 0, width: packed.segment_ids[0].length });
  tally.equal('packed ids', rowsOf(batch, batch.inputIds), packed.input_ids, 'packed');
  tally.equal('packed positions', rowsOf(batch, batch.positionIds), packed.position_ids, 'packed');
  tally.equal('packed segments', rowsOf(batch, batch.segmentIds), packed.segment_ids, 'packed');
  tally.equal('labels', labelsOf(batch), shiftedLabels(packed.labels, packed.segment_ids), 'packed');
  tally.equal('label tokens', batch.labelTokens, packed.label_tokens, 'packed');
  for (const { model, left, right } of padding.cases) {
    for (const [side, rows] of [
      ['left', left],
      ['right', right],
    ] as const) {
      const padded = padBatch(recordsOf(rows), { padId: 0, padding: side });
      const where = `${model} padded on the ${side}`;
      const real = padded.segmentIds;
      tally.equal('padded ids', rowsOf(padded, padded.inputIds), rows.input_ids, where);
      tally.equal(
        'padded mask',
        rowsOf(
          padded,
          real.map((segment) => (segment < 0 ? 0 : 1)),
        ),
        rows.attention_mask,
        where,
      );
      const keepReal = (values: ArrayLike<number>): number[] =>
        Array.from(values).filter((_, at) => real[at] >= 0);
      tally.equal(
        'padded positions',
        keepReal(padded.positionIds),
        keepReal(rows.position_ids.flat()),
        where,
      );
      tally.equal('labels', labelsOf(padded), shiftedLabels(rows.labels, rowsOf(padded, real)), where);
    }
  }
  const empty = recordsOf(truncation.no_label_left);
  tally.equal('records without a label', recordsWithoutLabel(empty), [...empty.keys()], 'no label left');
  const cut = padBatch(recordsOf(truncation.cut_completion), { padId: 0 });
  tally.equal('label tokens', cut.labelTokens, truncation.cut_completion.label_tokens, 'cut completion');
}

async function compareTruncation(model: string, stored: Stored['truncation'], tally: Tally): Promise<void> {
  const rendered = await renderText(await loadTokenizer(model), stored.text, { complete: false });
  tally.equal('truncated ids', rendered.ids, stored.ids, 'whole text');
  const bos = rendered.startsWithBos ? 1 : 0;
  const last = rendered.trained.map((_, at) => (at === rendered.ids.length - 1 ? 1 : 0));
  for (const { max_length, side, tokenizer_ids } of stored.cases) {
    // as a prompt whose answer is the last token, which is what is cut from the left
    const kept = keptOf(last, { bos, head: bos }, max_length, side === 'left' ? 'prompt-start' : 'end');
    const where = `${max_length} from the ${side}`;
    tally.equal('truncated ids', keep(rendered.ids, kept), tokenizer_ids, where);
  }
}

async function compareAnswers(model: string, stored: Stored['assistant_only'], tally: Tally): Promise<void> {
  const { file, settings } = await readTokenizerFolder(model);
  const tokenizer = createTokenizer(file, { ...settings, chatTemplate: stored.chat_template });
  const records: EncodedRecord[] = [];
  for (const [at, chat] of stored.chats.entries()) {
    const rendered = await renderConversation(tokenizer, { messages: chat.messages }, { train: 'assistant' });
    tally.equal('conversation text', rendered.text, chat.text, `chat ${at}`);
    tally.equal('conversation ids', rendered.ids, chat.input_ids, `chat ${at}`);
    tally.equal('conversation token masks', Array.from(rendered.trained), chat.assistant_mask, `chat ${at}`);
    records.push(rendered);
  }
  tally.equal(
    'label tokens',
    padBatch(records, { padId: 0 }).labelTokens,
    stored.label_tokens,
    'assistant only',
  );
}

/** Records out of padded rows: where the mask is 1, trained where the label counts. */
function recordsOf({ input_ids, attention_mask, labels }: Rows): EncodedRecord[] {
  return input_ids.map((row, at) => {
    const real = row.flatMap((_, place) => (attention_mask?.[at][place] === 0 ? [] : [place]));
    return {
      ids: real.map((place) => row[place]),
      trained: real.map((place) => Number(labels[at][place] !== -100)),
    };
  });
}

function segmentLengths(row: number[]): number[] {
  const lengths: number[] = [];
  for (const segment of row) if (segment >= 0) lengths[segment] = (lengths[segment] ?? 0) + 1;
  return lengths;
}

function rowsOf({ rows, width }: Batch, values: Int32Array): number[][] {
  return Array.from({ length: rows }, (_, row) =>
    Array.from(values.subarray(row * width, (row + 1) * width)),
  );
}

function labelsOf({ labelRows, labels }: Batch): [number, number][] {
  return Array.from(labelRows, (row, at) => [row, labels[at]]);
}

/** Labels as transformers stores them (label t belongs to logits t - 1), as places and labels. */
function shiftedLabels(labels: number[][], segments: number[][]): [number, number][] {
  return labels.flatMap((row, at) =>
    row.flatMap((label, place): [number, number][] =>
      label === -100 || place === 0 || segments[at][place] !== segments[at][place - 1]
        ? []
        : [[at * row.length + place - 1, label]],
    ),
  );
}
