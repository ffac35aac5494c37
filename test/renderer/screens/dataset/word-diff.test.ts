import { expect, it } from 'vitest';
import { wordDiff } from '../../../../renderer/screens/dataset/word-diff.ts';

const marked = (pieces: { text: string; differs: boolean }[]) =>
  pieces.map((piece) => (piece.differs ? `[${piece.text}]` : piece.text)).join('');

it('marks only the words that differ, and keeps both texts whole', () => {
  const { a, b } = wordDiff('the fuse on the control board', 'the fuse on the interface board');
  expect(marked(a)).toBe('the fuse on the [control] board');
  expect(marked(b)).toBe('the fuse on the [interface] board');
});

it('marks an insertion in one text only', () => {
  const { a, b } = wordDiff('same type', 'same type (3.15 A)');
  expect(marked(a)).toBe('same type');
  expect(b.map((piece) => piece.text).join('')).toBe('same type (3.15 A)');
  expect(b.some((piece) => piece.differs)).toBe(true);
});

it('marks nothing in equal texts', () => {
  expect(wordDiff('a b c', 'a b c').a).toEqual([{ text: 'a b c', differs: false }]);
});

it('leaves long texts unmarked instead of taking long', () => {
  const long = 'word '.repeat(5000);
  expect(wordDiff(long, `${long}x`).a).toEqual([{ text: long, differs: false }]);
});
