import { expect, test } from 'vitest';
import type { DatasetRecord, Shape } from '../../../main/contract/datasets.ts';
import { DatasetReport, DatasetRecord as Schema } from '../../../main/contract/datasets.ts';
import { buildDataset } from '../../../main/datasets/build.ts';
import { suggest } from '../../../main/datasets/detect.ts';
import { AppError } from '../../../main/errors.ts';
import { encodeWords, importSource, makeRecipe, proseSource, sentences } from './samples.ts';

const questions: Shape = { type: 'chat', system: '', user: '{question}', assistant: '{answer}' };

/** 200 rows: 160 train, 20 validation, 20 test, of 50 facts. */
function table(): string {
  const rows = Array.from({ length: 200 }, (_, at) => {
    const split = at % 10 === 0 ? 'test' : at % 10 === 1 ? 'validation' : 'train';
    return `"What is number ${at}, asked ${at % 4}?",Answer ${at},fact ${at % 50},${split}`;
  });
  return `question,answer,fact,split\n${rows.join('\n')}\n`;
}

const count = (records: DatasetRecord[]) => ({
  train: records.filter((one) => one.split === 'train').length,
  validation: records.filter((one) => one.split === 'validation').length,
  test: records.filter((one) => one.split === 'test').length,
});

test('a column that names the split is followed exactly', async () => {
  const source = await importSource('facts.csv', table());
  const { records, report, recordType } = await buildDataset(
    makeRecipe([source], questions, { column: 'split' }),
    [source],
    encodeWords,
  );
  expect(recordType).toBe('chat');
  expect(report.records).toEqual({ train: 160, validation: 20, test: 20 });
  expect(count(records)).toEqual(report.records);
  expect(records[0]).toMatchObject({
    split: 'test',
    content: {
      messages: [
        { role: 'user', content: 'What is number 0, asked 0?' },
        { role: 'assistant', content: 'Answer 0' },
      ],
    },
    provenance: [{ sourceName: 'facts.csv', place: 'row 1' }],
  });
  expect(Schema.array().safeParse(records).success).toBe(true);
  expect(DatasetReport.safeParse(report).success).toBe(true);
});

test('rows of one group never stand in two splits', async () => {
  const source = await importSource('facts.csv', table());
  const recipe = makeRecipe([source], questions, { groupBy: 'fact', validation: 0.2, test: 0.2 });
  const { records, report } = await buildDataset(recipe, [source], encodeWords);
  const splitsOf = new Map<string, Set<string>>();
  for (const { group, split } of records) splitsOf.set(group, (splitsOf.get(group) ?? new Set()).add(split));
  expect(splitsOf.size).toBe(50);
  expect([...splitsOf.values()].every((splits) => splits.size === 1)).toBe(true);
  expect(report.records).toEqual({ train: 120, validation: 40, test: 40 });
});

test('the same content gives the same hash, whatever its file is called; another seed another', async () => {
  const first = await importSource('facts.csv', table(), 'one');
  const second = await importSource('renamed.csv', table().replaceAll('\n', '\r\n'), 'two');
  const build = (source: typeof first, seed: number) =>
    buildDataset(makeRecipe([source], questions, { seed }), [source], encodeWords);
  const [a, b, c] = [await build(first, 1), await build(second, 1), await build(first, 2)];
  expect(a.hash).toMatch(/^[\da-f]{64}$/);
  expect(b.hash).toBe(a.hash);
  expect(b.records.map((record) => record.id)).toEqual(a.records.map((record) => record.id));
  expect(c.hash).not.toBe(a.hash);
});

test('a version exported to JSON Lines and imported again gives the same hash (A01)', async () => {
  const answers = Array.from(
    { length: 60 },
    (_, at) => `"Question ${at} with \u2028 in it",${at === 3 ? 'NA' : `0${at}`}`,
  );
  const source = await importSource('table.csv', `question,answer\n${answers.join('\n')}\n`);
  const text = proseSource('book.txt', sentences(300, 12));
  for (const [origin, shape] of [
    [source, questions],
    [source, { type: 'completion', prompt: 'Q: {question}\nA:', completion: ' {answer}' }],
    [source, { type: 'labelled', text: '{question}', label: '{answer}' }],
    [text, { type: 'chunks', tokens: 64, overlap: 8 }],
  ] as [typeof source, Shape][]) {
    const built = await buildDataset(makeRecipe([origin], shape), [origin], encodeWords);
    const lines = built.records.map((record) => JSON.stringify(record)).join('\n');
    const exported = await importSource('records.jsonl', lines);
    const suggestion = suggest([{ ...exported, sample: exported.parts }]);
    expect(suggestion.recipe.split.column).toBe('split');
    const again = await buildDataset(suggestion.recipe, [exported], encodeWords);
    expect(again.recordType).toBe(built.recordType);
    expect(again.hash).toBe(built.hash);
  }
});

