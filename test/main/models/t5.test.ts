// T5 against PyTorch's numbers: logits, losses, gradients, runs, adapters and greedy texts.
import { expect, test } from 'vitest';
import { t5 } from '../../../main/models/t5.ts';
import { encoderDecoders } from '../../conformance/seq2seq.ts';
import { compare } from '../../helpers/conformance.ts';

test.each(['t5', 't5_v1_1', 'relatives/t5_silu'])(
  '%s: all that is stored is what transformers computes',
  async (name) => {
    const { compared, wrong } = await compare(encoderDecoders, name);
    expect(wrong).toEqual([]);
    expect(compared).toBeGreaterThan(10);
  },
);

test('an activation that is not known is named', () => {
  const config = t5.Config.parse({ feed_forward_proj: 'gated-snake' });
  expect(() => t5.tensors(config)).toThrow('"gated-snake"');
});

test('a decoder is as deep as the encoder unless told otherwise', () => {
  expect(t5.shape(t5.Config.parse({ num_layers: 3 })).layers).toBe(3);
  expect(t5.shape(t5.Config.parse({ num_layers: 3, num_decoder_layers: 1 })).layers).toBe(1);
});
