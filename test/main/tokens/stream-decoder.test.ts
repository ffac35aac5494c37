import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadTokenizer, type Tokenizer } from '../../../main/tokens/tokenizer.ts';

const reference = `${import.meta.dirname}/../../reference/tokenizers`;
const answer = 'ď 🌍 👩‍💻 好 ok';

function stream(tokenizer: Tokenizer, ids: readonly number[]): { pieces: string[]; end: string } {
  const decoder = tokenizer.streamDecoder();
  return { pieces: ids.map((id) => decoder.push(id)), end: decoder.end() };
}

describe.each(['bpe_gpt2', 'bpe_llama3', 'spm_bpe_llama2', 'spm_bpe_gemma', 'unigram_bytes'])(
  '%s',
  async (name) => {
    const tokenizer = await loadTokenizer(`${reference}/${name}`);

    it('streams characters of several tokens whole (E04)', async () => {
      const { ids } = await tokenizer.encode(answer, { addSpecial: false });
      const { pieces, end } = stream(tokenizer, ids);
      expect(pieces.join('') + end).toBe(tokenizer.decode(ids));
      expect(pieces.join('')).not.toContain('\ufffd');
      expect(pieces.filter((piece) => piece !== '').length).toBeGreaterThan(6);
    });

    it('gives exactly one U+FFFD, at the end, where generation stops inside a character', async () => {
      const { ids } = await tokenizer.encode('ok 🌍', { addSpecial: false });
      const { pieces, end } = stream(tokenizer, ids.slice(0, -1));
      expect(pieces.join('')).toBe('ok ');
      expect(end).toBe('\ufffd');
    });

    it('streams any text to what decoding it at once gives', async () => {
      await fc.assert(
        fc.asyncProperty(fc.string({ unit: 'grapheme', maxLength: 40 }), async (text) => {
          const { ids } = await tokenizer.encode(text, { addSpecial: false });
          const { pieces, end } = stream(tokenizer, ids);
          expect(pieces.join('') + end).toBe(tokenizer.decode(ids, { skipSpecial: true }));
        }),
        { numRuns: 60, seed: 7 },
      );
    });
  },
);

it('does not fall silent on bytes that never become a character', async () => {
  const tokenizer = await loadTokenizer(`${reference}/bpe_gpt2`);
  const continuation = tokenizer.idOf('Ģ')!; // the letter of a byte that only continues a character
  const { pieces } = stream(tokenizer, Array(40).fill(continuation));
  expect(pieces.join('').length).toBeGreaterThan(20);
});

it('starts afresh after its end', async () => {
  const tokenizer = await loadTokenizer(`${reference}/spm_bpe_llama2`);
  const decoder = tokenizer.streamDecoder();
  const { ids } = await tokenizer.encode('Hello', { addSpecial: false });
  const once = ids.map((id) => decoder.push(id)).join('') + decoder.end();
  expect(ids.map((id) => decoder.push(id)).join('') + decoder.end()).toBe(once);
});
