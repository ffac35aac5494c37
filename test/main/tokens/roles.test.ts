import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { repair } from '../../../main/datasets/turns.ts';
import type { Message } from '../../../main/tokens/chat-template.ts';
import { checkRoles } from '../../../main/tokens/roles.ts';

const system: Message = { role: 'system', content: 'Be brief.' };
const ask: Message = { role: 'user', content: 'Hi' };
const answer: Message = { role: 'assistant', content: 'Hello' };

// A template in Gemma's manner: no system role, strict alternation.
const chatTemplate =
  "{% if messages[0].role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}" +
  "{% for m in messages %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}" +
  "{{ raise_exception('Turn ' ~ loop.index ~ ' breaks user/assistant/user/assistant/...') }}{% endif %}" +
  '{{ m.role }}: {{ m.content }}\n{% endfor %}';

it('refusals are grouped by sentence, with what would repair them (B04)', () => {
  const good = { messages: [ask, answer] };
  const withSystem = { messages: [system, ask, answer] };
  const twoUsers = { messages: [ask, ask, answer] };
  const late = { messages: [ask, answer, ask, ask] };
  const records = Array.from({ length: 100 }, (_, at) =>
    at < 7 ? withSystem : at < 9 ? twoUsers : at === 9 ? late : good,
  );
  const report = checkRoles({ chatTemplate, specialTokens: {} }, records);
  expect(report.accepted).toBe(90);
  expect(report.refused).toEqual([
    {
      sentence: 'System role not supported',
      reason: 'no-system-role',
      count: 7,
      records: [0, 1, 2, 3, 4, 5, 6],
      repairs: [{ steps: ['merge-system'], count: 7 }],
    },
    {
      sentence: 'Turn 2 breaks user/assistant/user/assistant/...',
      reason: 'roles-do-not-alternate',
      count: 3,
      records: [7, 8, 9],
      repairs: [{ steps: ['join-turns'], count: 3 }],
    },
  ]);
});

it('a record that needs both repairs is told so, and one that nothing repairs is too', () => {
  const both = { messages: [system, ask, ask, answer] };
  const none = { messages: [answer, ask] };
  const { refused } = checkRoles({ chatTemplate, specialTokens: {} }, [both, none]);
  expect(refused[0].repairs).toEqual([{ steps: ['merge-system', 'join-turns'], count: 1 }]);
  expect(refused[1]).toMatchObject({ reason: 'other', repairs: [] });
});

it('repairs keep every word', () => {
  expect(repair([system, ask, ask, answer], ['merge-system', 'join-turns'])).toEqual([
    { role: 'user', content: 'Be brief.\n\nHi\n\nHi' },
    answer,
  ]);
  const parts: Message = { role: 'user', content: [{ type: 'text', text: 'part' }] };
  expect(repair([system, parts], ['merge-system'])[0].content).toEqual([
    { type: 'text', text: 'Be brief.' },
    { type: 'text', text: 'part' },
  ]);
  expect(repair([system], ['merge-system'])).toEqual([{ role: 'user', content: 'Be brief.' }]);
});

it('reference templates are judged by their own sentences', async () => {
  const template = await readFile(
    `${import.meta.dirname}/../../reference/chat_templates/llama2_like.jinja`,
    'utf8',
  );
  const specialTokens = { bos_token: '<s>', eos_token: '</s>' };
  const { refused } = checkRoles({ chatTemplate: template, specialTokens }, [{ messages: [ask, ask] }]);
  expect(refused[0].sentence).toBe('Roles must go user, assistant, user, assistant ... but turn 2 is user.');
});
