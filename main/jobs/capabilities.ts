// A job that reads the registries and ends. In an engine process, so that the backend never loads a parser or a
// native library only to know their names.
import { z } from 'zod';
import type { Architecture } from '../models/architecture.ts';
import type { EngineCapabilities, JobRunner } from './job.ts';

export const capabilities: JobRunner<'capabilities'> = {
  kind: 'capabilities',
  async run(): Promise<EngineCapabilities> {
    const [{ importers }, { steps }, { architectures }, { metrics }, { exporters }] = await Promise.all([
      import('../documents/index.ts'),
      import('../datasets/steps/index.ts'),
      import('../models/index.ts'),
      import('../metrics/index.ts'),
      import('../exporters/index.ts'),
    ]);
    const named = <T extends { id: string; label: string; description: string }>(entry: T) => ({
      id: entry.id,
      label: entry.label,
      description: entry.description,
    });
    return {
      importers: importers.map((one) => ({ ...named(one), extensions: [...one.extensions] })),
      steps: steps.map((one) => ({
        ...named(one),
        defaultEnabled: one.defaultEnabled,
        options: z.toJSONSchema(one.Options),
      })),
      architectures: architectures.map((one) => ({ ...named(one), modelTypes: [...one.modelTypes] })),
      metrics: metrics.map((one) => ({ ...named(one), unit: one.unit, betterWhen: one.betterWhen })),
      exporters: exporters.map((one) => ({ ...named(one), optionsSchema: z.toJSONSchema(one.Options) })),
      loraTargets: loraTargets(architectures),
    };
  },
};

/** A configuration in miniature, in the keys of all registered types: only the names that come of it are used. */
const miniature = {
  vocab_size: 8,
  hidden_size: 8,
  intermediate_size: 8,
  num_hidden_layers: 1,
  num_attention_heads: 1,
  num_key_value_heads: 1,
  max_position_embeddings: 8,
  rms_norm_eps: 1e-5,
};

/** Names of the linear layers that can get LoRA matrices, such as `q_proj`, of all model types. */
function loraTargets(architectures: readonly Architecture[]): string[] {
  const names = architectures.flatMap((architecture) => {
    const config = architecture.Config.safeParse({ ...miniature, model_type: architecture.modelTypes[0] });
    if (!config.success) return [];
    return architecture
      .tensors(config.data)
      .filter(({ kind }) => kind === 'linear' || kind === 'conv1d')
      .map(({ name }) => name.replace(/\.weight$/, ''))
      .filter((module) => !architecture.outputModules.includes(module))
      .map((module) => module.slice(module.lastIndexOf('.') + 1));
  });
  return [...new Set(names)];
}
