// Adapters as PEFT makes them: which layers a configuration names, what is trained beside them, and first values. That
// their numbers are PEFT's is held by test/conformance/adapters.ts.
import { describe, expect, test } from 'vitest';
import {
  initialAdapter,
  LoraConfig,
  loraSites,
  replacedTensor,
  savedTensors,
  siteTensors,
} from '../../../main/models/lora.ts';
import { openReference } from '../../helpers/reference-model.ts';

const llama = openReference('llama'); // tied, two layers
const gpt2 = openReference('gpt2');
const configOf = (settings: object) =>
  LoraConfig.parse({ r: 4, lora_alpha: 8, target_modules: 'all-linear', ...settings });

function sitesOf(settings: object, model = llama) {
  return loraSites(configOf(settings), model.specs, model.architecture.outputModules);
}

function savedOf(settings: object, model = llama) {
  const { outputModules } = model.architecture;
  return savedTensors(configOf(settings), sitesOf(settings, model), model.specs, outputModules);
}

const modules = (settings: object, model = llama) => sitesOf(settings, model).map(({ module }) => module);

describe('the layers of an adapter', () => {
  test('all-linear leaves out embeddings and the output layer', () => {
    expect(modules({})).toHaveLength(14);
    expect(modules({}).every((module) => module.startsWith('model.layers.'))).toBe(true);
  });

  test('a name stands for the end of a module at a dot, not for any end', () => {
    expect(modules({ target_modules: ['q_proj'] })).toHaveLength(2);
    expect(() => modules({ target_modules: ['proj'] })).toThrow(/No layer of the model is named \["proj"\]/);
  });

  test('layers_to_transform limits names, but not modules that are named in full', () => {
    const names = ['q_proj', 'model.layers.0.self_attn.k_proj'];
    expect(modules({ target_modules: names, layers_to_transform: 1 })).toEqual([
      'model.layers.0.self_attn.k_proj',
      'model.layers.1.self_attn.q_proj',
    ]);
  });

  test('a string is a regular expression for the whole name, and a broken one is told', () => {
    expect(modules({ target_modules: '.*\\.1\\..*(gate|up)_proj' })).toEqual([
      'model.layers.1.mlp.gate_proj',
      'model.layers.1.mlp.up_proj',
    ]);
    expect(() => modules({ target_modules: '(' })).toThrow('"(" is not a regular expression.');
  });

  test('expressions are written as Python writes them', () => {
    const expected = ['model.layers.1.mlp.gate_proj', 'model.layers.1.mlp.up_proj'];
    const names = '(?P<stack>.*)\\.1\\..*(gate|up)_proj\\Z';
    expect(modules({ target_modules: names })).toEqual(expected);
    expect(modules({ target_modules: '(?i)\\AMODEL\\..*\\.1\\..*(GATE|UP)_PROJ' })).toEqual(expected);
    expect(modules({ target_modules: '.*\\.(?P<a>1)\\.mlp\\.(gate|up)_proj(?:(?P=a)|)' })).toEqual(expected);
  });

  test('an adapter that PEFT ties to the output layer is refused where the model has the two as one', () => {
    const tied = { target_modules: ['q_proj', 'embed_tokens'], ensure_weight_tying: true };
    expect(() => modules(tied)).toThrow(/ensure_weight_tying: true, and the adapter changes/);
    expect(modules(tied, openReference('mistral'))).toHaveLength(3);
    const saved = {
      target_modules: ['q_proj'],
      modules_to_save: ['embed_tokens'],
      ensure_weight_tying: true,
    };
    expect(() => modules(saved)).toThrow(/ensure_weight_tying/);
    expect(modules({ ...saved, modules_to_save: null })).toHaveLength(2);
  });

  test('exclude_modules and modules_to_save take layers out', () => {
    const settings = {
      exclude_modules: ['layers.0.self_attn.q_proj'],
      modules_to_save: ['layers.1.self_attn'],
    };
    expect(modules({ target_modules: ['q_proj'], ...settings, modules_to_save: null })).toHaveLength(1);
    expect(() => modules({ target_modules: ['q_proj'], ...settings })).toThrow(/No layer/);
  });

  test('the output layer of a tied model is adapted on top of the embedding', () => {
    const [site] = sitesOf({ target_modules: ['lm_head'] });
    expect(site).toMatchObject({ module: 'lm_head', kind: 'linear', tensor: 'model.embed_tokens.weight' });
    expect(site.outFeatures).toBe(512);
  });

  test('Conv1D and embeddings are stored as [in, out]', () => {
    const sites = sitesOf({ target_modules: ['c_attn', 'wte'] }, gpt2);
    expect(sites.map(({ kind, inFeatures, outFeatures }) => [kind, inFeatures, outFeatures])).toEqual([
      ['embedding', 512, 64],
      ['conv1d', 64, 192],
      ['conv1d', 64, 192],
    ]);
    expect(siteTensors(sites)[0].name).toBe('base_model.model.transformer.wte.lora_embedding_A');
  });

  test('patterns set rank and alpha, and rsLoRA divides by the root of the rank', () => {
    const settings = {
      target_modules: ['q_proj'],
      rank_pattern: { 'layers.1.self_attn.q_proj': 16 },
      alpha_pattern: { q_proj: 32 },
    };
    expect(sitesOf(settings).map(({ rank, scale }) => [rank, scale])).toEqual([
      [4, 8],
      [16, 2],
    ]);
    expect(sitesOf({ ...settings, use_rslora: true })[1].scale).toBe(8);
  });
});

