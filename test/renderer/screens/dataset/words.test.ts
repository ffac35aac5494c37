import { describe, expect, it } from 'vitest';
import type { DatasetReport } from '../../../../main/contract/datasets.ts';
import { checkLines } from '../../../../renderer/screens/dataset/checks-panel.tsx';
import {
  fewRecords,
  fillTemplate,
  keptPassages,
  largeRemoval,
  recordParts,
  refusalSentence,
  roleOffers,
  splitWords,
  unknownColumns,
  whatBlocks,
} from '../../../../renderer/screens/dataset/words.ts';

const report = (changes: Partial<DatasetReport> = {}): DatasetReport => ({
  passages: 100,
  steps: [],
  records: { train: 90, validation: 5, test: 40 },
  characters: 1000,
  leaks: 0,
  problems: [],
  ...changes,
});
const step = (before: number, after: number): DatasetReport['steps'][number] => ({
  id: 'length',
  label: 'Length',
  before,
  after,
  removed: before - after,
  changed: 0,
  samples: [],
});

describe('templates', () => {
  const row = { message: 'It hums.', answer: 'Check the {fan}.' };

  it('replaces columns by their exact strings, once', () => {
    expect(fillTemplate('Q: {message}\nA: {answer}', row)).toBe('Q: It hums.\nA: Check the {fan}.');
  });

  it('takes doubled braces as braces', () => {
    expect(fillTemplate('{{"a": "{message}"}}', row)).toBe('{"a": "It hums."}');
  });

  it('names the columns that do not exist', () => {
    expect(unknownColumns('{message} {price} {{price2}} {price}', ['message'])).toEqual(['price']);
  });
});

describe('what stands in the way of a version', () => {
  it('is nothing when there are training records', () => {
    expect(whatBlocks(report(), false)).toBeNull();
  });

  it('is said when no record, or none for training, is left', () => {
    expect(whatBlocks(report({ records: { train: 0, validation: 0, test: 0 } }), false)).toMatch(
      /no records/,
    );
    expect(whatBlocks(report({ records: { train: 0, validation: 3, test: 3 } }), false)).toMatch(
      /Lower their shares/,
    );
    expect(whatBlocks(null, true)).toMatch(/running/);
  });
});

it('warns of too few records to learn from or to measure with', () => {
  expect(fewRecords(report())).toBeNull();
  expect(fewRecords(report({ records: { train: 12, validation: 0, test: 40 } }))).toMatch(/Only 12/);
  expect(fewRecords(report({ records: { train: 500, validation: 0, test: 8 } }))).toMatch(/Only 8/);
});

it('points out a step that removes more than half', () => {
  expect(largeRemoval(step(100, 50))).toBeNull();
  expect(largeRemoval(step(100, 49))).toContain('51.0');
});

it('counts what the last step left', () => {
  expect(keptPassages(report())).toBe(100);
  expect(keptPassages(report({ steps: [step(100, 80), step(80, 60)] }))).toBe(60);
});

it('names the shares of the splits, or the column that gives them', () => {
  const split = { seed: 1, validation: 0.05, test: 0.05, column: null, groupBy: null };
  expect(splitWords(split)).toBe('90 / 5 / 5 %');
  expect(splitWords({ ...split, column: 'part' })).toBe('by part');
});

it('shows of each kind of record what is learned and what is not', () => {
  const base = { id: 'r', split: 'train' as const, provenance: [], group: 'g' };
  const learned = (content: Parameters<typeof recordParts>[0]['content']) =>
    recordParts({ ...base, content }).map((part) => part.learned);
  expect(learned({ type: 'completion', prompt: 'a', completion: 'b' })).toEqual([false, true]);
  expect(learned({ type: 'text', text: 'a', complete: true })).toEqual([true]);
  expect(
    learned({
      type: 'chat',
      messages: [
        { role: 'user', content: 'a' },
        { role: 'assistant', content: 'b' },
      ],
    }),
  ).toEqual([false, true]);
});

describe('roles that a template refuses (B04)', () => {
  const refusal = {
    sentence: 'System role not supported',
    reason: 'no-system-role',
    count: 7,
    repairs: [
      { steps: ['merge-system'], count: 6 },
      { steps: ['merge-system', 'join-turns'], count: 1 },
    ],
  } as const;
  const given = { ...refusal, repairs: refusal.repairs.map((one) => ({ ...one, steps: [...one.steps] })) };

  it('are said with their number and the words of the template', () => {
    expect(refusalSentence(given)).toBe(
      '7 records: the chat template of this model has no system role. It says: System role not supported',
    );
  });

  it('come with one choice for each set of repairs, and with leaving them out', () => {
    expect(roleOffers(given)).toEqual([
      { label: 'Merge the system text into the first question (6)', roles: { system: 'merge' } },
      {
        label: 'Merge the system text into the first question, and join turns (1)',
        roles: { system: 'merge', turns: 'join' },
      },
      { label: 'Leave out (7)', roles: { system: 'leave-out' } },
    ]);
    expect(roleOffers({ ...given, reason: 'other', repairs: [] })).toEqual([]);
  });

  it('are told from the checks once, although the statistics name them too', () => {
    const stats = {
      tokens: 1,
      trainedTokens: 1,
      longest: 1,
      histogram: [],
      overLimit: 0,
      withoutTrained: 0,
      problems: ['The chat template refuses 7 of 100 records: System role not supported'],
      refused: [given],
    };
    const lines = checkLines(report({ roles: { merged: 0, joined: 2, leftOut: 1 } }), stats, 100);
    const about = lines.filter(({ sentence }) => sentence.includes('System role'));
    expect(about).toHaveLength(1);
    expect(about[0].offers).toHaveLength(3);
    expect(lines.map(({ sentence }) => sentence)).toContain(
      'As chosen under Shape: 2 records have successive turns joined; 1 record is left out for the roles.',
    );
  });
});
