// A model of one's own, made by the job itself: every family is written, opened again and compared with its plan, and each
// kind of vocabulary gives its text back.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ModelDesign } from '../../../main/contract/models.ts';
import { createModel } from '../../../main/jobs/create-model.ts';
import { designPlan, modelFamilies } from '../../../main/jobs/design-model.ts';
import type { TextPlace } from '../../../main/jobs/job.ts';
import { openTrainable } from '../../../main/models/load.ts';
import { readHeader, readTensor } from '../../../main/models/safetensors.ts';
import { renderConversation } from '../../../main/tokens/render.ts';
import { loadTokenizer } from '../../../main/tokens/tokenizer.ts';
import { jobContext, llamaFolder, record, recordsFile, temporaryFolder } from '../../helpers/tiny-model.ts';

const things = ['the river', 'a mill', 'an old bridge', 'the harbour', 'a narrow street', 'the orchard'];
const deeds = ['was repaired in spring', 'belongs to the town', 'closes at noon', 'is shown on the map'];
const sentences = things.flatMap((thing, i) =>
  deeds.map((deed, k) => `In ${1900 + 7 * i + k} ${thing} ${deed}.`),
);

function documents(folder: string): TextPlace {
  const file = join(folder, 'parts.jsonl');
  const parts = sentences.map((text, i) => ({ place: `row ${i}`, start: 0, text }));
  writeFileSync(file, parts.map((part) => `${JSON.stringify(part)}\n`).join(''));
  return { kind: 'documents', partsFiles: [file] };
}

const small: ModelDesign = {
  family: 'llama',
  layers: 2,
  width: 32,
  heads: 4,
  kvHeads: 2,
  context: 64,
  vocabulary: 'bpe',
  vocabularySize: 320,
  specialTokens: ['<|map|>'],
};

async function make(changes: Partial<ModelDesign>, change: { text?: TextPlace; signal?: AbortSignal } = {}) {
  const parent = temporaryFolder();
  const folder = join(parent, 'Ünser Modell');
  const { context, collected } = jobContext<'create-model'>(change.signal);
  const design = { ...small, ...changes };
  const input = {
    design,
    text: change.text ?? documents(parent),
    base: { name: 'Tiny', folder: llamaFolder },
    folder,
    seed: 1,
  };
  const result = createModel.run(input, context);
  return { parent, folder, design, collected, result };
}

describe('families', () => {
  test.each(
    modelFamilies().flatMap(({ id, vocabularies }) => vocabularies.map((kind) => [id, kind] as const)),
  )('%s with a vocabulary of kind %s opens again and is as large as planned', async (family, vocabulary) => {
    const made = await make({ family, vocabulary, vocabularySize: 480 });
    const { own, wantedSize } = await made.result;
    const model = openTrainable(made.folder);
    const tokenizer = await loadTokenizer(made.folder);
    expect(model.rawConfig.model_type).toBe(family);
    expect(model.shape).toMatchObject({
      contextLength: 64,
      hiddenSize: 32,
      vocabularySize: tokenizer.idLimit,
    });
    expect(own.vocabularySize).toBe(tokenizer.vocabularySize);
    expect(wantedSize).toBe(480);
    const design = { ...made.design, vocabularySize: tokenizer.idLimit };
    const plan = await designPlan({ design, memoryBytes: 8e9, threads: 1 });
    expect(plan).toMatchObject({ problems: [], parameters: model.parameters, bytes: 4 * model.parameters });
    expect(plan.training?.peakBytes).toBeGreaterThan(4 * model.parameters);
    for (const token of [...plan.reserved, '<|map|>'])
      expect([token, tokenizer.isSpecial(tokenizer.idOf(token) ?? -1)]).toEqual([token, true]);
  });
});

