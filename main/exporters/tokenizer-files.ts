// The files of a model folder that are not weights: tokenizer and chat template, copied byte by byte.
import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';

/** Every file that programs look for when they load a tokenizer. */
const names = [
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'chat_template.jinja',
  'chat_template.json',
  'vocab.json',
  'merges.txt',
  'tokenizer.model',
] as const;

/** Links of the Hugging Face cache are followed. */
export function copyTokenizer(from: string, to: string): void {
  for (const name of names) {
    if (existsSync(join(from, name))) copyFileSync(join(from, name), join(to, name));
  }
}
