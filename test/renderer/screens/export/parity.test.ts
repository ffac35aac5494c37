import { expect, test } from 'vitest';
import type { Export } from '../../../../main/contract/exports.ts';
import {
  basesFacts,
  differenceText,
  newestByFormat,
  parityWords,
} from '../../../../renderer/screens/export/parity.ts';

const plain = (text: string): string => text.replaceAll('\u00a0', ' ');

function exported(changes: Partial<Export> = {}): Export {
  return {
    id: 'x1',
    projectId: 'p1',
    runId: 'r7',
    format: 'lora-adapter',
    options: {},
    state: 'finished',
    jobId: null,
    folder: '/exports/x1',
    files: [],
    bytes: 19_500_000,
    parity: { maxLogitDifference: 2.1e-6, topTokenAgreement: 1, positions: 3108, same: true, sentence: '' },
    error: null,
    createdAt: 1,
    ...changes,
  };
}

test('a proven export says how equal it is, a differing one how far', () => {
  const same = parityWords(exported());
  expect([same.tone, same.title, plain(same.detail)]).toEqual([
    'good',
    'The same',
    '100.0 % of 3,108 tokens, logits within 2.1e-6',
  ]);
  const equal = { maxLogitDifference: 0, topTokenAgreement: 1, positions: 126, same: true, sentence: '' };
  expect(plain(parityWords(exported({ parity: equal })).detail)).toBe('100.0 % of 126 tokens, logits equal');
  const parity = {
    maxLogitDifference: 0.0213,
    topTokenAgreement: 0.992,
    positions: 3108,
    same: false,
    sentence: '',
  };
  const differs = parityWords(exported({ parity }));
  expect([differs.tone, plain(differs.detail)]).toEqual([
    'warning',
    '99.2 % of 3,108 tokens, logits within 0.021',
  ]);
});

test('D04: the base of the files is named, with the difference to the model over either base', () => {
  const { parity } = exported();
  expect(basesFacts(parity!)).toEqual([]);
  const overBases = {
    holds: 'original',
    kind: 'nf4',
    original: { maxLogitDifference: 2.1e-6, topTokenAgreement: 1 },
    quantized: { maxLogitDifference: 0.31, topTokenAgreement: 0.95 },
    sentence: '',
  } as const;
  const facts = basesFacts({ ...parity!, overBases }).map(({ name, value }) => [name, plain(value)]);
  expect(facts).toEqual([
    ['Base used', 'original weights'],
    ['To original weights', '100.0 % of 3,108, logits within 2.1e-6'],
    ['As trained, 4 bits (NF4)', '95.0 % of 3,108, logits within 0.31'],
  ]);
  const merged = basesFacts({ ...parity!, overBases: { ...overBases, holds: 'quantized' } });
  expect(merged[0].value).toBe('base in 4 bits (NF4)');
});

test('an export that is not there, not compared or failed is never called the same', () => {
  expect(parityWords(undefined).title).toBe('Not exported yet');
  expect(parityWords(exported({ parity: null })).tone).toBe('warning');
  expect(parityWords(exported({ state: 'running', parity: null })).tone).toBe('busy');
  const error = { code: 'disk-full', message: 'The disk is full: 2 of 269 MB are free.', remedy: '' };
  expect(parityWords(exported({ state: 'failed', error }))).toMatchObject({
    tone: 'bad',
    detail: 'The disk is full: 2 of 269 MB are free.',
  });
});

test('small differences are written as powers of ten, and none as 0', () => {
  expect([0, 2.1e-6, 0.0213, 1.5].map(differenceText)).toEqual(['0', '2.1e-6', '0.021', '1.5']);
});

test('the newest export of each format of the run counts', () => {
  const newest = newestByFormat(
    [
      exported(),
      exported({ id: 'x2', createdAt: 5 }),
      exported({ id: 'x3', runId: 'other', createdAt: 9 }),
      exported({ id: 'x4', format: 'hugging-face' }),
    ],
    'r7',
  );
  expect([...newest].map(([format, one]) => [format, one.id])).toEqual([
    ['lora-adapter', 'x2'],
    ['hugging-face', 'x4'],
  ]);
});