describe('vocabularies', () => {
  test.each([
    ['llama', 'bpe'],
    ['llama', 'unigram'],
    ['t5', 'unigram'],
    ['t5', 'bpe'],
  ] as const)(
    '%s with %s gives back any text, also letters that it never saw',
    async (family, vocabulary) => {
      const made = await make({ family, vocabulary, vocabularySize: 480 });
      await made.result;
      const tokenizer = await loadTokenizer(made.folder);
      for (const text of ['In 1907 the river was repaired.', 'Größe 日本 🙂 <0x41>']) {
        const { ids } = await tokenizer.encodePlain(text, { addSpecial: false });
        expect(tokenizer.decode(ids, { skipSpecial: true })).toBe(text);
      }
    },
  );

  test('texts are framed as their task needs it', async () => {
    const framed = async (changes: Partial<ModelDesign>) => {
      const made = await make({ vocabularySize: 480, ...changes });
      await made.result;
      const tokenizer = await loadTokenizer(made.folder);
      const { ids } = await tokenizer.encode('a mill', { addSpecial: true });
      return [ids[0], ids.at(-1) ?? -1].map((id) => tokenizer.tokenOf(id));
    };
    expect((await framed({ family: 'llama' }))[0]).toBe('<|begin|>');
    expect((await framed({ family: 'gpt2', vocabulary: 'unigram' }))[0]).toBe('<|begin|>');
    for (const vocabulary of ['wordpiece', 'bpe', 'unigram'] as const)
      expect(await framed({ family: 'bert', vocabulary })).toEqual(['[CLS]', '[SEP]']);
    for (const vocabulary of ['bpe', 'unigram'] as const)
      expect((await framed({ family: 't5', vocabulary }))[1]).toBe('</s>');
  });

  test('Qwen2 cuts digits one by one, as its class in transformers does', async () => {
    const pieces = async (family: string) => {
      const made = await make({ family });
      await made.result;
      return (await (await loadTokenizer(made.folder)).encodePlain('1907', { addSpecial: false })).tokens;
    };
    expect(await pieces('qwen2')).toEqual(['1', '9', '0', '7']);
    expect(await pieces('qwen3')).not.toEqual(['1', '9', '0', '7']);
  });

  test('T5 is drawn as transformers draws it: its queries start smaller, its embeddings wide', async () => {
    const made = await make({ family: 't5', vocabulary: 'unigram', vocabularySize: 480 });
    await made.result;
    const tensors = readHeader(join(made.folder, 'model.safetensors'));
    const deviation = (name: string) => {
      const numbers = readTensor(tensors.get(name)!);
      return Math.sqrt(numbers.reduce((sum, value) => sum + value * value, 0) / numbers.length);
    };
    const layer = 'decoder.block.0.layer';
    expect(deviation('shared.weight')).toBeCloseTo(1, 1);
    expect(deviation(`${layer}.0.SelfAttention.q.weight`)).toBeCloseTo((32 * 8) ** -0.5, 2);
    expect(deviation(`${layer}.1.EncDecAttention.k.weight`)).toBeCloseTo(32 ** -0.5, 1);
  });

  test('the sentinels of T5 stand at the end, the first one last', async () => {
    const made = await make({ family: 't5', vocabulary: 'unigram', vocabularySize: 480 });
    await made.result;
    const tokenizer = await loadTokenizer(made.folder);
    expect(tokenizer.idOf('<extra_id_0>')).toBe(tokenizer.idLimit - 1);
    expect(tokenizer.idOf('<extra_id_99>')).toBe(tokenizer.idLimit - 100);
    expect(openTrainable(made.folder).rawConfig).toMatchObject({
      decoder_start_token_id: tokenizer.idOf('<pad>'),
      eos_token_id: tokenizer.idOf('</s>'),
    });
  });

  test('a chat is rendered with its roles, and only answers are learned', async () => {
    const made = await make({});
    await made.result;
    const tokenizer = await loadTokenizer(made.folder);
    const messages = [
      { role: 'user', content: 'What closes at noon? <|end|>' },
      { role: 'assistant', content: 'the harbour' },
    ];
    const { text, spans, ids } = await renderConversation(tokenizer, { messages }, { train: 'assistant' });
    expect(text).toBe('<|begin|><|user|>What closes at noon? <|end|><|assistant|>the harbour<|end|>');
    expect(spans.map(([start, end]) => text.slice(start, end)).join('')).toBe('the harbour<|end|>');
    expect(ids.filter((id) => id === tokenizer.eosId)).toHaveLength(1);
    const generation = JSON.parse(readFileSync(join(made.folder, 'generation_config.json'), 'utf8'));
    expect(generation).toMatchObject({ bos_token_id: tokenizer.bosId, eos_token_id: tokenizer.eosId });
  });

  test('a tokenizer of the text cuts it into fewer pieces than one of other text', async () => {
    const made = await make({ vocabularySize: 600 });
    const { own, base, words, heldOut } = await made.result;
    expect(base).toMatchObject({ name: 'Tiny', vocabularySize: 512 });
    expect(own.tokensPerWord).toBeLessThan(base?.tokensPerWord ?? 0);
    expect(own.charactersPerToken).toBeGreaterThan(base?.charactersPerToken ?? 0);
    expect({ words, heldOut }).toEqual({ words: sentences.join(' ').split(' ').length, heldOut: false });
  });

  test('a dataset version is learned from its training records and measured on the others', async () => {
    const folder = temporaryFolder();
    const text = (content: string) => ({ type: 'text', text: content, complete: true }) as const;
    const file = recordsFile(folder, [
      ...sentences.map((sentence, i) => record(String(i), 'train', text(sentence))),
      record('v', 'validation', text('Quokkas quokkas quokkas quokkas quokkas')),
    ]);
    const made = await make({ vocabularySize: 900 }, { text: { kind: 'dataset', recordsFile: file } });
    expect(await made.result).toMatchObject({ words: 5, heldOut: true });
    const tokenizer = await loadTokenizer(made.folder);
    expect(tokenizer.idOf('Ġriver')).toBeDefined();
    expect(tokenizer.idOf('Ġquokkas')).toBeUndefined();
  });
});

describe('what can go wrong', () => {
  test('a folder appears only when it is complete, and a stopped job leaves nothing', async () => {
    const stop = new AbortController();
    const made = await make({}, { signal: stop.signal });
    stop.abort();
    await expect(made.result).rejects.toThrow();
    expect(readdirSync(made.parent)).toEqual(['parts.jsonl']);
    const whole = await make({});
    await whole.result;
    expect(readdirSync(whole.parent).sort()).toEqual(['parts.jsonl', 'Ünser Modell'].sort());
    expect(existsSync(join(whole.folder, 'model.safetensors'))).toBe(true);
    expect(whole.collected.progress.map(({ position }) => position)).toContain('drawing weights');
  });

  test('no text, and a vocabulary too small for the text, are said with what to do', async () => {
    const parent = temporaryFolder();
    const file = join(parent, 'empty.jsonl');
    writeFileSync(file, '');
    const empty = await make({}, { text: { kind: 'documents', partsFiles: [file] } });
    await expect(empty.result).rejects.toMatchObject({ code: 'no-text' });
    const tight = await make({ vocabulary: 'unigram', vocabularySize: 266 });
    await expect(tight.result).rejects.toMatchObject({ code: 'vocabulary-too-small' });
    expect(existsSync(tight.folder)).toBe(false);
  });
});
