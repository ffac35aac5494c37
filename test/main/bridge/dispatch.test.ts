// The dispatcher: frames in, frames out, whatever handlers do.
import { expect, test } from 'vitest';
import { z } from 'zod';
import { createDispatcher } from '../../../main/bridge/dispatch.ts';
import { call } from '../../../main/contract/wire.ts';
import { AppError } from '../../../main/errors.ts';

const calls = {
  'math.half': call({
    input: z.object({ n: z.int().min(0), unit: z.string().default('m') }),
    output: z.object({ n: z.number() }),
  }),
  'math.fail': call({ input: z.object({}), output: z.object({}) }),
  'math.wrong': call({ input: z.object({}), output: z.object({ n: z.number() }) }),
};
const seen: unknown[] = [];
const { dispatch } = createDispatcher(calls, {
  'math.half': (input: { n: number }) => {
    seen.push(input);
    return { n: input.n / 2, secret: 'not in the contract' };
  },
  'math.fail': () => {
    throw new AppError('too-few', 'There are 2 records.', 'Add documents.');
  },
  'math.wrong': () => ({ n: 'not a number' }),
});

test('a call gets its checked input with defaults, and only what the contract names comes out', async () => {
  expect(await dispatch({ id: 1, call: 'math.half', input: { n: 4 } })).toEqual({
    id: 1,
    ok: true,
    output: { n: 2 },
  });
  expect(seen).toEqual([{ n: 4, unit: 'm' }]);
});

test('all faults of an input come back at once, each with its place', async () => {
  const reply = await dispatch({ id: 2, call: 'math.half', input: { n: -1.5, unit: 3 } });
  expect(reply).toMatchObject({ id: 2, ok: false, error: { code: 'input' } });
  const message = reply && !reply.ok ? reply.error.message : '';
  expect(message).toContain('n has to be a whole number');
  expect(message).toContain('unit has to be a text, not a number');
});

test('an error keeps code, message and remedy; an output that breaks the contract is an internal one', async () => {
  expect(await dispatch({ id: 3, call: 'math.fail', input: {} })).toEqual({
    id: 3,
    ok: false,
    error: { code: 'too-few', message: 'There are 2 records.', remedy: 'Add documents.' },
  });
  expect(await dispatch({ id: 4, call: 'math.wrong', input: {} })).toMatchObject({
    ok: false,
    error: { code: 'internal' },
  });
});

test('calls that are not in the contract are refused, also those that every object has', async () => {
  for (const name of ['math.none', 'constructor', '__proto__', 'toString'])
    expect(await dispatch({ id: 5, call: name, input: {} })).toMatchObject({
      ok: false,
      error: { code: 'unknown-call' },
    });
});

test('what is no frame gets no answer', async () => {
  for (const frame of [null, 7, 'x', [], {}, { id: 'a', call: 'math.half' }, { call: 'math.half' }])
    expect(await dispatch(frame)).toBeNull();
});
