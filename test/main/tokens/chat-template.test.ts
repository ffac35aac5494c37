import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../main/errors.ts';
import { renderTemplate } from '../../../main/tokens/chat-template.ts';
import { parseLossless } from '../../../main/tokens/jinja/from-json.ts';
import { checkTemplate } from '../../conformance/chat-templates.ts';

const folder = `${import.meta.dirname}/../../reference/chat_templates`;
const templates = readdirSync(folder)
  .filter((file) => file.endsWith('.jinja'))
  .map((file) => file.slice(0, -6));
const user = [{ role: 'user', content: 'x' }];

describe('reference templates', () => {
  it.each(templates)('%s gives the texts, spans, masks and errors of transformers', async (name) => {
    const failed: unknown[] = [];
    for await (const row of checkTemplate(folder, name)) if (row.status !== 'passed') failed.push(row);
    expect(failed).toEqual([]);
  });
});

describe('values print as in Python (B06)', () => {
  it.each([
    ['{{ true }}', 'True'],
    ['{{ none }}', 'None'],
    ['{{ 1.0 }} {{ 1.0 | tojson }}', '1.0 1.0'],
    ["{{ [1, 'x', none, true] }}", "[1, 'x', None, True]"],
    ["{{ {'k': 'v'} }}", "{'k': 'v'}"],
    ['{{ -7 % 3 }}', '2'],
    ["{{ {'b': 1e-7} | tojson }}", '{"b": 1e-07}'],
  ])('%s prints %s', (template, text) => {
    expect(renderTemplate(template, { messages: user }).text).toBe(text);
  });

  it('a tool schema keeps 1.0 and True, with and without tojson', () => {
    const tools = parseLossless('[{"function": {"default": 1.0, "strict": true, "n": 3}}]') as unknown[];
    const template = '{{ tools[0].function }} {{ tools[0] | tojson }}';
    expect(renderTemplate(template, { messages: user, tools }).text).toBe(
      `{'default': 1.0, 'strict': True, 'n': 3} {"function": {"default": 1.0, "strict": true, "n": 3}}`,
    );
  });
});

describe('errors', () => {
  function errorOf(template: string, messages = user): AppError {
    try {
      renderTemplate(template, { messages });
    } catch (error) {
      if (error instanceof AppError) return error;
    }
    throw new Error('nothing was thrown');
  }

  it('a refusal is the sentence of the template itself', () => {
    const error = errorOf("{{ raise_exception('System role not supported') }}");
    expect(error).toMatchObject({ code: 'template-refused', message: 'System role not supported' });
  });

  it('a template that cannot be read is told with its line', () => {
    expect(errorOf('a\nb{% if %}')).toMatchObject({ code: 'template-syntax' });
    expect(errorOf('a\nb{% if %}').message).toContain('line 2');
  });

  it('a template that runs too long is stopped', () => {
    const nested = '{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}';
    expect(errorOf(nested)).toMatchObject({ code: 'template-limit' });
  });

  it('a hundred thousand brackets are stopped, not a crash', () => {
    expect(errorOf(`{{ ${'('.repeat(100_000)}1${')'.repeat(100_000)} }}`)).toMatchObject({
      code: 'template-limit',
    });
  });
});
