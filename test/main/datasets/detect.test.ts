import { expect, test } from 'vitest';
import { DatasetRecipe } from '../../../main/contract/datasets.ts';
import { suggest } from '../../../main/datasets/detect.ts';
import { importSource, proseSource } from './samples.ts';

async function suggestFor(name: string, content: string) {
  const source = await importSource(name, content);
  const suggestion = suggest([{ ...source, sample: source.parts }]);
  expect(DatasetRecipe.safeParse(suggestion.recipe).error).toBeUndefined();
  return suggestion;
}
const lines = (rows: object[]) => rows.map((row) => JSON.stringify(row)).join('\n');

test('messages and conversations are recognised, with the roles that occur', async () => {
  const messages = await suggestFor(
    'a.jsonl',
    lines([
      {
        messages: [
          { role: 'system', content: 's' },
          { role: 'user', content: 'q' },
          { role: 'assistant', content: 'a' },
        ],
      },
    ]),
  );
  expect(messages.recipe.shape).toEqual({
    type: 'messages',
    key: 'messages',
    roleKey: 'role',
    contentKey: 'content',
    roles: { system: 'system', user: 'user', assistant: 'assistant' },
  });
  const sharegpt = await suggestFor(
    'b.json',
    JSON.stringify([
      {
        id: 1,
        conversations: [
          { from: 'human', value: 'q' },
          { from: 'gpt', value: 'a' },
        ],
      },
    ]),
  );
  expect(sharegpt.recipe.shape).toMatchObject({
    key: 'conversations',
    roleKey: 'from',
    contentKey: 'value',
    roles: { human: 'user', gpt: 'assistant' },
  });
  expect(sharegpt.why).toBe('Conversations were recognised in "conversations".');
});

test('common pairs of columns are recognised', async () => {
  const chat = (user: string, assistant: string) => ({ type: 'chat', system: '', user, assistant });
  const cases: [content: string, shape: object][] = [
    ['instruction,input,output\na,b,c\n', chat('{instruction}\n\n{input}', '{output}')],
    ['Question,Answer\na,b\n', chat('{Question}', '{Answer}')],
    ['context,question,answer\na,b,c\n', chat('{context}\n\n{question}', '{answer}')],
    ['prompt,completion\na,b\n', { type: 'completion', prompt: '{prompt}', completion: '{completion}' }],
    [
      'id,sentence1,sentence2,label\n1,a,b,same\n',
      { type: 'labelled', text: '{sentence1}', pair: '{sentence2}', label: '{label}' },
    ],
    [
      'question1,question2,is_duplicate\na,b,1\n',
      { type: 'labelled', text: '{question1}', pair: '{question2}', label: '{is_duplicate}' },
    ],
    ['premise,hypothesis\na,b\n', { type: 'chunks', tokens: 256, overlap: 32 }],
    ['text,label\na,b\n', { type: 'labelled', text: '{text}', label: '{label}' }],
    [
      'prompt,chosen,rejected\na,b,c\n',
      { type: 'preference', prompt: '{prompt}', chosen: '{chosen}', rejected: '{rejected}' },
    ],
    [
      'message,category,customer,urgency\nplease help me,Order,Ada,high\n',
      chat('{message}', '{category} | {customer} | {urgency}'),
    ],
  ];
  for (const [content, shape] of cases)
    expect((await suggestFor('x.csv', content)).recipe.shape).toEqual(shape);
});

test('the sentence names what was recognised, and the example is the first row', async () => {
  const suggestion = await suggestFor('faq.csv', 'question,answer\nHow?,So.\n');
  expect(suggestion.why).toBe('The columns "question" and "answer" were recognised.');
  expect(suggestion.example).toEqual({ question: 'How?', answer: 'So.' });
  expect(suggestion.recipe.name).toBe('faq');
  const enabled = suggestion.recipe.steps.filter((step) => step.enabled).map((step) => step.id);
  expect(enabled).toEqual(['unicode', 'whitespace', 'exact-duplicates']);
});

test('a column that names splits is proposed, and one that only looks like it is not', async () => {
  const rows = (column: string, values: string[]) =>
    `question,answer,${column}\n${values.map((value, at) => `q${at},a${at},${value}`).join('\n')}\n`;
  expect((await suggestFor('a.csv', rows('split', ['train', 'test', 'valid']))).recipe.split.column).toBe(
    'split',
  );
  expect((await suggestFor('a.csv', rows('split', ['train', 'banana']))).recipe.split.column).toBeNull();
});

test('a column of facts whose values come back is proposed as group', async () => {
  const repeated = await suggestFor('a.csv', 'question,answer,fact\na,b,f1\nc,d,f1\ne,f,f2\n');
  expect(repeated.recipe.split.groupBy).toBe('fact');
  const unique = await suggestFor('a.csv', 'question,answer,fact\na,b,f1\nc,d,f2\n');
  expect(unique.recipe.split.groupBy).toBeNull();
});

test('prose becomes chunks, and tables of another kind are left out by name of their number', async () => {
  const book = {
    ...proseSource('book.txt', ['Some text.']),
    sample: proseSource('book.txt', ['Some text.']).parts,
  };
  const table = await importSource('log.csv', 'ticket,state\n1,open\n');
  const suggestion = suggest([book, { ...table, sample: table.parts }]);
  expect(suggestion.recipe.shape.type).toBe('chunks');
  expect(suggestion.recipe.sourceIds).toEqual(['book.txt']);
  expect(suggestion.why).toContain('1 other document of another kind is left out.');
});

test('a recognised table wins over prose', async () => {
  const book = {
    ...proseSource('book.txt', ['Some text.']),
    sample: proseSource('book.txt', ['Some text.']).parts,
  };
  const table = await importSource('faq.csv', 'question,answer\na,b\n');
  expect(suggest([book, { ...table, sample: table.parts }]).recipe.sourceIds).toEqual(['faq.csv']);
});
