// Conformance of GGUF files: reading, writing the models beside them again, and blocks of numbers, against
// `models.json` and `blocks.json` of gguf-py.
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { dequantize } from '../../main/exporters/gguf/dequantize.ts';
import type { BlockType, GgufValue } from '../../main/exporters/gguf/format.ts';
import { quantize, type WritableType } from '../../main/exporters/gguf/quantize.ts';
import { type GgufFile, readGguf, readGgufBytes } from '../../main/exporters/gguf/reader.ts';
import { gguf } from '../../main/exporters/gguf.ts';
import { openTuned } from '../../main/inference/weights.ts';
import { openModel } from '../../main/models/load.ts';
import { readHeader, readTensor, type TensorInfo } from '../../main/models/safetensors.ts';
import { type Check, compared, type Row, skipped } from './check.ts';
import { Tally } from './tokenizers.ts';

interface StoredFile {
  file: string;
  version: number;
  alignment: number;
  data_offset: number;
  metadata: Record<string, { type: string; value: unknown }>;
  tensors: {
    name: string;
    type: string;
    ne: number[];
    absolute_offset: number;
    bytes: number;
    sha256: string;
  }[];
}

interface StoredBlocks {
  types: Record<string, { bytes: number; sha256: string; first_row_hex: string | null }>;
  dequantise_only: Record<string, { hex: string }>;
  file: StoredFile;
}

const template = 'tokenizer.chat_template';

export const ggufCheck: Check = {
  id: 'gguf',
  onProcessorOnly: 'files are read',
  matches: (_, files) => files.some((file) => file.endsWith('.gguf')),
  async *run(folder): AsyncIterable<Row> {
    const name = basename(folder);
    if (existsSync(join(folder, 'models.json'))) {
      for (const [model, stored] of Object.entries(
        readJson<Record<string, StoredFile>>(folder, 'models.json'),
      )) {
        yield* compareFile(`${name} read ${model}`, readGguf(join(folder, stored.file)), stored);
        yield* compareWritten(
          `${name} write ${model}`,
          join(folder, '..', model),
          join(folder, stored.file),
          stored,
        );
      }
    }
    if (existsSync(join(folder, 'blocks.json'))) yield* compareBlocks(name, folder);
  },
};

/** Integers beyond 2^53 become strings. */
function readJson<T>(folder: string, file: string): T {
  const text = readFileSync(join(folder, file), 'utf8');
  return JSON.parse(text.replace(/: (-?\d{16,})(?=\s*[,}])/g, ': "$1"')) as T;
}

const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');

/** A written file may hold the chat template besides, which moves its tensors. */
function* compareFile(name: string, found: GgufFile, stored: StoredFile): Iterable<Row> {
  const tally = new Tally(name);
  tally.equal('version', found.version, stored.version, '');
  tally.equal('alignment', found.alignment, stored.alignment, '');
  const known = [...found.metadata.keys()].filter((key) => key in stored.metadata || key !== template);
  const whole = known.length === found.metadata.size;
  if (whole) tally.equal('start of the tensors', found.dataOffset, stored.data_offset, '');
  tally.equal('metadata keys', known, Object.keys(stored.metadata), '');
  for (const [key, { type, value }] of Object.entries(stored.metadata)) {
    const entry = found.metadata.get(key);
    tally.equal('metadata types', entry && typeOf(entry), type, key);
    tally.equal('metadata values', entry && shown(entry, value), value, key);
  }
  tally.equal(
    'tensor names',
    [...found.tensors.keys()],
    stored.tensors.map((tensor) => tensor.name),
    '',
  );
  for (const tensor of stored.tensors) {
    const info = found.tensors.get(tensor.name);
    if (info === undefined) continue;
    tally.equal('tensor types', info.type, tensor.type, tensor.name);
    tally.equal('ne', info.shape.toReversed(), tensor.ne, tensor.name);
    const offset = tensor.absolute_offset - stored.data_offset;
    tally.equal('offsets', info.offset - found.dataOffset, offset, tensor.name);
    tally.equal('bytes', info.bytes, tensor.bytes, tensor.name);
    tally.equal('SHA-256 of tensors', sha256(readGgufBytes(found, info)), tensor.sha256, tensor.name);
  }
  yield* tally.rows();
}

