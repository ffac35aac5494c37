import { expect, test } from 'vitest';
import type { AdaptableLayer } from '../../../../main/contract/models.ts';
import { layerLabel, linearNames, splitTargets } from '../../../../renderer/screens/train/targets.ts';

const layers: AdaptableLayer[] = [
  { name: 'q_proj', kind: 'linear' },
  { name: 'v_proj', kind: 'linear' },
  { name: 'embed_tokens', kind: 'embedding' },
  { name: 'lm_head', kind: 'output' },
];

test('chosen layers begin with what all linear ones are; embeddings and the output are said to be so', () => {
  expect(linearNames(layers)).toEqual(['q_proj', 'v_proj']);
  expect(layers.map(layerLabel)).toEqual([
    'q_proj',
    'v_proj',
    'embed_tokens, an embedding',
    'lm_head, the output layer',
  ]);
});

test('names that are no layer of the model are kept as text, whatever the model', () => {
  const targets = ['v_proj', 'layers.0.mlp.up_proj', 'embed_tokens', 'query'];
  expect(splitTargets(targets, layers)).toEqual({
    listed: ['v_proj', 'embed_tokens'],
    others: ['layers.0.mlp.up_proj', 'query'],
  });
  expect(splitTargets(targets, [])).toEqual({ listed: [], others: targets });
});
