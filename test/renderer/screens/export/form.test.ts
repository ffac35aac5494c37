import { expect, test } from 'vitest';
import { z } from 'zod';
import { formFields, initialOptions, optionFault } from '../../../../renderer/screens/export/form.ts';

const schema = z.toJSONSchema(
  z.object({
    dtype: z.enum(['float32', 'float16']).default('float16').describe('Number format of the weights.'),
    withTokenizer: z.boolean().default(true),
    shardMegabytes: z.int().min(10).max(5000).default(2000).meta({ title: 'Largest file' }),
    bits: z.union([z.literal(4), z.literal(8)]),
    note: z.string().max(5).default(''),
    tags: z.array(z.string()).default([]),
  }),
  { io: 'input' },
);

test('the form has one control for each option that it can show, with labels and help from the schema', () => {
  const fields = formFields(schema);
  expect(fields.map(({ name, label, control }) => [name, label, control.type])).toEqual([
    ['dtype', 'Dtype', 'choice'],
    ['withTokenizer', 'With tokenizer', 'switch'],
    ['shardMegabytes', 'Largest file', 'number'],
    ['bits', 'Bits', 'choice'],
    ['note', 'Note', 'text'],
  ]);
  expect(fields[0]?.help).toBe('Number format of the weights.');
});

test('the form starts with the defaults, and the first choice where there is none', () => {
  expect(initialOptions(formFields(schema))).toEqual({
    dtype: 'float16',
    withTokenizer: true,
    shardMegabytes: 2000,
    bits: 4,
    note: '',
  });
});

test('a value outside its limits is a sentence that names the limit', () => {
  const [, , megabytes, , note] = formFields(schema);
  expect(optionFault(megabytes!, 9)).toBe('Enter 10 or more.');
  expect(optionFault(megabytes!, 5001)).toBe('Enter 5000 or less.');
  expect(optionFault(megabytes!, 10.5)).toBe('Enter a whole number.');
  expect(optionFault(megabytes!, Number.NaN)).toBe('Enter a number.');
  expect(optionFault(megabytes!, 100)).toBeNull();
  expect(optionFault(note!, 'longer')).toBe('Enter at most 5 characters.');
});

test('a format without options has an empty form', () => {
  expect(formFields(undefined)).toEqual([]);
  expect(formFields(z.toJSONSchema(z.object({})))).toEqual([]);
});
