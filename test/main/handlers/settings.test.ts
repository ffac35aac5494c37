// Settings, this machine, and choosing files by path or dialog.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { Backend } from '../../../main/backend.ts';
import { ScheduleDetails, TrainSettings } from '../../../main/contract/runs.ts';
import { settingHelp } from '../../../main/handlers/setting-help.ts';
import { openTestBackend, temporaryFolder } from '../../helpers/home.ts';

const home = temporaryFolder();
const backend: Backend = openTestBackend(home.folder, { shell: { kind: 'browser' } });
afterAll(async () => {
  await backend.close();
  home.remove();
});

test('every training setting has a label and one sentence of help, and no help is about nothing', () => {
  const nested: Record<string, string[]> = {
    version: [],
    lora: Object.keys(TrainSettings.shape.lora.shape),
    optimizer: TrainSettings.shape.optimizer.options.flatMap((option) => Object.keys(option.shape)),
    scheduleDetails: Object.keys(ScheduleDetails.shape),
  };
  const paths = Object.keys(TrainSettings.shape).flatMap(
    (name) => nested[name]?.map((inner) => `${name}.${inner}`) ?? [name],
  );
  paths.push('startFrom.checkpoint'); // its run is the value of the field `startFrom`
  expect(Object.keys(settingHelp).sort()).toEqual([...new Set(paths)].sort());
  for (const [path, { label, help }] of Object.entries(settingHelp)) {
    expect([path, label !== '']).toEqual([path, true]);
    expect([path, /[.]$/.test(help)]).toEqual([path, true]);
  }
});

test('the machine is described in bytes, with the processor always ready', async () => {
  const machine = await backend.call('settings.machine', {});
  expect(machine.memoryBytes).toBeGreaterThan(1e8);
  expect(machine.freeMemoryBytes).toBeLessThanOrEqual(machine.memoryBytes);
  expect(machine.freeDiskBytes).toBeGreaterThan(0);
  expect(machine.devices[0]).toMatchObject({ provider: 'cpu', state: 'ready' });
  expect(machine.devices.some((one) => one.provider === 'webgpu')).toBe(true);
  expect(machine.versions).toMatchObject({
    tunesmith: '0.0.0-test',
    onnxruntime: expect.stringMatching(/^\d+\.\d+/),
  });
  expect(machine.homeFolder).toBe(home.folder);
});

test('settings change one by one and are checked', async () => {
  expect(await backend.call('settings.set', { threads: 2 })).toMatchObject({ threads: 2, theme: 'auto' });
  await expect(backend.call('settings.set', { memoryShare: 2 })).rejects.toMatchObject({ code: 'input' });
  expect((await backend.call('settings.get', {})).memoryShare).toBe(0.8);
});

test('browser mode has no dialog, and takes full paths of things that exist', async () => {
  await expect(backend.call('files.pick', { kind: 'files', title: '' })).rejects.toMatchObject({
    code: 'no-dialog',
  });
  await expect(backend.call('files.fromPath', { path: 'relative.txt' })).rejects.toMatchObject({
    code: 'path-not-absolute',
  });
  await expect(backend.call('files.fromPath', { path: '/no/such' })).rejects.toMatchObject({
    code: 'path-missing',
  });
  mkdirSync(join(home.folder, 'my model'));
  const given = await backend.call('files.fromPath', { path: join(home.folder, 'my model') });
  expect(given.name).toBe('my model');
  expect(backend.services.files.redeem(given.token).path).toBe(join(home.folder, 'my model'));
});

test('capabilities come from the registries of the engine, with what this shell can do', async () => {
  const capabilities = await backend.call('settings.capabilities', {});
  expect(capabilities).toMatchObject({ shell: 'browser', canReveal: false, canPickFolders: false });
  expect(capabilities.importers.flatMap((one) => one.extensions)).toEqual(
    expect.arrayContaining(['txt', 'pdf', 'docx', 'csv']),
  );
  expect(capabilities.architectures.flatMap((one) => one.modelTypes)).toContain('llama');
  expect(capabilities.exporters.length).toBeGreaterThan(1);
  expect(capabilities.steps.some((one) => one.defaultEnabled)).toBe(true);
});
