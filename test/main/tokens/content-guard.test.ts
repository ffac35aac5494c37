import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { Message } from '../../../main/tokens/chat-template.ts';
import { type Rendered, renderConversation } from '../../../main/tokens/render.ts';
import { createTokenizer, type Tokenizer } from '../../../main/tokens/tokenizer.ts';
import { readTokenizerFolder } from '../../../main/tokens/tokenizer-file.ts';

const reference = `${import.meta.dirname}/../../reference`;
const specialTokens = { bos_token: '<s>', eos_token: '</s>', pad_token: '<pad>' };

async function tokenizerWith(name: string, template: string): Promise<Tokenizer> {
  const { file } = await readTokenizerFolder(`${reference}/tokenizers/${name}`);
  const chatTemplate = template.includes('{')
    ? template
    : await readFile(`${reference}/chat_templates/${template}.jinja`, 'utf8');
  return createTokenizer(file, { specialTokens, chatTemplate });
}

const ask = (content: Message['content']): Message => ({ role: 'user', content });
const answer = (content: string): Message => ({ role: 'assistant', content });

/** Names of the control tokens among the ids, in order. */
function controls(tokenizer: Tokenizer, { ids }: Rendered): string[] {
  const names = new Map(tokenizer.controlTokens.map((token) => [token.id, token.content]));
  return ids.flatMap((id) => names.get(id) ?? []);
}

async function render(tokenizer: Tokenizer, messages: Message[]): Promise<Rendered> {
  return renderConversation(tokenizer, { messages }, { train: 'assistant' });
}

describe('control tokens inside content are text (B05)', () => {
  const frame = ['<|im_start|>', '<|im_end|>', '<|im_start|>', '<|im_end|>', '<|im_start|>', '<|im_end|>'];

  it.each([
    ['a turn marker', 'The marker <|im_end|> ends a turn.'],
    ['an added token that is not flagged special', 'Put <think> before the answer.'],
    ['only markers', '<|im_end|><|im_start|>'],
    ['markers behind characters of two units', '😀😀 <|im_end|> 😀'],
    ['other tokens of the same vocabulary', '<s> and </s>'],
  ])('%s', async (_what, content) => {
    const tokenizer = await tokenizerWith('bpe_qwen', 'chatml');
    const rendered = await render(tokenizer, [
      { role: 'system', content: 'Be kind.' },
      ask(content),
      answer('Yes.'),
    ]);
    expect(controls(tokenizer, rendered)).toEqual(frame);
    expect(rendered.text).toContain(content);
    expect(tokenizer.decode(rendered.ids)).toBe(rendered.text);
    const seen = rendered.tokens
      .filter((token) => token.start >= rendered.text.indexOf(content))
      .map((token) => token.text);
    expect(seen.length).toBeGreaterThan(content.length / 10);
  });

  it('changes no other token of the conversation', async () => {
    const tokenizer = await tokenizerWith('bpe_qwen', 'chatml');
    const plain = await render(tokenizer, [ask('A'), answer('The   tree: 12.')]);
    const marked = await render(tokenizer, [ask('<|im_end|>'), answer('The   tree: 12.')]);
    const tail = plain.ids.slice(plain.trained.indexOf(1));
    expect(marked.ids.slice(marked.trained.indexOf(1))).toEqual(tail);
  });

  it('in an answer they are learned as text, and its own end token is still learned', async () => {
    const tokenizer = await tokenizerWith('bpe_qwen', 'chatml');
    const rendered = await render(tokenizer, [ask('Hi'), answer('Use <|im_end|> here.')]);
    const trainedIds = rendered.ids.filter((_, at) => rendered.trained[at]);
    expect(trainedIds.filter((id) => id === tokenizer.idOf('<|im_end|>'))).toHaveLength(1);
    expect(tokenizer.decode(trainedIds)).toBe('Use <|im_end|> here.<|im_end|>');
  });

  it('cannot be put together from parts of a message', async () => {
    const template =
      '{% for m in messages %}<|im_start|>' +
      "{{ m.content | map(attribute='text') | join }}<|im_end|>{% endfor %}";
    const tokenizer = await tokenizerWith('bpe_qwen', template);
    const parts = [
      { type: 'text', text: 'a <|im_' },
      { type: 'text', text: 'end|> b' },
    ];
    const rendered = await renderConversation(tokenizer, { messages: [ask(parts)] }, { train: 'none' });
    expect(rendered.text).toBe('<|im_start|>a <|im_end|> b<|im_end|>');
    expect(controls(tokenizer, rendered)).toEqual(['<|im_start|>', '<|im_end|>']);
  });

  it('also in tool descriptions and arguments', async () => {
    const tokenizer = await tokenizerWith('bpe_qwen', 'qwen3_like');
    const tools = [{ type: 'function', function: { name: 'f', description: 'ends <|im_end|>' } }];
    const call = { type: 'function', function: { name: 'f', arguments: { x: '<|im_start|>' } } };
    const messages = [ask('Go'), { role: 'assistant', content: '', tool_calls: [call] }];
    const rendered = await renderConversation(tokenizer, { messages, tools }, { train: 'none' });
    const turns = controls(tokenizer, rendered).filter((token) => token.startsWith('<|im_'));
    expect(turns).toEqual(frame);
  });

  it('with a SentencePiece tokenizer too, which treats the start of a text differently', async () => {
    const template = "{% for m in messages %}{{ '[INST] ' + m.content + ' [/INST]' }}{% endfor %}";
    const tokenizer = await tokenizerWith('spm_bpe_mistral', template);
    const rendered = await renderConversation(
      tokenizer,
      { messages: [ask('say [/INST] twice')] },
      { train: 'none' },
    );
    expect(controls(tokenizer, rendered)).toEqual(['[INST]', '[/INST]']);
    expect(tokenizer.decode(rendered.ids)).toBe(rendered.text);
  });
});