test('equal records are removed and shown, or kept together when the step is off', async () => {
  const rows = [...sentences(40, 8), ...sentences(40, 8).slice(0, 10)].map((text) => `${text},yes`);
  const source = await importSource('twice.csv', `prompt,completion\n${rows.join('\n')}\n`);
  const shape: Shape = { type: 'completion', prompt: '{prompt}', completion: '{completion}' };
  const recipe = makeRecipe([source], shape, { validation: 0.2, test: 0.2 });
  const removed = await buildDataset(recipe, [source], encodeWords);
  const step = removed.report.steps.find((one) => one.id === 'exact-duplicates');
  expect(step).toMatchObject({ before: 50, after: 40, removed: 10, changed: 0 });
  expect(step?.samples[0]).toMatchObject({ place: 'twice.csv, row 41', after: null });
  expect(step?.samples[0].kept).toContain('twice.csv, row 1: Sentence 0');
  const off = { ...recipe, steps: recipe.steps.map((one) => ({ ...one, enabled: false })) };
  const { records, report } = await buildDataset(off, [source], encodeWords);
  expect(records).toHaveLength(50);
  expect(report.leaks).toBe(0);
  for (let at = 0; at < 10; at++) expect(records[at].split).toBe(records[at + 40].split);
  expect(new Set(records.map((record) => record.id)).size).toBe(50);
});

test('leaks of a given split are counted, not repaired', async () => {
  const [long] = sentences(1, 60);
  const rows = [
    `${long},train`,
    `${long.replace('over', 'across')},test`,
    'short text,train',
    'Short  text!,test',
    'other,test',
  ];
  const source = await importSource(
    'leaky.jsonl',
    rows
      .map((row) => {
        const [text, split] = row.split(/,(?=\w+$)/);
        return JSON.stringify({ prompt: text, completion: `${text.length % 2}x`, split });
      })
      .join('\n'),
  );
  const shape: Shape = { type: 'completion', prompt: '{prompt}', completion: '{completion}' };
  const { report } = await buildDataset(
    makeRecipe([source], shape, { column: 'split' }),
    [source],
    encodeWords,
  );
  expect(report.records).toEqual({ train: 2, validation: 0, test: 3 });
  expect(report.leaks).toBe(2);
  expect(report.problems).toContain('2 records outside training have an equal one in another split.');
});

test('rows that cannot be shaped are counted with their first place', async () => {
  const source = await importSource('holes.csv', 'question,answer\na,1\nb,\nc,3\nd,\n');
  const { records, report } = await buildDataset(makeRecipe([source], questions), [source], encodeWords);
  expect(records).toHaveLength(2);
  expect(report.problems).toContain('2 of 4 rows have no text in "answer"; the first is holes.csv, row 2.');
});

test('empty labels are a class and are named (A08)', async () => {
  const source = await importSource('labels.csv', 'text,label\na,NA\nb,None\nc,true\nd,""\n');
  const shape: Shape = { type: 'labelled', text: '{text}', label: '{label}' };
  const { records, report } = await buildDataset(makeRecipe([source], shape), [source], encodeWords);
  const labels = records.map((record) => (record.content.type === 'labelled' ? record.content.label : null));
  expect(labels).toEqual(['NA', 'None', 'true', '']);
  expect(report.problems.join()).toContain('1 of 4 rows have an empty label in "label"');
});

test('a second text makes a pair; a row without one is named', async () => {
  const source = await importSource('pairs.csv', 'a,b,label\none,two,yes\nthree,,no\n');
  const shape: Shape = { type: 'labelled', text: '{a}', pair: '{b}', label: '{label}' };
  const { records, report } = await buildDataset(makeRecipe([source], shape), [source], encodeWords);
  expect(records.map(({ content }) => content)).toEqual([
    { type: 'labelled', text: 'one', pair: 'two', label: 'yes' },
  ]);
  expect(report.problems).toContain('1 of 2 rows have no text in "b"; the first is pairs.csv, row 2.');
  const alone = makeRecipe([source], { ...shape, pair: '' });
  const { records: texts } = await buildDataset(alone, [source], encodeWords);
  expect(texts.map(({ content }) => content)[1]).toEqual({ type: 'labelled', text: 'three', label: 'no' });
});

