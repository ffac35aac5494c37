import { expect, test } from 'vitest';
import type { RecordContent } from '../../../main/contract/datasets.ts';
import {
  canonicalJson,
  contentHash,
  datasetHash,
  inputText,
  recordText,
} from '../../../main/datasets/record.ts';

test('canonical JSON does not depend on the order of keys', () => {
  expect(canonicalJson({ b: [1, { d: null, c: 'x' }], a: undefined })).toBe('{"b":[1,{"c":"x","d":null}]}');
});

test('the hash depends on content, split and order, and on nothing else', () => {
  const one: RecordContent = { type: 'completion', prompt: 'p', completion: 'c' };
  const turned: RecordContent = { completion: 'c', prompt: 'p', type: 'completion' };
  const other: RecordContent = { type: 'completion', prompt: 'pc', completion: '' };
  expect(contentHash(turned)).toBe(contentHash(one));
  expect(contentHash(other)).not.toBe(contentHash(one));
  const a = { content: one, split: 'train' } as const;
  const b = { content: other, split: 'test' } as const;
  expect(datasetHash([a, b])).not.toBe(datasetHash([b, a]));
  expect(datasetHash([a])).not.toBe(datasetHash([{ ...a, split: 'test' }]));
});

test('texts of every record type', () => {
  const contents: RecordContent[] = [
    { type: 'text', text: 't', complete: true },
    { type: 'completion', prompt: 'p', completion: 'c' },
    {
      type: 'chat',
      messages: [
        { role: 'user', content: 'u' },
        { role: 'assistant', content: 'a' },
      ],
    },
    { type: 'labelled', text: 't', pair: 'q', label: 'l' },
    { type: 'preference', messages: [{ role: 'user', content: 'u' }], chosen: 'c', rejected: 'r' },
  ];
  expect(contents.map(recordText)).toEqual(['t', 'p\nc', 'u\na', 't\nq\nl', 'u\nc\nr']);
  expect(contents.map(inputText)).toEqual(['t', 'p', 'u', 't\nq', 'u']);
});