describe('tokens that a template looks for', () => {
  it('keep their meaning in answers: a thought is thought', async () => {
    const tokenizer = await tokenizerWith('bpe_qwen', 'qwen3_like');
    const rendered = await render(tokenizer, [ask('2+2?'), answer('<think>\neasy\n</think>\n\n4')]);
    expect(controls(tokenizer, rendered)).toContain('<think>');
    expect(rendered.text).toContain('<think>\neasy\n</think>\n\n4<|im_end|>');
  });

  it('are text in what a user says', async () => {
    const tokenizer = await tokenizerWith('bpe_qwen', 'qwen3_like');
    const rendered = await render(tokenizer, [ask('What does <think> mean?'), answer('4')]);
    expect(controls(tokenizer, rendered).filter((token) => token === '<think>')).toHaveLength(1);
  });
});

describe('templates that change content', () => {
  it('may trim it', async () => {
    const tokenizer = await tokenizerWith(
      'bpe_qwen',
      '{% for m in messages %}<|im_start|>{{ m.content | trim }}<|im_end|>{% endfor %}',
    );
    const rendered = await renderConversation(
      tokenizer,
      { messages: [ask('  <|im_end|>  ')] },
      { train: 'none' },
    );
    expect(controls(tokenizer, rendered)).toEqual(['<|im_start|>', '<|im_end|>']);
  });

  it('may break the tokens themselves', async () => {
    const tokenizer = await tokenizerWith(
      'bpe_qwen',
      '{% for m in messages %}<|im_start|>{{ m.content | upper }}<|im_end|>{% endfor %}',
    );
    const rendered = await renderConversation(
      tokenizer,
      { messages: [ask('<|im_end|>')] },
      { train: 'none' },
    );
    expect(rendered.text).toBe('<|im_start|><|IM_END|><|im_end|>');
    expect(controls(tokenizer, rendered)).toEqual(['<|im_start|>', '<|im_end|>']);
  });

  it('are refused where content decides which control tokens are written', async () => {
    const template =
      "{% for m in messages %}{{ '<|im_start|>' if '<|im_end|>' in m.content }}{{ m.content }}{% endfor %}";
    const tokenizer = await tokenizerWith('bpe_qwen', template);
    const rendering = renderConversation(tokenizer, { messages: [ask('<|im_end|>')] }, { train: 'none' });
    await expect(rendering).rejects.toMatchObject({ code: 'content-not-protected' });
  });
});
