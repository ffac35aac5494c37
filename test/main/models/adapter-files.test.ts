// Adapter folders: what is written is read back, what other versions of PEFT wrote is understood, and what would be computed
// wrongly is refused by name. That the numbers are PEFT's is held by test/conformance/adapters.ts.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { adapterFor, readAdapter, writeAdapter } from '../../../main/models/adapter-files.ts';
import { LoraConfig, loraSites, savedTensors, siteTensors } from '../../../main/models/lora.ts';
import { openReference, referenceFolder } from '../../helpers/reference-model.ts';
import { temporaryFolder } from '../../helpers/tiny-model.ts';

const llama = openReference('llama'); // tied, two layers
const configOf = (settings: object) =>
  LoraConfig.parse({ r: 4, lora_alpha: 8, target_modules: 'all-linear', ...settings });

function sitesOf(settings: object, model = llama) {
  return loraSites(configOf(settings), model.specs, model.architecture.outputModules);
}

function savedOf(settings: object, model = llama) {
  const { outputModules } = model.architecture;
  return savedTensors(configOf(settings), sitesOf(settings, model), model.specs, outputModules);
}

describe('adapter files', () => {
  const settings = { target_modules: ['q_proj'], use_dora: true, modules_to_save: ['model.norm'] };

  function written(rename = (name: string) => name) {
    const tensors = [...siteTensors(sitesOf(settings)), ...savedOf(settings)].map(({ name, shape }, k) => {
      const data = new Float32Array(shape.reduce((size, dim) => size * dim, 1)).fill(k + 1);
      return [rename(name), { shape, data }] as const;
    });
    const folder = temporaryFolder();
    writeAdapter(folder, configOf(settings), new Map(tensors));
    return folder;
  }

  test('what is written is read back', () => {
    const files = readAdapter(written());
    const values = adapterFor(files, sitesOf(settings), savedOf(settings));
    expect(values.size).toBe(7);
    expect(values.get('base_model.model.model.norm.weight')?.[0]).toBe(7);
    expect(files.config.use_dora).toBe(true);
  });

  test('other spellings of the same tensors are understood', () => {
    const renamed = (name: string) =>
      name
        .replace('.lora_A.weight', '.lora_A.default.weight')
        .replace('lora_magnitude_vector', 'lora_magnitude_vector.default.weight')
        .replace('norm.weight', 'norm.modules_to_save.default.weight')
        .replace('base_model.model.', '');
    expect(adapterFor(readAdapter(written(renamed)), sitesOf(settings), savedOf(settings)).size).toBe(7);
  });

  test('an adapter that holds more or less than the configuration says is refused with counts', () => {
    const files = readAdapter(written());
    expect(() => adapterFor(files, sitesOf(settings))).toThrow(
      /6 of 6 tensors .* does not: base_model.model.model.norm.weight/,
    );
    const plain = sitesOf({ target_modules: ['q_proj', 'k_proj'] });
    expect(() => adapterFor(files, plain)).toThrow(/4 of 8 tensors/);
  });

  /** A folder whose configuration has these settings too. */
  function stating(settings: object): string {
    const folder = written();
    const file = join(folder, 'adapter_config.json');
    const stated = JSON.parse(readFileSync(file, 'utf8'));
    writeFileSync(file, JSON.stringify({ ...stated, ...settings }));
    return folder;
  }

  test.each([
    ['trainable_token_indices: [1]', { trainable_token_indices: [1], layer_replication: [] }],
    ['target_parameters: ["experts.gate"]', { target_parameters: ['experts.gate'], target_modules: null }],
    ['use_qalora: true', { use_qalora: true }],
    ['lora_bias: true', { lora_bias: true }],
    ['alora_invocation_tokens: [5,6]', { alora_invocation_tokens: [5, 6] }],
    ['kasa_config: {"beta":0.1}', { kasa_config: { beta: 0.1 } }],
    ['use_bdlora: true, monteclora_config: {"n":2}', { use_bdlora: true, monteclora_config: { n: 2 } }],
  ])('what is not computed here is refused by key and value: %s', (said, settings) => {
    expect(() => readAdapter(stating(settings))).toThrow(
      `adapter_config.json says ${said}, which Tunesmith does not compute.`,
    );
  });

  test.each(['pissa', 'pissa_niter_4', 'olora', 'corda', 'loftq', 'lora_ga'])(
    'first values that change the weights of the base are refused: %s',
    (first) => {
      expect(() => readAdapter(stating({ init_lora_weights: first }))).toThrow(
        `adapter_config.json says init_lora_weights: "${first}"`,
      );
    },
  );

  test.each(['gaussian', 'eva', 'orthogonal', true, false])(
    'other first values are no matter: %s',
    (first) => {
      expect(readAdapter(stating({ init_lora_weights: first })).tensors.size).toBe(7);
    },
  );

  test('other kinds of adapters are refused with their name', () => {
    expect(() => readAdapter(stating({ peft_type: 'IA3' }))).toThrow(
      'The adapter is of the kind "IA3" (peft_type in adapter_config.json); Tunesmith computes LoRA and DoRA.',
    );
  });

  test('keys that nobody knows, and null for what is not set, do no harm', () => {
    const nothing = {
      rank_pattern: null,
      alpha_pattern: null,
      bias: null,
      use_rslora: null,
      lora_dropout: null,
    };
    const files = readAdapter(
      stating({ ...nothing, megatron_core: 'megatron.core', some_new_key: { a: 1 } }),
    );
    expect(adapterFor(files, sitesOf(files.config), savedOf(files.config)).size).toBe(7);
  });

  test('the tables of a grown vocabulary, which PEFT saves without naming them, take the place of the base', () => {
    const table = { shape: [512, 64], data: new Float32Array(512 * 64).fill(3) };
    const folder = temporaryFolder();
    const tensors = siteTensors(sitesOf({ target_modules: ['q_proj'] })).map(({ name, shape }) => {
      return [name, { shape, data: new Float32Array(shape[0] * shape[1]) }] as const;
    });
    const names = ['base_model.model.model.embed_tokens.weight', 'base_model.model.lm_head.weight'];
    const all = [...tensors, ...names.map((name) => [name, table] as const)];
    writeAdapter(folder, configOf({ target_modules: ['q_proj'] }), new Map(all));
    const { config, ...files } = readAdapter(folder);
    const values = adapterFor({ config, ...files }, sitesOf(config), savedOf(config));
    expect(names.map((name) => values.get(name)?.[0])).toEqual([3, 3]);
  });

  test('the copy of the base that PEFT writes beside a saved module with a bias is left out', () => {
    const doubled = (name: string) => name.replace('norm.weight', 'norm.original_module.weight');
    expect(readAdapter(written(doubled)).tensors.size).toBe(6);
  });

  test('all-linear is written as the list of modules that other programs expect', () => {
    const folder = temporaryFolder();
    const tensors = siteTensors(sitesOf({})).map(({ name, shape }) => {
      return [name, { shape, data: new Float32Array(shape[0] * shape[1]) }] as const;
    });
    writeAdapter(folder, configOf({}), new Map(tensors));
    const config = JSON.parse(readFileSync(join(folder, 'adapter_config.json'), 'utf8'));
    expect(config.target_modules).toEqual(
      sitesOf({})
        .map(({ module }) => module)
        .sort(),
    );
  });

  test("PEFT's own adapters of every kind fit their models", () => {
    const cases = {
      bias_all: 'gpt2',
      bias_lora_only: 'qwen2',
      lora_on_embeddings: 'mistral',
      modules_to_save: 'mistral',
    };
    for (const [name, base] of Object.entries(cases)) {
      const folder = referenceFolder(`training/adapters/${name}/final`);
      expect(existsSync(folder)).toBe(true);
      const files = readAdapter(folder);
      const model = openReference(base);
      expect(adapterFor(files, sitesOf(files.config, model), savedOf(files.config, model)).size).toBe(
        files.tensors.size,
      );
    }
  });
});
