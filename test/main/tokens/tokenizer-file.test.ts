import { copyFile, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadTokenizer } from '../../../main/tokens/tokenizer.ts';

const reference = `${import.meta.dirname}/../../reference`;

interface Case {
  tokenizer: string;
  files: Record<string, Record<string, unknown>>;
  size: number;
  bos: number | null;
  eos: number | null;
  pad: number | null;
  special_tokens_map: Record<string, string>;
  texts: { text: string; ids: number[]; without_special: number[]; decoded_skip_special: string }[];
}

const stored = await readFile(`${reference}/tokenizer_settings/cases.json`, 'utf8');
const { cases } = JSON.parse(stored) as { cases: Case[] };

it.each(cases.map((one) => [JSON.stringify(one.files), one] as const))(
  'the files beside tokenizer.json mean what they mean to transformers: %s',
  async (_files, { tokenizer: name, files, size, bos, eos, pad, special_tokens_map, texts }) => {
    const folder = await mkdtemp(join(tmpdir(), 'settings '));
    await copyFile(`${reference}/tokenizers/${name}/tokenizer.json`, join(folder, 'tokenizer.json'));
    for (const [file, content] of Object.entries(files))
      await writeFile(join(folder, file), JSON.stringify(content));
    const tokenizer = await loadTokenizer(folder);
    expect(tokenizer.vocabularySize).toBe(size);
    expect([tokenizer.bosId, tokenizer.eosId, tokenizer.padId]).toEqual(
      [bos, eos, pad].map((id) => id ?? undefined),
    );
    expect(tokenizer.specialTokens).toEqual(special_tokens_map);
    for (const { text, ids, without_special, decoded_skip_special } of texts) {
      expect((await tokenizer.encode(text, { addSpecial: true })).ids).toEqual(ids);
      expect((await tokenizer.encode(text, { addSpecial: false })).ids).toEqual(without_special);
      expect(tokenizer.decode(ids, { skipSpecial: true })).toBe(decoded_skip_special);
    }
  },
);
