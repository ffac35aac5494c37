import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { exportModel } from '../../../main/jobs/export.ts';
import {
  adapterFolder,
  changedAdapter,
  jobContext,
  llamaFolder,
  temporaryFolder,
} from '../../helpers/tiny-model.ts';

function inputOf(format: string, adapter = adapterFolder) {
  const folder = join(temporaryFolder(), `run-1-${format}`);
  const tuned = { kind: 'adapter', folder: adapter } as const;
  return {
    format,
    options: {},
    modelFolder: llamaFolder,
    tuned,
    folder,
    lineage: { model: { name: 'tiny' } },
  };
}

test.each(['lora-adapter', 'hugging-face'])(
  '%s is written, compared, described and hashed',
  async (format) => {
    const input = inputOf(format);
    const { context, collected } = jobContext<'export'>();
    const { files, parity } = await exportModel.run(input, context);
    expect(parity.same).toBe(true);
    expect(files.map(({ name }) => name)).toEqual(readdirSync(input.folder).sort());
    for (const { name, bytes, sha256 } of files) {
      expect(statSync(join(input.folder, name)).size).toBe(bytes);
      expect(
        createHash('sha256')
          .update(readFileSync(join(input.folder, name)))
          .digest('hex'),
      ).toBe(sha256);
    }
    expect(readFileSync(join(input.folder, 'README.md'), 'utf8')).toContain(parity.sentence);
    expect(existsSync(`${input.folder}.tmp`)).toBe(false);
    expect(collected.progress.at(-1)?.position).toBe('reading the files back');
  },
);

test('an adapter that has learned nothing is written, and said to have no effect', async () => {
  const { parity } = await exportModel.run(
    inputOf(
      'lora-adapter',
      changedAdapter((name, data) => name.includes('lora_B') && data.fill(0)),
    ),
    jobContext<'export'>().context,
  );
  expect(parity.sentence).toContain('has no effect');
});

test('remains of an export that was cut off do not get into the next one', async () => {
  const input = inputOf('lora-adapter');
  mkdirSync(`${input.folder}.tmp`);
  writeFileSync(join(`${input.folder}.tmp`, 'old.bin'), 'old');
  const { files } = await exportModel.run(input, jobContext<'export'>().context);
  expect(files.map(({ name }) => name)).not.toContain('old.bin');
});

test('a cancelled export leaves nothing behind', async () => {
  const input = inputOf('hugging-face');
  const { context } = jobContext<'export'>(AbortSignal.abort());
  await expect(exportModel.run(input, context)).rejects.toMatchObject({ code: 'cancelled' });
  expect(existsSync(input.folder)).toBe(false);
  expect(existsSync(`${input.folder}.tmp`)).toBe(false);
});

test('an unknown format and an option that does not fit are refused by name', async () => {
  const { context } = jobContext<'export'>();
  await expect(exportModel.run(inputOf('onyx'), context)).rejects.toThrow('no export format "onyx"');
  const input = { ...inputOf('hugging-face'), options: { dtype: 'int3' } };
  await expect(exportModel.run(input, context)).rejects.toMatchObject({ code: 'export-options' });
});

test('a run that trained all weights has no adapter to write', async () => {
  const input = { ...inputOf('lora-adapter'), tuned: { kind: 'full', folder: llamaFolder } as const };
  await expect(exportModel.run(input, jobContext<'export'>().context)).rejects.toMatchObject({
    code: 'export-refused',
  });
});

describe('D04: a run over a base in few bits', () => {
  const inFewBits = (format: string, base?: 'original' | 'quantized') => {
    const input = inputOf(format);
    const quantized = { kind: 'nf4', cacheFolder: temporaryFolder() } as const;
    const lineage = { ...input.lineage, settings: { quantization: 'nf4' } };
    return { ...input, tuned: { ...input.tuned, quantized }, lineage, base };
  };

  test.each(['lora-adapter', 'hugging-face'])(
    '%s names the original weights, and is measured against both live models',
    async (format) => {
      const input = inFewBits(format);
      const { parity } = await exportModel.run(input, jobContext<'export'>().context);
      expect(parity.same).toBe(true); // the files are what they should be
      const { holds, kind, original, quantized, sentence } = parity.overBases!;
      expect([holds, kind]).toEqual(['original', 'nf4']);
      expect(original.maxLogitDifference).toBeLessThan(1e-4);
      expect(quantized.maxLogitDifference).toBeGreaterThan(100 * original.maxLogitDifference);
      expect(quantized.topTokenAgreement).toBeLessThanOrEqual(original.topTokenAgreement);
      expect(sentence).toMatch(
        /on the original weights|into the original weights/, // compared on, or merged into
      );
      expect(sentence).toMatch(
        /over the base in 4 bits \(NF4\); against that model, \d+ of \d+ next tokens agree, and logits differ by up to [\d.]+\./,
      );
      expect(readFileSync(join(input.folder, 'README.md'), 'utf8')).toContain(sentence);
    },
  );

  test.each([
    ['hugging-face', {}],
    ['gguf', { type: 'F32' }],
  ])(
    '%s: merged into the base in few bits, the files answer as the model was trained',
    async (format, options) => {
      const input = { ...inFewBits(format, 'quantized'), options };
      const { parity } = await exportModel.run(input, jobContext<'export'>().context);
      expect(parity.same).toBe(true);
      const { holds, original, quantized, sentence } = parity.overBases!;
      expect(holds).toBe('quantized');
      expect(quantized.maxLogitDifference).toBeLessThan(1e-4);
      expect(original.maxLogitDifference).toBeGreaterThan(100 * quantized.maxLogitDifference);
      expect(sentence).toContain('merged into the base in 4 bits (NF4) as it stands');
    },
  );

  test('what has no such base, or holds none, is refused with the reason', async () => {
    const { context } = jobContext<'export'>();
    await expect(exportModel.run(inFewBits('lora-adapter', 'quantized'), context)).rejects.toThrow(
      '"Adapter (PEFT)" holds no weights of a base',
    );
    const plain = { ...inputOf('hugging-face'), base: 'quantized' } as const;
    await expect(exportModel.run(plain, context)).rejects.toMatchObject({ code: 'export-base' });
  });

  test('a run over the original weights is measured against the one live model', async () => {
    const { parity } = await exportModel.run(inputOf('lora-adapter'), jobContext<'export'>().context);
    expect(parity.overBases).toBeUndefined();
  });
});
