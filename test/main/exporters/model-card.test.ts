import { expect, test } from 'vitest';
import type { ExportSource } from '../../../main/exporters/exporter.ts';
import { modelCard } from '../../../main/exporters/model-card.ts';
import { openTuned } from '../../../main/inference/weights.ts';
import { openModel } from '../../../main/models/load.ts';
import { llamaFolder } from '../../helpers/tiny-model.ts';

const parity = {
  maxLogitDifference: 0,
  topTokenAgreement: 1,
  positions: 8,
  same: true,
  sentence: 'The same: 8 of 8.',
};

function cardOf(lineage: Record<string, unknown>, library: 'peft' | 'transformers' = 'peft'): string {
  const base = openModel(llamaFolder);
  const source: ExportSource = {
    base,
    tuned: openTuned(base, null),
    lineage,
    signal: new AbortController().signal,
    onProgress: () => {},
  };
  return modelCard(source, 'Load it so.', parity, library);
}

test('a card tells data with rights, settings, measurements and the check of the files', () => {
  const card = cardOf({
    run: { number: 7, name: 'First try', step: 120, bestStep: 100 },
    settings: { method: 'lora', lora: { rank: 16, targets: 'all-linear' }, samplePrompts: [] },
    versions: { app: '0.1.0' },
    model: { name: 'owner/base', licence: 'apache-2.0' },
    dataset: {
      name: 'Messages',
      number: 3,
      hash: 'abc',
      records: { train: 340, test: 120 },
      rights: [{ source: 'a|b.csv', basis: 'own-work', who: 'Ada' }],
    },
    evaluation: {
      split: 'test',
      records: 120,
      verdict: 'Run 7 is better.',
      results: [
        {
          label: 'Loss',
          unit: 'nats per token',
          base: { value: 4, low: 3.5, high: 4.5 },
          tuned: { value: 0.25, low: 0.2, high: 0.3 },
        },
      ],
    },
  });
  expect(card).toMatch(/^---\nlibrary_name: peft\n/);
  expect(card).toContain('license: "apache-2.0"');
  expect(card).toContain('base_model: "owner/base"');
  expect(card).toContain('| a\\|b.csv | own-work | Ada |');
  expect(card).toContain('| lora.rank | 16 |');
  expect(card).toContain('Step 100 of run 7.');
  expect(card).toContain('| Loss | nats per token | 4.000 (3.500 to 4.500) | 0.2500 (0.2000 to 0.3000) |');
  expect(card).toContain('The same: 8 of 8.');
});

test('a base in few bits is said, with what it means for the files', () => {
  const of = (quantization: string) => cardOf({ settings: { quantization, startFrom: null } });
  expect(of('nf4')).toContain('the linear layers of the frozen base were kept in 4 bits (NF4). These files');
  expect(of('none')).not.toContain('frozen base');
  expect(of('none')).toContain('| startFrom | not set |');
});

test('what nobody knows is left out, and a name with a line end cannot break the card', () => {
  const card = cardOf({ model: { name: 'evil\n---\nname' } }, 'transformers');
  expect(card).not.toContain('## Training data');
  expect(card).not.toContain('## Measured');
  expect(card.split('\n').filter((line) => line === '---')).toHaveLength(2);
});
