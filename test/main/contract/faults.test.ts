// Faults of values in words, made by zod itself, so that a new wording of zod shows here.
import { expect, test } from 'vitest';
import { z } from 'zod';
import { faultInWords } from '../../../main/contract/faults.ts';

const said = (schema: z.ZodType, value: unknown): string => {
  const { error } = schema.safeParse(value);
  const { path, message } = error!.issues[0];
  return faultInWords(path.join('.'), message);
};

test.each([
  [z.object({ epochs: z.number() }), { epochs: 'abc' }, 'epochs has to be a number, not a text'],
  [z.object({ epochs: z.number() }), {}, 'epochs is missing'],
  [z.object({ rank: z.int() }), { rank: 1.5 }, 'rank has to be a whole number'],
  [z.object({ rank: z.int().min(1) }), { rank: 0 }, 'rank has to be at least 1'],
  [z.object({ rate: z.number().positive() }), { rate: 0 }, 'rate has to be more than 0'],
  [z.object({ share: z.number().lt(1) }), { share: 1 }, 'share has to be less than 1'],
  [z.object({ limit: z.int().max(500) }), { limit: 501 }, 'limit can be 500 at most'],
  [z.object({ name: z.string().min(1) }), { name: '' }, 'name is empty'],
  [z.object({ name: z.string().max(3) }), { name: 'long' }, 'name can have 3 characters at most'],
  [z.object({ ids: z.array(z.string()).min(1) }), { ids: [] }, 'ids is empty'],
  [z.object({ split: z.enum(['train', 'test']) }), { split: 'x' }, 'split has to be one of train, test'],
  [z.object({ version: z.literal(1) }), { version: 2 }, 'version: Invalid input: expected 1'],
  [z.string(), 3, 'The value has to be a text, not a number'],
  [
    z.object({ name: z.string().min(1, 'A project needs a name.') }),
    { name: '' },
    'name: A project needs a name.',
  ],
])('%#: %s', (schema, value, words) => {
  expect(said(schema as z.ZodType, value)).toBe(words);
});
