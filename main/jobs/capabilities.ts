// A job that reads the registries and ends. In an engine process, so that the backend never loads a parser or a
// native library only to know their names.
import { z } from 'zod';
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
      exporters: exporters.map((one) => ({
        ...named(one),
        optionsSchema: z.toJSONSchema(one.Options),
        merges: one.merges,
      })),
    };
  },
};
