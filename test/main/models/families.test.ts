// What is said about designs that cannot be made. That the others can is held by the test of the job that makes them.
import { expect, test } from 'vitest';
import type { ModelDesign } from '../../../main/contract/models.ts';
import { architectureOf, designProblems, families, startDesign } from '../../../main/models/families.ts';

const start = startDesign(families[0]);
const said = (changes: Partial<ModelDesign>) =>
  designProblems({ ...start, ...changes }).map(
    ({ field, message, remedy }) => `${field}: ${message} ${remedy}`,
  );

test('the small model to begin with has no problems in any family, and each is a registered architecture', () => {
  for (const family of families) {
    expect(architectureOf(family).modelTypes).toContain(family.modelType);
    expect([family.modelType, designProblems(startDesign(family))]).toEqual([family.modelType, []]);
  }
});

test('sizes that do not go together name those that would', () => {
  expect(said({ width: 250 })).toEqual([
    'width: A width of 250 cannot be shared by 8 heads. Choose 240 or 256.',
  ]);
  expect(said({ width: 40, heads: 8 })).toEqual([
    'width: Each of 8 heads would be 5 wide, but positions are rotated in pairs of numbers. Choose 32 or 48.',
  ]);
  expect(said({ family: 'gpt2', width: 40, heads: 8 })).toEqual([]);
  expect(said({ kvHeads: 3 })).toEqual([
    'kvHeads: 8 heads cannot share 3 key/value heads evenly. Choose one of: 1, 2, 4, 8.',
  ]);
  expect(said({ family: 'gpt2', kvHeads: 3 })).toEqual([]);
});

test('a family whose vocabulary other programs read by a rule of their own takes BPE only', () => {
  expect(said({ family: 'qwen2', vocabulary: 'unigram' })).toEqual([
    'vocabulary: Other programs read the vocabulary of a Qwen2 model as BPE, so Unigram would not work there. ' +
      'Choose BPE.',
  ]);
});

test('every fault is said at once, in the order of the form', () => {
  const faults = designProblems({
    ...start,
    layers: 0,
    width: 2.5,
    vocabulary: 'wordpiece',
    vocabularySize: 20,
    specialTokens: ['<|pad|>', ' x', 'a', 'a'],
  });
  expect(faults.map(({ field }) => field)).toEqual([
    'layers',
    'width',
    'vocabulary',
    'vocabularySize',
    'specialTokens',
    'specialTokens',
    'specialTokens',
  ]);
  for (const { message, remedy } of faults) expect([message, remedy]).not.toContain('');
  expect(faults[2].message).toContain('Llama');
});

test('a family that cannot be made, or that nobody knows, names those that can', () => {
  for (const family of ['gemma3_text', 'mamba']) {
    const [{ field, remedy }] = designProblems({ ...start, family });
    expect([field, remedy]).toEqual(['family', expect.stringContaining('llama, mistral, qwen2')]);
  }
});
