import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createTokenizer, loadTokenizer, utf16Positions } from '../../../main/tokens/tokenizer.ts';
import { readTokenizerFolder, type TokenizerJson } from '../../../main/tokens/tokenizer-file.ts';
import { tokenizersCheck } from '../../conformance/tokenizers.ts';

const reference = `${import.meta.dirname}/../../reference`;
const families = ['tokenizers', 'rare_tokenizers'];
const listed = families.map((family) => readdir(`${reference}/${family}`, { withFileTypes: true }));
const folders = (await Promise.all(listed)).flatMap((entries, at) =>
  entries.filter((entry) => entry.isDirectory()).map(({ name }) => `${families[at]}/${name}`),
);

async function fileOf(name: string): Promise<TokenizerJson> {
  return (await readTokenizerFolder(`${reference}/tokenizers/${name}`)).file;
}

describe('every kind of tokenizer', () => {
  it.each(folders)('%s gives the ids, offsets and texts of the reference', async (name) => {
    const failed: unknown[] = [];
    let compared = 0;
    for await (const row of tokenizersCheck.run(`${reference}/${name}`, { provider: 'cpu' })) {
      compared++;
      if (row.status !== 'passed') failed.push(row);
    }
    expect(failed).toEqual([]);
    expect(compared).toBeGreaterThan(10);
  });
});

const stories = `${import.meta.dirname}/../../../../shared/real/stories260K`;

it.skipIf(!existsSync(stories))('a published model folder gives its ids (needs ../shared/real)', async () => {
  for await (const row of tokenizersCheck.run(stories, { provider: 'cpu' })) {
    expect(row).toMatchObject({ status: 'passed' });
  }
});

describe('offsets', () => {
  it('count UTF-16 units, so that slices of the text are the tokens', async () => {
    const tokenizer = await loadTokenizer(`${reference}/tokenizers/bpe_gpt2`);
    const text = '😀 a 👩‍🚀b';
    const { offsets } = await tokenizer.encode(text, { addSpecial: false });
    expect(offsets[0]).toEqual([0, 2]);
    expect(text.slice(...offsets.at(-1)!)).toBe('b');
  });

  it('need no table for a text without surrogate pairs', () => {
    expect(utf16Positions('naïve 猫')).toBeUndefined();
    expect([...utf16Positions('a😀b')!]).toEqual([0, 1, 3, 4]);
  });
});

describe('plain encoding (control tokens as text, B05)', () => {
  it('spells control tokens with ordinary tokens and keeps the text', async () => {
    const tokenizer = await loadTokenizer(`${reference}/tokenizers/bpe_qwen`);
    const control = new Set(tokenizer.controlTokens.map((token) => token.id));
    const text = 'The marker <|im_end|> ends a turn, <think> does not.';
    const { ids } = await tokenizer.encodePlain(text);
    expect(ids.filter((id) => control.has(id))).toEqual([]);
    expect(tokenizer.decode(ids)).toBe(text);
    expect(
      (await tokenizer.encode(text, { addSpecial: false })).ids.filter((id) => control.has(id)),
    ).toHaveLength(2);
  });

  // one has two blanks as a control token, and the text has them
  const others = folders.filter((name) => name !== 'rare_tokenizers/no_decoder');
  it.each(others)('%s gives the usual ids for a text without control tokens', async (name) => {
    const tokenizer = await loadTokenizer(`${reference}/${name}`);
    const text = 'Hello  world, naïve café 12345 猫!\n\n\nNew York 😀';
    const usual = await tokenizer.encode(text, { addSpecial: true });
    const plain = await tokenizer.encodePlain(text, { addSpecial: true });
    expect(plain.ids).toEqual(usual.ids);
    expect(plain.offsets).toEqual(usual.offsets);
  });

  it.each(['spm_bpe_llama2', 'unigram_t5', 'unigram_xlmr', 'wordpiece_uncased', 'bpe_added_tokens'])(
    '%s has no control id in the plain ids of its own control tokens',
    async (name) => {
      const tokenizer = await loadTokenizer(`${reference}/tokenizers/${name}`);
      const unknown = ['<unk>', '[UNK]'].map(tokenizer.idOf); // also what a character without a token becomes
      const control = new Set(
        tokenizer.controlTokens.map((token) => token.id).filter((id) => !unknown.includes(id)),
      );
      const text = tokenizer.controlTokens.map((token) => `a ${token.content} b`).join(' ');
      const { ids } = await tokenizer.encodePlain(text);
      expect(ids.filter((id) => control.has(id))).toEqual([]);
    },
  );

  it('puts nothing in front of a text that continues another', async () => {
    for (const name of ['spm_bpe_llama2', 'spm_bpe_mistral', 'spm_bpe_metaspace_always', 'bpe_roberta']) {
      const tokenizer = await loadTokenizer(`${reference}/tokenizers/${name}`);
      const start = (await tokenizer.encodePlain('Where is the')).ids;
      const rest = (await tokenizer.encodePlain(' frog?', { addSpecial: false, position: 'continued' })).ids;
      expect(tokenizer.decode([...start, ...rest]).trim()).toBe('Where is the frog?');
    }
  });
});

