// Tables that PEFT knows by their readers' names. That PEFT and transformers compute the same from an export with them is
// what test/reference/check-exports.py holds.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { adapterFor, readAdapter, writeAdapter } from '../../../main/models/adapter-files.ts';
import { LoraConfig, loraSites, savedTensors, siteTensors } from '../../../main/models/lora.ts';
import { configForReaders, namesForReaders } from '../../../main/models/table-readers.ts';
import { openReference } from '../../helpers/reference-model.ts';
import { temporaryFolder } from '../../helpers/tiny-model.ts';

const t5 = openReference('t5');
const { outputModules } = t5.architecture;
const llama = openReference('llama');

const settings = {
  target_modules: ['q', 'shared'],
  rank_pattern: { shared: 2 },
  modules_to_save: ['lm_head'],
  exclude_modules: ['decoder.block.1.layer.0.SelfAttention.q'],
};
const config = LoraConfig.parse({ r: 4, lora_alpha: 8, ...settings });

function expectedTensors(of = config) {
  const sites = loraSites(of, t5.specs, outputModules);
  return { sites, saved: savedTensors(of, sites, t5.specs, outputModules) };
}

/** The adapter as it is exported, its numbers changed by `change`. */
function exported(change: (name: string, data: Float32Array) => void = () => {}): string {
  const folder = temporaryFolder();
  const { sites, saved } = expectedTensors();
  const tensors = [...siteTensors(sites), ...saved].flatMap(({ name, shape }, k) =>
    namesForReaders(name, t5.specs).map((written) => {
      const data = new Float32Array(shape.reduce((size, dim) => size * dim, 1)).fill(k + 1);
      change(written, data);
      return [written, { shape, data }] as const;
    }),
  );
  writeAdapter(folder, configForReaders(config, t5.specs), new Map(tensors));
  return folder;
}

describe('a table that others read', () => {
  test('is written once for each reader, and by their names in the configuration', () => {
    expect(namesForReaders('base_model.model.shared.lora_embedding_A', t5.specs)).toEqual([
      'base_model.model.encoder.embed_tokens.lora_embedding_A',
      'base_model.model.decoder.embed_tokens.lora_embedding_A',
    ]);
    const written = configForReaders(config, t5.specs);
    expect(written.target_modules).toEqual(['q', 'encoder.embed_tokens', 'decoder.embed_tokens']);
    expect(written.rank_pattern['decoder\\.embed_tokens']).toBe(2);
    expect(written.exclude_modules).toEqual(settings.exclude_modules);
    const expression = configForReaders({ ...config, target_modules: '.*(q|shared)' }, t5.specs);
    expect(expression.target_modules).toMatch(/\|encoder\\\.embed_tokens\|decoder\\\.embed_tokens$/);
  });

  test('is read back as one where the copies are equal', () => {
    const files = readAdapter(exported(), t5.specs);
    const { sites, saved } = expectedTensors(files.config);
    expect(sites.find(({ module }) => module === 'shared')).toMatchObject({ rank: 2, kind: 'embedding' });
    expect(adapterFor(files, sites, saved).size).toBe(siteTensors(sites).length + 1);
  });

  test('is refused where the readers have adapters of their own', () => {
    const folder = exported((name, data) => {
      if (name.includes('decoder.embed_tokens')) data[0] += 0.5;
    });
    expect(() => readAdapter(folder, t5.specs)).toThrow(
      'The adapter changes encoder.embed_tokens and decoder.embed_tokens in different ways',
    );
  });

  test('has no adapter where PEFT wrote one under its own name, which it does not apply', () => {
    const folder = temporaryFolder();
    const { sites } = expectedTensors({ ...config, modules_to_save: null });
    const tensors = siteTensors(sites).map(
      ({ name, shape }) => [name, { shape, data: new Float32Array(shape[0] * shape[1]) }] as const,
    );
    writeAdapter(folder, { ...config, modules_to_save: ['shared'] }, new Map(tensors));
    const of = (more: object) => {
      const stated = { ...config, modules_to_save: null, ...more };
      writeFileSync(join(folder, 'adapter_config.json'), JSON.stringify(stated));
      const files = readAdapter(folder, t5.specs);
      const found = expectedTensors(files.config);
      adapterFor(files, found.sites, found.saved);
      return found.sites.some(({ module }) => module === 'shared');
    };
    expect(of({ auto_mapping: null })).toBe(false);
    expect(of({})).toBe(true); // a run of ours applies it
  });

  test('is no matter to models that read their tables under their own names', () => {
    const name = 'base_model.model.model.embed_tokens.lora_embedding_A';
    expect(namesForReaders(name, llama.specs)).toEqual([name]);
    expect(configForReaders(config, llama.specs)).toEqual(config);
  });
});