describe('what is trained beside the layers', () => {
  test('lora_only trains biases of adapted layers, all trains every bias', () => {
    const names = (bias: string) =>
      savedOf({ target_modules: ['c_attn'], bias }, gpt2).map(({ name }) => name);
    expect(names('none')).toEqual([]);
    expect(names('lora_only')).toEqual(
      [0, 1].map((i) => `base_model.model.transformer.h.${i}.attn.c_attn.base_layer.bias`),
    );
    expect(names('all')).toHaveLength(13);
    expect(names('all')).toContain('base_model.model.transformer.ln_f.bias');
  });

  test('saved modules replace tensors of the base, also one that a tied model does not store', () => {
    const saved = savedOf({ target_modules: ['q_proj'], modules_to_save: ['lm_head', 'input_layernorm'] });
    expect(saved.map(({ name, source }) => [replacedTensor(name), source])).toEqual([
      ['model.layers.0.input_layernorm.weight', 'model.layers.0.input_layernorm.weight'],
      ['model.layers.1.input_layernorm.weight', 'model.layers.1.input_layernorm.weight'],
      ['lm_head.weight', 'model.embed_tokens.weight'],
    ]);
    expect(replacedTensor('base_model.model.h.0.c_attn.base_layer.bias')).toBe('h.0.c_attn.bias');
    expect(replacedTensor('base_model.model.h.0.c_attn.lora_A.weight')).toBeUndefined();
    expect(replacedTensor('base_model.model.h.0.c_attn.lora_magnitude_vector')).toBeUndefined();
  });
});

test('first values change nothing: one factor of each product is zero, magnitudes are norms', () => {
  const settings = { target_modules: ['c_attn', 'wte'], use_dora: true };
  const sites = sitesOf(settings, gpt2);
  const weight = Float32Array.from({ length: 512 * 64 }, (_, i) => (i % 5) - 2);
  const tensors = initialAdapter(sites, [], 1, () => weight);
  const zero = (list: Float32Array | undefined) => list?.every((value) => value === 0);
  const at = (name: string) => tensors.get(`base_model.model.transformer.${name}`);
  expect(zero(at('wte.lora_embedding_A'))).toBe(true);
  expect(zero(at('wte.lora_embedding_B'))).toBe(false);
  expect(zero(at('h.0.attn.c_attn.lora_A.weight'))).toBe(false);
  expect(zero(at('h.0.attn.c_attn.lora_B.weight'))).toBe(true);
  const column = Array.from({ length: 64 }, (_, row) => weight[row * 192 + 7]);
  expect(at('h.0.attn.c_attn.lora_magnitude_vector')?.[7]).toBeCloseTo(Math.hypot(...column), 4);
});
