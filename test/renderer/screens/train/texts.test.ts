import { expect, test } from 'vitest';
import { faultsOf } from '../../../../renderer/screens/train/fields.ts';
import { FIELDS } from '../../../../renderer/screens/train/groups.ts';
import { listText, parseList, valueText } from '../../../../renderer/screens/train/texts.ts';
import { balanced } from './settings.ts';

test('numbers of layers are written as ranges and read back', () => {
  expect(parseList('layers', '0-3, 8')).toEqual([0, 1, 2, 3, 8]);
  expect(listText('layers', [8, 0, 1, 2, 3])).toBe('0-3, 8');
  expect(listText('layers', [4, 5])).toBe('4, 5');
  expect(parseList('layers', '')).toEqual([]);
});

test('a range that runs backwards or has no end is a fault at its field', () => {
  for (const text of ['3-1', '0-99999999', 'x', '-2']) {
    const layers = parseList('layers', text) as number[];
    expect(faultsOf({ ...balanced, lora: { ...balanced.lora, layers } }), text).toHaveProperty('lora.layers');
  }
});

test('numbers by name are read with = or :, and what is no number is a fault', () => {
  expect(parseList('numbersByName', 'down_proj = 4, layers.0.mlp.up_proj: 8')).toEqual({
    down_proj: 4,
    'layers.0.mlp.up_proj': 8,
  });
  expect(listText('numbersByName', { a: 4, b: 8 })).toBe('a = 4, b = 8');
  const rankPattern = parseList('numbersByName', 'down_proj') as Record<string, number>;
  expect(faultsOf({ ...balanced, lora: { ...balanced.lora, rankPattern } })).toHaveProperty(
    'lora.rankPattern',
  );
});

test('names are separated by commas', () => {
  expect(parseList('names', ' lm_head,, embed_tokens ')).toEqual(['lm_head', 'embed_tokens']);
  expect(listText('names', ['a', 'b'])).toBe('a, b');
});

test('values that cannot be changed are words, also where they are empty', () => {
  const text = (path: string, value: unknown) => {
    const field = FIELDS.find((one) => one.path === path);
    if (!field) throw new Error(path);
    return valueText(field, value);
  };
  expect(text('startFrom', null)).toBe('base model');
  expect(text('lora.layers', [])).toBe('all');
  expect(text('lora.rankPattern', {})).toBe('none');
  expect(text('scheduleDetails.minimum', null)).toBe('usual');
  expect(text('lora.targets', 'all-linear')).toBe('all linear layers');
  expect(text('optimizer.kind', 'rmsprop')).toBe('RMSprop');
  expect(text('patience', 0)).toBe('never');
});