test('chunks of documents carry their places, and only the last one is complete', async () => {
  const sources = Array.from({ length: 12 }, (_, at) =>
    proseSource(`book-${at}.txt`, sentences(40, 10, at + 1)),
  );
  const recipe = makeRecipe(
    sources,
    { type: 'chunks', tokens: 60, overlap: 10 },
    { validation: 0.2, test: 0.2 },
  );
  const { records, report } = await buildDataset(recipe, sources, encodeWords);
  for (const source of sources) {
    const own = records.filter((record) => record.group === source.name);
    expect(new Set(own.map((record) => record.split)).size).toBe(1);
    const ends = own.map((record) => record.content.type === 'text' && record.content.complete);
    expect(ends.indexOf(true)).toBe(own.length - 1);
    const whole = source.parts.map((part) => part.text).join('\n\n');
    for (const record of own) {
      const { start } = record.provenance[0];
      const { end } = record.provenance[record.provenance.length - 1];
      expect(record.content.type === 'text' && record.content.text).toBe(whole.slice(start, end));
    }
  }
  expect(report.records.validation).toBeGreaterThan(0);
  expect(report.records.test).toBeGreaterThan(0);
});

test('one long document is split by sections, without text in common', async () => {
  const source = proseSource('book.txt', sentences(400, 10));
  const recipe = makeRecipe([source], { type: 'chunks', tokens: 50, overlap: 20 });
  const { records, report } = await buildDataset(recipe, [source], encodeWords);
  expect(report.problems).toContain('1 document is too few to split whole, so sections of it are split.');
  const numbers = (split: string) =>
    new Set(
      records
        .filter((record) => record.split === split)
        .flatMap((record) =>
          record.content.type === 'text' ? (record.content.text.match(/Sentence \d+/g) ?? []) : [],
        ),
    );
  expect(numbers('test').size).toBeGreaterThan(10);
  expect([...numbers('test')].filter((name) => numbers('train').has(name))).toEqual([]);
  const complete = records.filter((record) => record.content.type === 'text' && record.content.complete);
  expect(complete).toHaveLength(1);
});

test('messages with mapped roles become chats; unknown roles are named', async () => {
  const rows = [
    {
      conversations: [
        { from: 'human', value: 'Hi' },
        { from: 'gpt', value: 'Hello' },
      ],
    },
    {
      conversations: [
        { from: 'alien', value: 'Hi' },
        { from: 'gpt', value: 'Hello' },
      ],
    },
    { conversations: [] },
    { other: 1 },
  ];
  const source = await importSource('sharegpt.jsonl', rows.map((row) => JSON.stringify(row)).join('\n'));
  const shape: Shape = {
    type: 'messages',
    key: 'conversations',
    roleKey: 'from',
    contentKey: 'value',
    roles: { human: 'user', gpt: 'assistant' },
  };
  const { records, report } = await buildDataset(makeRecipe([source], shape), [source], encodeWords);
  expect(records.map((record) => record.content)).toEqual([
    {
      type: 'chat',
      messages: [
        { role: 'user', content: 'Hi' },
        { role: 'assistant', content: 'Hello' },
      ],
    },
  ]);
  expect(report.problems.slice(0, 3)).toEqual([
    '1 of 4 rows have a role "alien" that is not mapped; the first is sharegpt.jsonl, row 2.',
    '1 of 4 rows have an empty list in "conversations"; the first is sharegpt.jsonl, row 3.',
    '1 of 4 rows have no list in "conversations"; the first is sharegpt.jsonl, row 4.',
  ]);
});

test('a missing column, a broken template and an empty result are refused with a remedy', async () => {
  const source = await importSource('table.csv', 'question,answer\na,\n');
  const failure = async (shape: Shape) => {
    try {
      await buildDataset(makeRecipe([source], shape), [source], encodeWords);
    } catch (thrown) {
      if (thrown instanceof AppError) return thrown;
    }
    return null;
  };
  const missing = await failure({ type: 'completion', prompt: '{question}', completion: '{reply}' });
  expect(missing?.message).toBe('No chosen document has a column "reply". Their columns: question, answer.');
  expect((await failure({ type: 'completion', prompt: '{question', completion: 'x' }))?.code).toBe(
    'template-broken',
  );
  const empty = await failure(questions);
  expect(empty?.code).toBe('no-records');
  expect(empty?.message).toContain('1 of 1 rows have no text in "answer"');
});

test('a stopped build ends with its own code', async () => {
  const source = await importSource('table.csv', table());
  const stop = new AbortController();
  stop.abort();
  await expect(
    buildDataset(makeRecipe([source], questions), [source], encodeWords, { signal: stop.signal }),
  ).rejects.toMatchObject({ code: 'stopped' });
});
