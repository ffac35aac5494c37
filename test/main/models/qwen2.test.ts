// Qwen2 against PyTorch's numbers.
import { expect, test } from 'vitest';
import { wrongIn } from '../../helpers/reference-model.ts';

test.each(['qwen2', 'relatives/qwen2_window'])(
  '%s: logits, losses and gradients are those of transformers',
  async (name) => {
    expect(await wrongIn(name)).toEqual([]);
  },
);
