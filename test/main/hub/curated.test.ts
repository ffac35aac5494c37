import { expect, test } from 'vitest';
import { curatedModels } from '../../../main/hub/curated.ts';
import { parseRepository } from '../../../main/hub/repository.ts';
import { architectureFor } from '../../../main/models/index.ts';

test.each(curatedModels.map((model) => [model.repository, model] as const))(
  '%s can be trained, and its stated size follows from its shape',
  (repository, { config, parameters, bytes, dtype }) => {
    expect(parseRepository(repository).repository).toBe(repository);
    const architecture = architectureFor(String(config.model_type));
    const specs = architecture?.tensors(architecture.Config.parse(config)) ?? [];
    const counted = specs.reduce((sum, { shape }) => sum + shape.reduce((size, dim) => size * dim, 1), 0);
    expect(counted).toBe(parameters);
    const weights = parameters * (dtype === 'float32' ? 4 : 2);
    expect(bytes).toBeGreaterThan(0.99 * weights);
    expect(bytes).toBeLessThan(1.3 * weights);
  },
);

test('the list goes from small to large, without a name twice', () => {
  const sizes = curatedModels.map(({ parameters }) => parameters);
  expect([...sizes].sort((a, b) => a - b)).toEqual(sizes);
  expect(new Set(curatedModels.map(({ repository }) => repository)).size).toBe(curatedModels.length);
});
