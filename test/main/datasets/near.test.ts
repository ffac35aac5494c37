import { expect, test } from 'vitest';
import { createNearIndex, similarity } from '../../../main/datasets/near.ts';
import { sentences } from './samples.ts';

test('similarity is the share of five-word runs in common', () => {
  expect(similarity('one two three four five six', 'One, two THREE four five six!')).toBe(1);
  expect(similarity('a b c d e f', 'a b c d e g')).toBeCloseTo(1 / 3, 10);
  expect(similarity('a b c d e', 'v w x y z')).toBe(0);
});

test('the index finds every pair above the threshold and none below it', () => {
  const texts = sentences(300, 50);
  const index = createNearIndex(0.8, 10, true);
  for (const [at, text] of texts.entries()) expect(index.add(at, text)).toBe(-1);
  let found = 0;
  let above = 0;
  for (const [at, text] of texts.entries()) {
    // Changes one word near the end: 46 runs, of which 3 to 5 change.
    const words = text.split(' ');
    words[words.length - 1 - (at % 3)] = `changed${at}`;
    const changed = words.join(' ');
    if (similarity(text, changed) >= 0.8) above++;
    if (index.add(1000 + at, changed) === at) found++;
  }
  expect(above).toBe(300);
  expect(found).toBe(300);
});

test('scripts without spaces are compared by characters', () => {
  const text = '日本語の文章は単語の間に空白を書かないので文字ごとに比べる必要がある';
  expect(similarity(text, text.replace('必要', '理由'))).toBeGreaterThan(0.6);
});

test('texts with too few words never match', () => {
  const index = createNearIndex(0.8, 10, true);
  index.add(0, 'just five words in here');
  expect(index.add(1, 'just five words in here')).toBe(-1);
});
