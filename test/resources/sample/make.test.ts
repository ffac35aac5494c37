// The sample project: its documents are reproducible, agree with its datasets, and hold out what they promise.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { factKinds, products } from '../../../resources/sample/company.ts';
import { makeFactQuestions, makeSample } from '../../../resources/sample/make.ts';
import { makeMessages } from '../../../resources/sample/messages.ts';
import { sample, sampleFolder } from '../../../resources/sample/sample.ts';

const committed = join(import.meta.dirname, '../../../resources/sample', sampleFolder);

describe('the sample documents', () => {
  it('are the committed files, byte for byte, and stay under one megabyte', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sample-'));
    try {
      await makeSample(folder);
      const names = (await readdir(folder)).sort();
      expect(names).toEqual(sample.files.map(({ name }) => name).sort());
      let bytes = 0;
      for (const name of names) {
        const made = await readFile(join(folder, name));
        bytes += made.length;
        expect(made.equals(await readFile(join(committed, name))), name).toBe(true);
      }
      expect(bytes).toBeLessThan(1024 * 1024);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('name a file and existing columns for every dataset', async () => {
    for (const dataset of sample.datasets) {
      const header = (await readFile(join(committed, dataset.file), 'utf8')).split('\r\n')[0].split(',');
      const used = [...`${dataset.user}${dataset.assistant}`.matchAll(/\{(\w+)\}/g)].map(
        ([, column]) => column,
      );
      expect(header).toEqual(expect.arrayContaining([...used, dataset.splitColumn]));
    }
  });
});

describe('the customer messages', () => {
  const messages = makeMessages();

  it('have the promised numbers of records in each split', () => {
    const { records } = sample.datasets[0];
    for (const split of ['train', 'validation', 'test'] as const) {
      expect(messages.filter((m) => m.split === split)).toHaveLength(records[split]);
    }
  });

  it('hold the product and the customer of their line word for word', () => {
    for (const { message, product, customer } of messages) {
      expect(message).toContain(product);
      expect(message).toContain(customer);
      expect(message).not.toContain('{');
    }
  });

  it('hold out customers that are never trained, and products that are not', () => {
    const train = messages.filter(({ split }) => split === 'train');
    const test = messages.filter(({ split }) => split === 'test');
    const customers = new Set(train.map(({ customer }) => customer));
    const names = new Set(train.map(({ product }) => product));
    expect(test.filter(({ customer }) => customers.has(customer))).toHaveLength(0);
    expect(test.filter(({ product }) => !names.has(product)).length).toBeGreaterThan(20);
  });
});

describe('the product questions', () => {
  const questions = makeFactQuestions();

  it('ask at least 110 facts in five ways and hold one way out', () => {
    expect(new Set(questions.map(({ fact }) => fact)).size).toBe(products.length * factKinds.length);
    expect(questions).toHaveLength(products.length * factKinds.length * 5);
    const { records } = sample.datasets[1];
    expect(questions.filter(({ split }) => split === 'train')).toHaveLength(records.train);
    expect(questions.filter(({ split }) => split === 'test')).toHaveLength(records.test);
    expect(new Set(questions.map(({ question }) => question)).size).toBe(questions.length);
  });

  it('use no question twice and answer with what the product sheet says', () => {
    const tulki = questions.filter(({ fact }) => fact === 'Tulki Max 45: price');
    expect(tulki.map(({ answer }) => answer)).toEqual(Array(5).fill('49 euros'));
  });
});
