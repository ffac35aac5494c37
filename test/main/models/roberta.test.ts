// RoBERTa against PyTorch's numbers, whose positions begin behind the padding id.
import { expect, test } from 'vitest';
import { roberta } from '../../../main/models/roberta.ts';
import { encoders } from '../../conformance/encoders.ts';
import { compare } from '../../helpers/conformance.ts';

test.each(['relatives/roberta_classifier', 'relatives/roberta_mlm'])(
  '%s: logits, losses, gradients and runs are those of transformers',
  async (name) => {
    const { compared, wrong } = await compare(encoders, name);
    expect(wrong).toEqual([]);
    expect(compared).toBeGreaterThan(6);
  },
);

test('two rows of the position table are not for tokens', () => {
  const config = roberta.Config.parse({ max_position_embeddings: 514 });
  expect(roberta.shape(config).contextLength).toBe(512);
});
