import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
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