describe('bytes of tokens', () => {
  it.each(['bpe_gpt2', 'bpe_qwen', 'spm_bpe_gemma'])('%s: together they are the text', async (name) => {
    const tokenizer = await loadTokenizer(`${reference}/tokenizers/${name}`);
    const text = 'naïve 猫 👩‍🚀!';
    const { ids } = await tokenizer.encode(text, { addSpecial: false });
    expect(Buffer.concat(ids.map(tokenizer.bytesOf)).toString('utf8')).toBe(text);
  });
});

describe('special tokens of tokenizer_config.json', () => {
  it('get the next ids where tokenizer.json does not know them', async () => {
    const file = await fileOf('bpe_qwen');
    const before = createTokenizer(file);
    const tokenizer = createTokenizer(file, {
      specialTokens: { bos_token: '<s>', eos_token: '</s>', pad_token: '<pad>' },
    });
    expect([tokenizer.bosId, tokenizer.eosId, tokenizer.padId]).toEqual(
      [0, 1, 2].map((n) => before.idLimit + n),
    );
    expect(tokenizer.vocabularySize).toBe(before.vocabularySize + 3);
  });

  it('add_bos_token changes nothing: the post-processor of tokenizer.json decides, as in transformers 5', async () => {
    const encoded = async (name: string, addBos: boolean): Promise<number[]> => {
      const settings = { specialTokens: { bos_token: '<|begin|>' }, addBos };
      const tokenizer = createTokenizer(await fileOf(name), settings);
      const { ids } = await tokenizer.encode('test', { addSpecial: true });
      return ids.filter((id) => id === tokenizer.bosId);
    };
    expect(await encoded('bpe_llama3', true)).toHaveLength(1);
    expect(await encoded('bpe_llama3', false)).toHaveLength(1);
    expect(await encoded('bpe_qwen', true)).toHaveLength(0);
  });

  it('a special token that the normalizer respells is printed, streamed and at once', async () => {
    const file = await fileOf('bpe_added_tokens');
    const tokenizer = createTokenizer(file);
    const shouted = file.added_tokens.find(({ content }) => content === '<a><b>')!;
    const respelled = createTokenizer({
      ...file,
      added_tokens: file.added_tokens.map((token) =>
        token === shouted ? { ...token, content: '<A><B>', normalized: true } : token,
      ),
    });
    for (const [each, text] of [
      [tokenizer, ''],
      [respelled, '<a><b>'],
    ] as const) {
      const stream = each.streamDecoder();
      expect(stream.push(shouted.id) + stream.end()).toBe(text);
      expect(each.decode([shouted.id], { skipSpecial: true })).toBe(text);
    }
  });

  it('drops truncation and padding that a file asks for', async () => {
    const file = {
      ...(await fileOf('bpe_gpt2')),
      truncation: { max_length: 3, strategy: 'LongestFirst', stride: 0, direction: 'Right' },
    };
    const { ids } = await createTokenizer(file).encode('one two three four five', { addSpecial: false });
    expect(ids.length).toBeGreaterThan(3);
  });
});

describe('a folder that cannot be used', () => {
  it('names the missing file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'no tokenizer ü#'));
    await expect(loadTokenizer(folder)).rejects.toMatchObject({ code: 'tokenizer-missing' });
  });

  it('says what is wrong with a damaged one', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'damaged'));
    await writeFile(join(folder, 'tokenizer.json'), '{"model": ');
    await expect(loadTokenizer(folder)).rejects.toMatchObject({ code: 'tokenizer-damaged' });
    await writeFile(join(folder, 'tokenizer.json'), '{"model": {"type": "None"}}');
    await expect(loadTokenizer(folder)).rejects.toMatchObject({ code: 'tokenizer-damaged' });
  });

  it('takes the template from chat_template.jinja before the one in the configuration', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'template'));
    await writeFile(
      join(folder, 'tokenizer.json'),
      await readFile(`${reference}/tokenizers/bpe_gpt2/tokenizer.json`),
    );
    await writeFile(
      join(folder, 'tokenizer_config.json'),
      '{"chat_template": [{"name": "default", "template": "old"}]}',
    );
    expect((await loadTokenizer(folder)).chatTemplate).toBe('old');
    await writeFile(join(folder, 'chat_template.jinja'), 'new');
    expect((await loadTokenizer(folder)).chatTemplate).toBe('new');
  });
});
