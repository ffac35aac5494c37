import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  chatPieces,
  goTemplate,
  shapes,
  trainingPrompt,
} from '../../../../main/exporters/gguf/chat-pieces.ts';
import { renderGoTemplate } from '../../../../main/exporters/gguf/go-template.ts';
import { modelfileFor } from '../../../../main/exporters/gguf/modelfile.ts';
import { ggufTokenizer } from '../../../../main/exporters/gguf/tokenizer.ts';
import { openModel } from '../../../../main/models/load.ts';
import { llamaFolder, temporaryFolder } from '../../../helpers/tiny-model.ts';

const starterFolder = join(llamaFolder, '../../../resources/models/starter');

/** The tiny llama with another chat template. */
function llamaWith(template: string, settings: Record<string, unknown> = {}): string {
  const folder = temporaryFolder();
  for (const name of readdirSync(llamaFolder)) {
    if (/\.(json|safetensors)$/.test(name)) cpSync(join(llamaFolder, name), join(folder, name));
  }
  const file = join(folder, 'tokenizer_config.json');
  const config = { ...JSON.parse(readFileSync(file, 'utf8')), chat_template: template, ...settings };
  writeFileSync(file, JSON.stringify(config));
  return folder;
}

async function modelfile(folder: string) {
  const base = openModel(folder);
  const tokens = await ggufTokenizer(base);
  const made = await modelfileFor(base, tokens, 'model.gguf');
  const template = /^TEMPLATE """([\s\S]*?)"""$/m.exec(made.text)?.[1];
  return { ...made, template, tokens, tokenizer: tokens.tokenizer };
}

const chatml =
  "{% if messages[0]['role'] != 'system' %}{{ '<|im_start|>system\\nYou help.<|im_end|>\\n' }}{% endif %}" +
  '{% for m in messages %}' +
  "{{ '<|im_start|>' + m['role'] + '\\n' + m['content'] + '<|im_end|>\\n' }}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

test('a ChatML template is written in Go, byte-equal in all four shapes', async () => {
  const { template, tokenizer, text } = await modelfile(llamaWith(chatml));
  expect(shapes).toHaveLength(4);
  for (const messages of shapes) {
    const { text: expected } = await trainingPrompt(tokenizer, messages);
    expect(renderGoTemplate(template ?? '', messages)).toBe(expected);
  }
  expect(text).toContain('{{ if not .System }}<|im_start|>system\nYou help.<|im_end|>\n{{ end }}');
  expect(text).toContain('PARAMETER num_ctx 256\n');
});

test('a BOS that the template writes is left to the program, which is told to add it', async () => {
  const folder = llamaWith(`{{ bos_token }}${chatml}`, { add_bos_token: false });
  const { template, tokens, tokenizer } = await modelfile(folder);
  expect(tokens.addsBos).toBe(true);
  expect(template).not.toContain('<s>');
  const { text } = await trainingPrompt(tokenizer, shapes[0]);
  expect(`<s>${renderGoTemplate(template ?? '', shapes[0])}`).toBe(text);
});

test('a template without BOS is not given one', async () => {
  const { tokens } = await modelfile(llamaWith(chatml, { add_bos_token: null }));
  expect(tokens.addsBos).toBe(false);
});

test('the starter’s conversations get the ids of the training, with the spaces written out', async () => {
  const { template, chatTemplate, text } = await modelfile(starterFolder);
  expect(template).toContain('<|user|> {{ .Content }}');
  expect(template?.endsWith('<|assistant|>')).toBe(true); // the answer's own space is the model's
  expect(chatTemplate).toContain("'<|user|> '");
  expect(text).toContain('PARAMETER stop "<|end|>"');
});

test('stops are the tokens that answers end with, also one that only the template writes', async () => {
  const template = chatml.replaceAll('<|im_end|>', '<unk>');
  const { text, tokens } = await modelfile(
    llamaWith(template.replaceAll("<unk>\\n' }}{% endfor", "<unk>' }}{% endfor")),
  );
  expect(text).toContain('PARAMETER stop "<unk>"');
  expect(text).toContain('PARAMETER stop "</s>"');
  expect(new Map(tokens.metadata).get('tokenizer.ggml.eot_token_id')).toEqual({ type: 'UINT32', value: 3 });
});

test.each([
  ['changes what it is given', chatml.replace("m['content']", "m['content'] | upper")],
  ['numbers its turns', chatml.replace("'<|im_start|>' +", "loop.index ~ '<|im_start|>' +")],
  [
    'refuses system messages',
    `{% if messages[0]['role'] == 'system' %}{{ raise_exception('no') }}{% endif %}${chatml}`,
  ],
  ['writes the date', `{{ strftime_now('%d %b %Y') }}${chatml}`],
])('a template that %s is left out, and the file says why', async (_, template) => {
  const made = await modelfile(llamaWith(template));
  expect(made.template).toBeUndefined();
  expect(made.text).toMatch(/^# TEMPLATE is left out: this chat template/m);
  expect(made.chatTemplate).toBe(template);
});

test('a model without a template is prompted with the text alone', async () => {
  const { template } = await modelfile(join(llamaFolder, '../gpt2'));
  expect(template).toBe('{{ .Prompt }}');
});

test('pieces that Go would read as its own are not written', async () => {
  const { tokenizer } = await modelfile(
    llamaWith(chatml.replaceAll('<|im_start|>', '{ {').replaceAll('{ {', '{"{"')),
  );
  const pieces = await chatPieces(tokenizer);
  expect(pieces).toBeDefined();
  expect(goTemplate({ ...pieces!, generation: '{{' }, '')).toBeUndefined();
});
