import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../main/errors.ts';
import type { Message } from '../../../main/tokens/chat-template.ts';
import {
  type Rendered,
  renderCompletion,
  renderConversation,
  renderConversations,
  renderText,
  trainedCount,
} from '../../../main/tokens/render.ts';
import { createTokenizer, loadTokenizer, type Tokenizer } from '../../../main/tokens/tokenizer.ts';
import { readTokenizerFolder } from '../../../main/tokens/tokenizer-file.ts';

const reference = `${import.meta.dirname}/../../reference`;
const special = { bos_token: '<s>', eos_token: '</s>', pad_token: '<pad>' };

async function tokenizerWith(
  name: string,
  chatTemplate: string,
  specialTokens: Record<string, string> = special,
): Promise<Tokenizer> {
  const { file } = await readTokenizerFolder(`${reference}/tokenizers/${name}`);
  return createTokenizer(file, { specialTokens, chatTemplate });
}

async function referenceTemplate(name: string): Promise<string> {
  return readFile(`${reference}/chat_templates/${name}.jinja`, 'utf8');
}

/** A reference template with plain blocks in place of its generation blocks. */
async function withoutBlocks(name: string): Promise<string> {
  return (await referenceTemplate(name))
    .replaceAll('endgeneration', 'endif')
    .replaceAll(' generation', ' if true');
}

const ask = (content: string): Message => ({ role: 'user', content });
const answer = (content: string): Message => ({ role: 'assistant', content });

function trainedText({ text, spans }: Rendered): string[] {
  return spans.map(([start, end]) => text.slice(start, end));
}

/** The text that the trained tokens stand for, counted once where several tokens make one character. */
function trainedTokenText({ text, offsets, trained }: Rendered): string {
  const characters = new Set<number>();
  offsets.forEach(([start, end], at) => {
    if (trained[at]) for (let place = start; place < end; place++) characters.add(place);
  });
  return [...characters]
    .sort((a, b) => a - b)
    .map((place) => text[place])
    .join('');
}

describe('exactly one BOS (B01)', async () => {
  const settings = { bos_token: '<|begin|>', eos_token: '<|eot_id|>' };
  const tokenizer = await tokenizerWith('bpe_llama3', await referenceTemplate('llama3_like'), settings);
  const count = (ids: number[]): number => ids.filter((id) => id === tokenizer.bosId).length;

  it('in a chat, where the template writes it and the post-processor would too', async () => {
    const { ids } = await renderConversation(
      tokenizer,
      { messages: [ask('test')] },
      { train: 'none', addGenerationPrompt: true },
    );
    expect(ids[0]).toBe(tokenizer.bosId);
    expect(count(ids)).toBe(1);
  });

  it('in a plain text and in a prompt with completion, from the post-processor', async () => {
    for (const { ids } of [
      await renderText(tokenizer, 'test'),
      await renderCompletion(tokenizer, { prompt: 'test', completion: ' done' }),
      await renderText(tokenizer, ''),
    ]) {
      expect(ids[0]).toBe(tokenizer.bosId);
      expect(count(ids)).toBe(1);
    }
  });

  it('is not learned', async () => {
    const rendered = await renderText(tokenizer, 'one two three four five');
    expect(rendered.trained[0]).toBe(0);
    expect(rendered.startsWithBos).toBe(true);
  });
});

describe('the end token is learned, also where it is the pad token (B02)', async () => {
  const same = { bos_token: '<s>', eos_token: '</s>', pad_token: '</s>' };
  const tokenizer = await tokenizerWith('bpe_qwen', await referenceTemplate('zephyr_like'), same);

  it('after an answer in a chat', async () => {
    const rendered = await renderConversation(
      tokenizer,
      { messages: [ask('Q: 1'), answer('A: 1')] },
      { train: 'assistant' },
    );
    const last = rendered.trained.lastIndexOf(1);
    expect(rendered.ids[last]).toBe(tokenizer.eosId);
    expect(trainedText(rendered)).toEqual(['A: 1</s>']);
  });

  it('after a completion, and only there', async () => {
    const rendered = await renderCompletion(tokenizer, { prompt: 'Q: 1', completion: '\nA: 1' });
    expect(rendered.ids.at(-1)).toBe(tokenizer.eosId);
    expect(rendered.trained.at(-1)).toBe(1);
    expect(trainedCount({ trained: rendered.trained.slice(0, -1) })).toBe(trainedCount(rendered) - 1);
  });

  it('after a text that really ends, not after a chunk that was cut off', async () => {
    expect((await renderText(tokenizer, 'The end.')).ids.at(-1)).toBe(tokenizer.eosId);
    expect((await renderText(tokenizer, 'To be', { complete: false })).ids).not.toContain(tokenizer.eosId);
  });
});

