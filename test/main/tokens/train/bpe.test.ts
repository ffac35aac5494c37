import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { byteAlphabet } from '../../../../main/tokens/byte-alphabet.ts';
import { createTokenizer } from '../../../../main/tokens/tokenizer.ts';
import { type BpeOptions, trainBpe, trainBpeInSlices } from '../../../../main/tokens/train/bpe.ts';

interface Stored {
  special: string[];
  texts: string[];
  bpe: Record<string, { merges: [string, string][]; ids: Record<string, number[]> }>;
}

const stored = JSON.parse(
  readFileSync(`${import.meta.dirname}/../../../reference/tokenizer-training/reference.json`, 'utf8'),
) as Stored;

const options: Record<string, BpeOptions> = {
  'gpt4 threes': { vocabularySize: 700 },
  'gpt4 single, composed': { vocabularySize: 600, digits: 'single', compose: true },
  'gpt4 whole, min frequency 20': { vocabularySize: 900, digits: 'whole', minFrequency: 20 },
  gpt2: { vocabularySize: 600, pieces: 'gpt2' },
  'gpt2 single': { vocabularySize: 600, pieces: 'gpt2', digits: 'single' },
  'gpt2, exhausted': { vocabularySize: 9000, pieces: 'gpt2' },
};

describe('byte-level BPE', () => {
  it.each(Object.keys(stored.bpe))('%s: merges and ids are those of the reference trainer', async (name) => {
    const file = trainBpe(stored.texts, { ...options[name], specialTokens: stored.special });
    expect(file.model.merges).toEqual(stored.bpe[name].merges);
    const tokenizer = createTokenizer(file);
    for (const [text, ids] of Object.entries(stored.bpe[name].ids)) {
      expect((await tokenizer.encode(text, { addSpecial: false })).ids).toEqual(ids);
      expect(tokenizer.decode(ids)).toBe(options[name].compose ? text.normalize('NFC') : text);
    }
  });

  it('encodes every text without loss, whatever it was trained on', async () => {
    const tokenizer = createTokenizer(trainBpe(['abc'], { vocabularySize: 300 }));
    const text = 'ÿ 猫\u0000😀\r\n\u200d';
    expect(tokenizer.decode((await tokenizer.encode(text, { addSpecial: true })).ids)).toBe(text);
    expect(new Set(byteAlphabet()).size).toBe(256);
  });

  it('puts the BOS in front, and special tokens first', async () => {
    const tokenizer = createTokenizer(
      trainBpe(stored.texts, {
        vocabularySize: 400,
        specialTokens: ['<pad>', '<s>', '</s>'],
        bosToken: '<s>',
      }),
      { specialTokens: { bos_token: '<s>' } },
    );
    expect(['<pad>', '<s>', '</s>'].map(tokenizer.idOf)).toEqual([0, 1, 2]);
    expect((await tokenizer.encode('x', { addSpecial: true })).ids[0]).toBe(1);
  });

  it('a special token that occurs in the text is not learned from it', () => {
    const file = trainBpe(Array(50).fill('<s><s>'), {
      vocabularySize: 300,
      specialTokens: ['<s>'],
      pieces: 'gpt2',
    });
    expect(file.model.merges).not.toContainEqual(['<s', '>']);
    expect((file.model.vocab as Record<string, number>)['<s>']).toBe(0);
  });

  it('refuses a vocabulary that cannot hold the bytes', () => {
    expect(() => trainBpe([], { vocabularySize: 200 })).toThrow(
      expect.objectContaining({ code: 'vocabulary-too-small' }),
    );
  });
});

describe('a training that is watched', () => {
  it('tells its progress and can be stopped', async () => {
    const phases = new Set<string>();
    trainBpe(stored.texts, { vocabularySize: 400, onProgress: ({ phase }) => phases.add(phase) });
    expect([...phases]).toEqual(['counting words', 'merging']);
    const controller = new AbortController();
    const endless = (function* () {
      for (;;) yield stored.texts[0];
    })();
    const training = trainBpeInSlices(endless, { vocabularySize: 400, signal: controller.signal });
    setTimeout(() => controller.abort(new Error('stopped')), 20);
    await expect(training).rejects.toThrow('stopped');
  });
});
