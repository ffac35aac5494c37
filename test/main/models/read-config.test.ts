// What config.json may say, and what is refused instead of being passed over.
import { expect, test } from 'vitest';
import { readConfig } from '../../../main/models/read-config.ts';

const llama = {
  model_type: 'llama',
  vocab_size: 64,
  hidden_size: 32,
  intermediate_size: 48,
  num_hidden_layers: 2,
  num_attention_heads: 4,
};
const gemma = { ...llama, model_type: 'gemma3_text', head_dim: 8 };
const longrope = { rope_type: 'longrope', short_factor: [1, 1, 1, 1], long_factor: [2, 2, 2, 2] };

test.each<[string, Record<string, unknown>, string, RegExp]>([
  ['no type', { model_type: undefined }, 'architecture-unsupported', /"unnamed" models/],
  [
    'an unknown type',
    { model_type: 'mamba9' },
    'architecture-unsupported',
    /cannot train "mamba9" models yet/,
  ],
  ['a width in words', { hidden_size: 'wide' }, 'config-damaged', /hidden_size: /],
  ['an unknown activation', { hidden_act: 'foo' }, 'config-unsupported', /hidden_act = "foo"\. .* relu, /],
  [
    'layers of an unknown type',
    { ...gemma, layer_types: ['full_attention', 'chunked_attention'] },
    'config-unsupported',
    /layer_types\.1 = "chunked_attention"/,
  ],
  [
    'attention to what comes',
    { ...gemma, use_bidirectional_attention: true },
    'config-unsupported',
    /use_bidirectional_attention = true/,
  ],
  [
    'weights in few bits',
    { quantization_config: { quant_method: 'gptq', bits: 4 } },
    'config-unsupported',
    /quantization_config: its weights are packed by gptq/,
  ],
  ['experts', { num_local_experts: 8 }, 'config-unsupported', /num_local_experts = 8: a mixture of experts/],
  ['chunks', { attention_chunk_size: 128 }, 'config-unsupported', /attention_chunk_size = 128/],
  [
    'an unknown scaling',
    { rope_scaling: { type: 'spiral' } },
    'rope-unsupported',
    /by "spiral", which .* linear/,
  ],
  [
    'an unknown scaling of one type of layers',
    { ...gemma, rope_parameters: { full_attention: { rope_type: 'spiral' } } },
    'rope-unsupported',
    /by "spiral"/,
  ],
  [
    'a scaling without its factor',
    { rope_parameters: { rope_type: 'linear', factor: null } },
    'rope-unsupported',
    /by "linear", but does not say its factor/,
  ],
])('%s is refused by its key and value', (_, changes, code, message) => {
  const read = () => readConfig('m', { ...llama, ...changes });
  expect(read).toThrow(message);
  expect(read).toThrow(expect.objectContaining({ code }));
});

test.each<[string, Record<string, unknown>, string, RegExp]>([
  ['heads that do not fit', { num_attention_heads: 5 }, 'config-damaged', /hidden_size = 32.* = 5/],
  ['keys that do not fit', { num_key_value_heads: 3 }, 'config-damaged', /num_key_value_heads = 3.* = 4/],
  ['heads of an odd width', { head_dim: 9 }, 'rope-unsupported', /9 of 9 numbers of each head/],
  [
    'too few factors',
    { rope_scaling: { ...longrope, long_factor: [2] } },
    'rope-unsupported',
    /long_factor of config\.json has 1 numbers for 4 pairs/,
  ],
  [
    'a part of each head with a scaling, in a family that turns whole ones',
    { partial_rotary_factor: 0.5, rope_scaling: { type: 'linear', factor: 2 } },
    'rope-unsupported',
    /partial_rotary_factor = 0\.5 beside "linear"/,
  ],
])('%s: refused as soon as the model has a shape', (_, changes, code, message) => {
  const { architecture, config } = readConfig('m', { ...llama, ...changes });
  expect(() => architecture.shape(config)).toThrow(message);
  expect(() => architecture.shape(config)).toThrow(expect.objectContaining({ code }));
});

test.each<[string, Record<string, unknown>, number, unknown]>([
  ['nothing', {}, 2048, undefined],
  ['an empty scaling', { rope_scaling: {}, rope_parameters: { rope_type: 'default' } }, 2048, undefined],
  ['linear', { rope_scaling: { type: 'linear', factor: 4 } }, 2048, undefined],
  ['dynamic', { rope_scaling: { type: 'dynamic', factor: 4 } }, 8192, { beyond: 2048, changes: 'always' }],
  [
    'yarn',
    { rope_scaling: { type: 'yarn', factor: 4, original_max_position_embeddings: 2048, beta_fast: null } },
    8192,
    undefined,
  ],
  [
    'LongRoPE',
    { rope_scaling: { ...longrope, original_max_position_embeddings: 512 } },
    2048,
    { beyond: 512, changes: 'once' },
  ],
])('the lengths of a model whose config.json says %s', (_, changes, contextLength, reach) => {
  const { architecture, config } = readConfig('m', { ...llama, ...changes });
  expect(architecture.shape(config)).toMatchObject({ contextLength });
  expect(architecture.shape(config).reach).toEqual(reach);
});
