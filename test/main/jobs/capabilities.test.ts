// The registries as an engine process reads them for the screens.
import { expect, test } from 'vitest';
import { capabilities } from '../../../main/jobs/capabilities.ts';

test('every entry has a name and a sentence, ids are unique, and option forms are JSON schemas', async () => {
  const found = await capabilities.run({}, undefined as never);
  const lists = [found.importers, found.steps, found.architectures, found.metrics, found.exporters];
  for (const list of lists) {
    expect(list.length).toBeGreaterThan(0);
    expect(new Set(list.map((one) => one.id)).size).toBe(list.length);
    for (const { id, label, description } of list)
      expect([id, label !== '', description.endsWith('.')]).toEqual([id, true, true]);
  }
  for (const schema of [
    ...found.steps.map((one) => one.options),
    ...found.exporters.map((one) => one.optionsSchema),
  ])
    expect(schema).toMatchObject({ type: 'object' });
});