const typeOf = (entry: GgufValue): string => (entry.type === 'ARRAY' ? `ARRAY/${entry.of}` : entry.type);

/** A value as the reference spells it: ten digits, long lists by their beginning and their hash. */
function shown(entry: GgufValue, stored: unknown): unknown {
  if (entry.type !== 'ARRAY') return plain(entry.value, stored);
  const values = entry.value.map((value) => plain(value, undefined));
  if (Array.isArray(stored)) return values;
  const json = `[${values.map((value) => JSON.stringify(value)).join(', ')}]`;
  return { length: values.length, first: values.slice(0, 12), sha256_of_json: sha256(json) };
}

function plain(value: unknown, stored: unknown): unknown {
  if (typeof value === 'bigint') return typeof stored === 'string' ? String(value) : Number(value);
  return typeof value === 'number' ? Number(value.toPrecision(10)) : value;
}

/** Exports the model folder beside the file as float32; the file has to come out the same. */
async function* compareWritten(
  name: string,
  model: string,
  reference: string,
  stored: StoredFile,
): AsyncIterable<Row> {
  if (!existsSync(join(model, 'config.json'))) {
    yield skipped(name, 'all', 'the model that the file was made from is not there');
    return;
  }
  const base = openModel(model);
  const tuned = openTuned(base, null);
  const source = { base, tuned, lineage: {}, signal: new AbortController().signal, onProgress: () => {} };
  const folder = mkdtempSync(join(tmpdir(), 'tunesmith-gguf-'));
  try {
    await gguf.write(source, folder, { type: 'F32' });
    const written = join(folder, 'model.gguf');
    const found = readGguf(written);
    yield* compareFile(name, found, stored);
    if (found.metadata.has(template)) return; // the reference has none
    const differ = readFileSync(written).equals(readFileSync(reference)) ? 0 : 1;
    yield compared(name, 'whole file', differ, 0);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function* compareBlocks(name: string, folder: string): Iterable<Row> {
  const stored = readJson<StoredBlocks>(folder, 'blocks.json');
  const file = readGguf(join(folder, stored.file.file));
  yield* compareFile(`${name} read ${basename(stored.file.file, '.gguf')}`, file, stored.file);
  const tensors = readHeader(join(folder, 'blocks.safetensors'));
  const numbers = (tensor: string) => readTensor(tensors.get(tensor) as TensorInfo);
  const input = numbers('input');
  for (const [type, { bytes, sha256: hash, first_row_hex: firstRow }] of Object.entries(stored.types)) {
    const tally = new Tally(`${name} ${type}`);
    const made = quantize(input, type as WritableType);
    tally.equal('bytes', made.length, bytes, '');
    if (firstRow !== null) {
      tally.equal('first row', Buffer.from(made.subarray(0, made.length / 8)).toString('hex'), firstRow, '');
    }
    tally.equal('SHA-256', sha256(made), hash, '');
    yield* tally.rows();
    yield difference(`${name} ${type}`, dequantize(made, type as BlockType), numbers(`${type}.dequantised`));
  }
  for (const [type, { hex }] of Object.entries(stored.dequantise_only)) {
    const made = dequantize(Buffer.from(hex, 'hex'), type as BlockType);
    yield difference(`${name} ${type}`, made, numbers(`${type}.dequantised`));
  }
}

function difference(name: string, made: Float32Array, stored: Float32Array): Row {
  let largest = made.length === stored.length ? 0 : Number.NaN;
  for (let i = 0; i < made.length; i++) {
    const apart = Math.abs(made[i] - stored[i]);
    if (!(apart <= largest)) largest = apart;
  }
  return compared(name, 'dequantised values', largest, 0);
}