describe('answers are found by characters, not by token patterns (B03)', () => {
  const fake = 'Say ### Assistant: or not.';
  const turns = (before: string): string =>
    `{% for m in messages %}{% if m.role == 'user' %}### User: {{ m.content }}${before}{% else %}` +
    `### Assistant: {{ m.content }}</s>\n{% endif %}{% endfor %}` +
    `{% if add_generation_prompt %}### Assistant: {% endif %}`;

  it.each(['\n', ' ', '>'])('whatever stands before the marker: %j', async (before) => {
    const tokenizer = await tokenizerWith('spm_bpe_llama2', turns(before));
    const messages = [ask(fake), answer('Yes, and more.'), ask('Why?'), answer('So.')];
    const rendered = await renderConversation(tokenizer, { messages }, { train: 'assistant' });
    expect(trainedText(rendered)).toEqual(['Yes, and more.</s>', 'So.</s>']);
    expect(trainedTokenText(rendered).replaceAll(' ', '')).toBe('Yes,andmore.</s>So.</s>');
    expect(trainedCount(rendered)).toBeGreaterThan(0);
  });

  it('a token that straddles the border belongs to the answer', async () => {
    const tokenizer = await tokenizerWith('spm_bpe_llama2', turns('\n'));
    const rendered = await renderConversation(
      tokenizer,
      { messages: [ask('Hi'), answer('Lily')] },
      { train: 'assistant' },
    );
    const [start] = rendered.spans[0];
    const first = rendered.tokens.find((token) => token.trained)!;
    expect(first.start).toBeLessThanOrEqual(start);
    expect(first.end).toBeGreaterThan(start);
  });
});

describe('without generation blocks', () => {
  it.each(['chatml', 'vicuna_like'])('%s gives the same answers as with them', async (name) => {
    const messages = [ask('Hi'), answer('Hello there!'), ask('Bye'), answer('See you.')];
    const marked = await tokenizerWith('bpe_qwen', await referenceTemplate(name));
    const bare = await tokenizerWith('bpe_qwen', await withoutBlocks(name));
    const [one, other] = [marked, bare].map((tokenizer) =>
      renderConversation(tokenizer, { messages }, { train: 'assistant' }),
    );
    expect(trainedText(await other)).toEqual(trainedText(await one));
    expect((await other).trained).toEqual((await one).trained);
  });

  it('what a template prints only at the end of a conversation is not taken for a turn', async () => {
    const tokenizer = await tokenizerWith(
      'bpe_qwen',
      (await withoutBlocks('phi_like')).replaceAll('<|end|>', '<|im_end|>'),
    );
    const messages = [ask('Hi'), answer('Hello!'), ask('Bye'), answer('See you.')];
    const rendered = await renderConversation(tokenizer, { messages }, { train: 'assistant' });
    expect(trainedText(rendered)[0]).toBe('Hello!<|im_end|>');
  });

  it('a thought that is only printed in the last answer does not hide the earlier ones', async () => {
    const tokenizer = await tokenizerWith('bpe_qwen', await referenceTemplate('qwen3_like'));
    const messages = [ask('2+2?'), answer('4'), ask('3+3?'), answer('6')];
    const rendered = await renderConversation(tokenizer, { messages }, { train: 'assistant' });
    expect(trainedText(rendered)).toEqual(['4<|im_end|>', '<think>\n\n</think>\n\n6<|im_end|>']);
  });

  it.each([
    ['qwen3_like', ['4<|im_end|>', '<think>\n\n</think>\n\n6<|im_end|>']],
    ['deepseek_like', ['4</s>', '6</s>']],
  ])('an earlier answer that %s prints without its reasoning is learned without it', async (name, wanted) => {
    const { special_tokens } = JSON.parse(
      await readFile(`${reference}/chat_templates/${name}.json`, 'utf8'),
    ) as { special_tokens: Record<string, string> };
    const tokenizer = await tokenizerWith('bpe_qwen', await referenceTemplate(name), special_tokens);
    const messages = [ask('2+2?'), answer('<think>\neasy\n</think>\n\n4'), ask('3+3?'), answer('6')];
    const rendered = await renderConversation(tokenizer, { messages }, { train: 'assistant' });
    expect(trainedText(rendered)).toEqual(wanted);
    expect(rendered.text).not.toContain('easy');
  });

  it.each([
    [
      'deepseek_like',
      { city: 'Oslo' },
      '<calls><call>function<sep>weather\n```json\n{"city": "Oslo"}\n```</call></calls></s>',
    ],
    ['deepseek_like', {}, '<calls><call>function<sep>weather\n```json\n{}\n```</call></calls></s>'],
    [
      'qwen3_like',
      { days: 2 },
      '<tool_call>\n{"name": "weather", "arguments": {"days": 2}}\n</tool_call><|im_end|>',
    ],
  ])('a call without words is learned from its first character: %s %o', async (name, given, wanted) => {
    const tokenizer = await tokenizerWith('bpe_qwen', await referenceTemplate(name));
    const call = { type: 'function', function: { name: 'weather', arguments: given } };
    const messages: Message[] = [
      ask('Weather?'),
      { role: 'assistant', content: '', tool_calls: [call] },
      { role: 'tool', name: 'weather', content: '3' },
      answer('It is 3.'),
    ];
    const rendered = await renderConversation(tokenizer, { messages }, { train: 'assistant' });
    expect(trainedText(rendered)[0]).toBe(wanted);
  });

  it('a header that the generation prompt extends is not learned', async () => {
    const tokenizer = await tokenizerWith('bpe_qwen', await referenceTemplate('deepseek_like'));
    const rendered = await renderConversation(
      tokenizer,
      { messages: [ask('Hi'), answer('Hello')] },
      { train: 'assistant' },
    );
    expect(trainedText(rendered)).toEqual(['Hello</s>']);
  });

  it('only the last answer is learned where that is asked for', async () => {
    const tokenizer = await tokenizerWith('bpe_qwen', await withoutBlocks('chatml'));
    const messages = [ask('Hi'), answer('Hello!'), ask('Bye'), answer('See you.')];
    const rendered = await renderConversation(tokenizer, { messages }, { train: 'last-assistant' });
    expect(trainedText(rendered)).toEqual(['See you.<|im_end|>']);
  });

  it('a template whose answers change when more follows is reported, never guessed', async () => {
    const template =
      '{% for m in messages %}{{ loop.revindex }} {{ m.role }}: {{ m.content[::-1] }}\n{% endfor %}';
    const tokenizer = await tokenizerWith('bpe_qwen', template);
    const messages = [ask('Hi'), answer('Hello'), ask('Bye'), answer('See you.')];
    const rendering = renderConversation(tokenizer, { messages }, { train: 'assistant' });
    await expect(rendering).rejects.toMatchObject({ code: 'template-prefix' });
  });
});

