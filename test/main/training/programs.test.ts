// The gradient graphs of training are legal for every architecture, and recomputation does what it is
// for. Update graphs are held by test/main/compiler/optimizers/index.test.ts.
import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { schedule } from '../../../main/compiler/rewrite.ts';
import { verify } from '../../../main/compiler/verify.ts';
import { LoraConfig, loraSites, siteTensors } from '../../../main/models/lora.ts';
import { layoutPages } from '../../../main/training/parameters.ts';
import { gradientGraph } from '../../../main/training/programs.ts';
import { openReference, referenceFolder } from '../../helpers/reference-model.ts';

describe('gradient graphs', () => {
  const causal = readdirSync(referenceFolder('.')).filter((name) =>
    ['llama', 'qwen2', 'mistral', 'gpt2', 'qwen3', 'phi3', 'gemma3_text', 'llama3_bf16'].includes(name),
  );

  test.each(causal)('%s: legal with and without recomputation, and with segments', (name) => {
    const model = openReference(name);
    const lora = LoraConfig.parse({ r: 2, lora_alpha: 4, target_modules: 'all-linear', lora_dropout: 0.1 });
    const sites = loraSites(lora, model.specs, model.architecture.outputModules);
    const specs = siteTensors(sites).map(({ name: tensor, shape }) => ({
      name: tensor,
      shape,
      decay: true,
      matrix: true,
    }));
    const pages = layoutPages(specs, 'nothing');
    for (const recompute of ['off', 'selective', 'layer'] as const) {
      for (const segments of [true, false]) {
        const options = {
          model,
          pages,
          sites,
          provider: 'cpu' as const,
          recompute,
          dropout: 0.1,
          labelSmoothing: 0,
        };
        const g = gradientGraph({ rows: 1, width: 70, labels: 64, segments }, options);
        expect(() => verify(g)).not.toThrow();
        expect(() => verify(g, schedule(g))).not.toThrow();
        expect(g.outputs.map(({ name: output }) => output)).toEqual([
          'loss',
          ...pages.map(({ index }) => `g${index}`).reverse(),
        ]);
      }
    }
  });

  test('recomputation keeps less for the backward pass, and computes more', () => {
    const model = openReference('llama');
    const specs = model.specs.map(({ name, shape }) => ({ name, shape, decay: true, matrix: false }));
    const pages = layoutPages(specs, 'nothing');
    const nodes = (recompute: 'off' | 'selective') => {
      const options = {
        model,
        pages,
        sites: [],
        provider: 'cpu' as const,
        recompute,
        dropout: 0,
        labelSmoothing: 0,
      };
      return schedule(gradientGraph({ rows: 1, width: 512, labels: 64, segments: false }, options));
    };
    /** Elements that are made in the forward pass and read in the backward pass. */
    const kept = (recompute: 'off' | 'selective') => {
      const read = new Set(
        nodes(recompute).flatMap(({ phase, inputs }) => (phase === 'backward' ? inputs : [])),
      );
      return [...read]
        .filter(({ node }) => node?.phase === 'forward')
        .reduce((sum, { shape }) => sum + shape.reduce((size, dim) => size * dim, 1), 0);
    };
    // attention alone, which grows with the square of the width: the rest is always computed again
    expect(kept('selective')).toBeLessThan(0.8 * kept('off'));
    expect(nodes('selective').length).toBeGreaterThan(nodes('off').length);
  });
});
