import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { LossUnit } from '../../../main/contract/losses.ts';
import { openModel } from '../../../main/models/load.ts';
import { withNewHead } from '../../../main/models/new-head.ts';
import { lossUnitOf } from '../../../main/training/loss-unit.ts';
import { root } from '../../helpers/home.ts';

const open = (name: string) => openModel(join(root, 'test', 'reference', name));

test('a loss counts tokens, masked tokens, records, labels or squares, by what the model learns', () => {
  expect(lossUnitOf(open('llama'))).toBe('nats per token');
  expect(lossUnitOf(open('t5'))).toBe('nats per token');
  const masked = open('bert_mlm');
  expect(lossUnitOf(masked)).toBe('nats per masked token');
  const units: [problemType: string, unit: LossUnit][] = [
    ['single_label_classification', 'nats per record'],
    ['multi_label_classification', 'nats per label'],
    ['regression', 'squared error'],
  ];
  for (const [problemType, unit] of units) {
    const head = { objective: 'classification', labels: ['a', 'b'], problemType } as const;
    expect(lossUnitOf(withNewHead(masked, head, null, 0))).toBe(unit);
  }
});
