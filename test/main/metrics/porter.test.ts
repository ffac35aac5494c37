import { expect, it } from 'vitest';
import { porterStem } from '../../../main/metrics/porter.ts';

it('each step of the algorithm does what the paper shows', () => {
  const examples = {
    caresses: 'caress',
    plastered: 'plaster',
    motoring: 'motor',
    sing: 'sing',
    conflated: 'conflat',
    hopping: 'hop',
    hissing: 'hiss',
    failing: 'fail',
    happy: 'happi',
    conditional: 'condit',
    vietnamization: 'vietnam',
    triplicate: 'triplic',
    hopefulness: 'hope',
    adjustment: 'adjust',
    adoption: 'adopt',
    probate: 'probat',
    cease: 'ceas',
    controlling: 'control',
    roll: 'roll',
  };
  for (const [word, stem] of Object.entries(examples)) expect(porterStem(word, 'original'), word).toBe(stem);
});

it('the extended mode knows irregular words and keeps short ones', () => {
  const words = ['skies', 'dying', 'news', 'ties', 'enjoyed', 'geologi', 'is', 'constructor'];
  expect(words.map((word) => porterStem(word))).toEqual([
    ...['sky', 'die', 'news', 'tie', 'enjoy', 'geolog', 'is', 'constructor'],
  ]);
});
