// Writes the config.json of a model that came from another one. Numbers that did not change stay as they were written:
// readers that tell int from float (transformers checks types since 5) refuse 1 where the model's author wrote 1.0.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseLossless } from '../tokens/jinja/from-json.ts';

/** Writes `config` into `folder`, its numbers spelled as in the file of the same name in `source`. */
export function writeConfigFile(folder: string, config: Record<string, unknown>, source: string): void {
  const file = join(source, 'config.json');
  const written = existsSync(file) ? parseLossless(readFileSync(file, 'utf8')) : undefined;
  const text = JSON.stringify(spelledAs(config, written), null, 2);
  writeFileSync(join(folder, 'config.json'), `${text}\n`);
}

/** `value`, with each part that `source` holds too, and that is the same number, taken from there. */
function spelledAs(value: unknown, source: unknown): unknown {
  if (typeof source !== 'object' || source === null) return value;
  if (typeof value === 'number') return JSON.stringify(value) === plain(source) ? source : value;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value))
    return Array.isArray(source) ? value.map((item, i) => spelledAs(item, source[i])) : value;
  const known = source as Record<string, unknown>;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, spelledAs(item, known[key])]));
}

/** A number kept as raw JSON, as JavaScript would write it. */
const plain = (raw: object): string => JSON.stringify(JSON.parse(JSON.stringify(raw)));
