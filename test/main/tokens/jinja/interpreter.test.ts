import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { JinjaError } from '../../../../main/tokens/jinja/error.ts';
import { fromJson, parseLossless } from '../../../../main/tokens/jinja/from-json.ts';
import { runTemplate } from '../../../../main/tokens/jinja/interpreter.ts';
import { parseTemplate } from '../../../../main/tokens/jinja/parser.ts';
import type { Value } from '../../../../main/tokens/jinja/values.ts';

interface Stored {
  context: Record<string, unknown>;
  cases: { template: string; text?: string; error?: { type: string; message: string } }[];
}

const stored = parseLossless(
  readFileSync(`${import.meta.dirname}/../../../reference/jinja/cases.json`, 'utf8'),
) as Stored;
const names = Object.entries(stored.context).map(([name, value]): [string, Value] => [name, fromJson(value)]);

function run(template: string, now = new Date()): string {
  return runTemplate(parseTemplate(template), names, { now }).text;
}

function errorOf(template: string): { type: string; message: string } {
  try {
    return { type: 'none', message: run(template) };
  } catch (error) {
    if (!(error instanceof JinjaError)) throw error;
    return { type: error.type, message: error.message };
  }
}

describe('templates print what Jinja2 prints', () => {
  it.each(stored.cases.filter((item) => item.text !== undefined))('$template', ({ template, text }) => {
    expect(run(template)).toBe(text);
  });
});

describe('templates fail as Jinja2 fails', () => {
  it.each(stored.cases.filter((item) => item.error !== undefined))('$template', ({ template, error }) => {
    expect(errorOf(template)).toEqual(error);
  });
});

describe('foreign templates are bounded', () => {
  it.each([
    [
      'endless loops',
      '{% for a in range(99999) %}{% for b in range(99999) %}{{ a }}{% endfor %}{% endfor %}',
    ],
    ['huge texts', "{{ 'x' * 999999999 }}"],
    [
      'doubling texts',
      "{% set n = namespace(s='x') %}{% for i in range(99) %}{% set n.s = n.s + n.s %}{% endfor %}",
    ],
    [
      'doubling lists',
      '{% set n = namespace(l=[1]) %}{% for i in range(99) %}{% set n.l = n.l + n.l %}{% endfor %}',
    ],
    ['huge numbers', '{{ 10 ** (10 ** 10) }}'],
    ['wide padding', "{{ '%999999999d' % 1 }}"],
    ['wide centring', "{{ 'x'.center(999999999) }}"],
    ['macros without end', '{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}'],
  ])('%s', (_what, template) => {
    expect(errorOf(template).type).toBe('LimitError');
  });

  it('macros cannot reach JavaScript objects', () => {
    for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) {
      expect(run(`{{ d.${name} is defined }}{{ s.${name} is defined }}{{ l.${name} is defined }}`)).toBe(
        'FalseFalseFalse',
      );
      expect(errorOf(`{{ 1 | ${name} }}`).type).not.toBe('none');
    }
  });
});

it('loop controls outside a loop are a syntax error', () => {
  expect(errorOf('{% break %}').type).toBe('TemplateSyntaxError');
});

it('tags that would load other files are refused', () => {
  expect(errorOf("{% include 'x' %}").type).toBe('TemplateSyntaxError');
});

it('strftime_now prints local time as strftime does', () => {
  const now = new Date(2026, 0, 5, 14, 7, 9);
  expect(run("{{ strftime_now('%a %d %b %Y %H:%M:%S %j %-d %I %p %y %% %F %U %V') }}", now)).toBe(
    'Mon 05 Jan 2026 14:07:09 005 5 02 PM 26 % 2026-01-05 01 02',
  );
});

it('generation blocks tell what they wrote', () => {
  const template = 'a{% for i in l %}<{% generation %}é{{ i }}{% endgeneration %}>{% endfor %}';
  const { text, generationSpans } = runTemplate(parseTemplate(template), names, { now: new Date() });
  expect(generationSpans.map(([start, end]) => text.slice(start, end))).toEqual(['é3', 'é1', 'é2']);
});