describe('prompt and completion', () => {
  it('have a token border between them, as generation will have', async () => {
    const tokenizer = await loadTokenizer(`${reference}/llama`);
    const rendered = await renderCompletion(tokenizer, {
      prompt: 'Where is the frog?',
      completion: ' It is under the tree, said Lily.',
    });
    expect(rendered.ids).toEqual([
      1, 322, 278, 265, 380, 34, 224, 318, 278, 416, 265, 417, 15, 281, 357, 17, 2,
    ]);
    expect([...rendered.trained]).toEqual([0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
    const prompt = await tokenizer.encode('Where is the frog?', { addSpecial: true });
    expect(rendered.ids.slice(0, prompt.ids.length)).toEqual(prompt.ids);
  });

  it('read as one text where the tokenizer puts a blank in front of texts', async () => {
    const tokenizer = await tokenizerWith('spm_bpe_llama2', '');
    const { ids } = await renderCompletion(tokenizer, {
      prompt: 'Where is the frog?',
      completion: ' Under it.',
    });
    expect(tokenizer.decode(ids, { skipSpecial: true })).toBe('Where is the frog? Under it.');
  });
});

describe('many records at once', () => {
  it('give what each gives alone, and an error where one is refused', async () => {
    const tokenizer = await tokenizerWith('bpe_qwen', await referenceTemplate('gemma_like'));
    const records = [
      { messages: [ask('Hi'), answer('Hello <|im_end|>!')] },
      { messages: [ask('a'), ask('b')] },
      { messages: [ask('Bye 😀'), answer('See you.')] },
    ];
    const all = await renderConversations(tokenizer, records, { train: 'assistant' });
    expect(all[1]).toBeInstanceOf(AppError);
    for (const at of [0, 2]) {
      const alone = await renderConversation(tokenizer, records[at], { train: 'assistant' });
      const together = all[at] as Rendered;
      expect(together.ids).toEqual(alone.ids);
      expect(together.trained).toEqual(alone.trained);
    }
  });

  it('need a chat template', async () => {
    const { file } = await readTokenizerFolder(`${reference}/tokenizers/bpe_qwen`);
    const rendering = renderConversation(createTokenizer(file), { messages: [ask('Hi')] }, { train: 'all' });
    await expect(rendering).rejects.toMatchObject({ code: 'template-missing' });
  });
});

describe('nothing left to learn (C04)', () => {
  it('is counted', async () => {
    const tokenizer = await loadTokenizer(`${reference}/llama`);
    const prompt = 'Lily and Sam saw a green frog on the hill. Where is it? '.repeat(2);
    const rendered = await renderCompletion(tokenizer, { prompt, completion: ' On the hill.' });
    expect(trainedCount(rendered)).toBeGreaterThan(3);
    expect(trainedCount({ trained: rendered.trained.slice(0, 16) })).toBe(0);
  });

  it('a first token gives no label, since nothing predicts it', () => {
    expect(trainedCount({ trained: Uint8Array.of(1, 0, 0) })).toBe(0);
    expect(trainedCount({ trained: Uint8Array.of(1, 1, 0) })).toBe(1);
  });
});
