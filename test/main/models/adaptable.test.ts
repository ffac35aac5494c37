// Which names of a recipe reach layers, over the model types of the reference folder.
import { expect, test } from 'vitest';
import { adaptableLayers, layerWords } from '../../../main/models/adaptable.ts';
import { openReference } from '../../helpers/reference-model.ts';

const words = (name: Parameters<typeof openReference>[0]) => layerWords(adaptableLayers(openReference(name)));

test('layers are those of the model, with embeddings and an output layer said to be so', () => {
  expect(words('llama')).toBe(
    'q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj, embed_tokens (embedding), lm_head (output)',
  );
  expect(words('gpt2')).toBe('c_attn, c_proj, c_fc, wte (embedding), wpe (embedding), lm_head (output)');
  expect(words('t5')).toMatch(/^q, k, v, o, .*shared \(embedding\).*, lm_head \(output\)$/);
});

test('the output layer of an encoder is trained whole, and gets no adapter', () => {
  expect(words('bert_mlm')).toContain('query, key, value, dense');
  expect(words('bert_mlm')).not.toMatch(/decoder|classifier|output/);
});
