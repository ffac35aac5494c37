import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type GgufTokenizer, ggufTokenizer } from '../../../../main/exporters/gguf/tokenizer.ts';
import { type Model, openModel } from '../../../../main/models/load.ts';
import { loadTokenizer } from '../../../../main/tokens/tokenizer.ts';
import { llamaFolder } from '../../../helpers/tiny-model.ts';

const tokenizers = join(llamaFolder, '../tokenizers');

/** The tiny llama with another tokenizer, and two rows more than that has tokens. */
async function modelWith(name: string): Promise<Model> {
  const base = openModel(llamaFolder);
  const folder = join(tokenizers, name);
  const vocabularySize = (await loadTokenizer(folder)).idLimit + 2;
  return { ...base, folder, eosIds: [], shape: { ...base.shape, vocabularySize } };
}

const listed = <Value>({ metadata }: GgufTokenizer, key: string): Value =>
  new Map(metadata).get(`tokenizer.ggml.${key}`)?.value as Value;

/** Ids as llama.cpp's SentencePiece tokenizer finds them: the best-scored pair first, then bytes. */
function idsByScore(tokenizer: GgufTokenizer, text: string): number[] {
  const tokens = listed<string[]>(tokenizer, 'tokens');
  const scores = listed<number[]>(tokenizer, 'scores');
  const ids = new Map(tokens.map((token, id) => [token, id]));
  if (text === '') return [];
  const prefix = listed<boolean>(tokenizer, 'add_space_prefix') ? ' ' : '';
  const symbols = [...`${prefix}${text}`.replaceAll(' ', '▁')];
  for (;;) {
    let best = -1;
    let score = Number.NEGATIVE_INFINITY;
    for (let i = 0; i + 1 < symbols.length; i++) {
      const id = ids.get(symbols[i] + symbols[i + 1]);
      if (id === undefined || scores[id] <= score) continue;
      score = scores[id];
      best = i;
    }
    if (best < 0) break;
    symbols.splice(best, 2, symbols[best] + symbols[best + 1]);
  }
  const byte = (value: number) =>
    ids.get(`<0x${value.toString(16).toUpperCase().padStart(2, '0')}>`) as number;
  return symbols.flatMap((symbol) => ids.get(symbol) ?? [...Buffer.from(symbol)].map(byte));
}

describe('SentencePiece vocabularies give the same ids by scores as by merges', () => {
  test.each(['spm_bpe_llama2', 'spm_bpe_gemma', 'spm_bpe_phi'])('%s', async (name) => {
    const found = await ggufTokenizer(await modelWith(name));
    expect(listed(found, 'model')).toBe('llama');
    const { cases } = JSON.parse(readFileSync(join(tokenizers, name, 'cases.json'), 'utf8')) as {
      cases: { text: string; ids_without_special: number[] }[];
    };
    const plain = cases.filter(
      ({ text }) => !found.file.added_tokens.some(({ content }) => text.includes(content)),
    );
    expect(plain.length).toBeGreaterThan(50);
    for (const { text, ids_without_special: ids } of plain)
      expect(idsByScore(found, text), text).toEqual(ids);
  });

  test('bytes, the unknown token and rows without a token have types of their own', async () => {
    const found = await ggufTokenizer(await modelWith('spm_bpe_llama2'));
    const types = listed<number[]>(found, 'token_type');
    const tokens = listed<string[]>(found, 'tokens');
    expect(types[tokens.indexOf('<0x0A>')]).toBe(6);
    expect(types[tokens.indexOf('<unk>')]).toBe(2);
    expect(types.slice(-2)).toEqual([5, 5]);
  });
});

test.each([
  ['bpe_gpt2', 'gpt-2'],
  ['bpe_llama3', 'llama-bpe'],
  ['bpe_qwen', 'qwen2'],
  ['bpe_digits', 'smollm'],
])('%s cuts texts in the way that llama.cpp calls %s', async (name, pre) => {
  const found = await ggufTokenizer(await modelWith(name));
  expect(listed(found, 'model')).toBe('gpt2');
  expect(listed(found, 'pre')).toBe(pre);
});

test('a prefix that llama.cpp would not put in front is found', async () => {
  expect((await ggufTokenizer(await modelWith('bpe_roberta'))).lostPrefix).toBe(' ');
  expect((await ggufTokenizer(await modelWith('bpe_gpt2'))).lostPrefix).toBe('');
});

test.each([
  ['unigram_t5', /Unigram/],
  ['wordpiece_cased', /WordPiece/],
  ['bpe_several_splits', /no name for/],
  ['bpe_added_tokens', /NFKC/],
])('%s is refused with the reason', async (name, message) => {
  await expect(ggufTokenizer(await modelWith(name))).rejects.toMatchObject({
    code: 'export-refused',
    message: expect.stringMatching(message),
  });
});
