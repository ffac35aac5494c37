import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeConfigFile } from '../../../main/exporters/config-file.ts';
import { temporaryFolder } from '../../helpers/tiny-model.ts';

const original = `{
  "initializer_factor": 1.0,
  "layer_norm_epsilon": 1e-06,
  "rope_scaling": { "factor": 8.0, "long": [1.0, 2.50, 3] },
  "vocab_size": 512,
  "dropout_rate": 0.0,
  "tie_word_embeddings": true
}`;

const written = (config: Record<string, unknown>, source: string): string => {
  const folder = temporaryFolder();
  writeConfigFile(folder, config, source);
  return readFileSync(join(folder, 'config.json'), 'utf8').replace(/\s+/g, ' ');
};

test('numbers that did not change stay floats, as strict readers ask, and the others are written', () => {
  const source = temporaryFolder();
  writeFileSync(join(source, 'config.json'), original);
  const config = { ...JSON.parse(original), vocab_size: 513, dropout_rate: 0.1, num_labels: 2 };
  const text = written(config, source);
  expect(text).toContain('"initializer_factor": 1.0,');
  expect(text).toContain('"layer_norm_epsilon": 1e-06,');
  expect(text).toContain('"factor": 8.0, "long": [ 1.0, 2.50, 3 ]');
  expect(text).toContain('"vocab_size": 513, "dropout_rate": 0.1,');
  expect(JSON.parse(text)).toEqual(config);
});

test('without a file to follow, numbers are written as they are', () => {
  expect(written({ dropout_rate: 0, vocab_size: 4 }, temporaryFolder())).toContain('"dropout_rate": 0,');
});
