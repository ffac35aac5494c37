// Packaging, as far as it goes without Electron's binary: the configuration against electron-builder's own schema, what
// must be unpacked, and the engine bundle under plain Node.
import { readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLauncher, forkWithNode } from '../../main/jobs/launcher.ts';
import { bundleMain, engineExternals } from '../../main/package.ts';
import { root } from '../helpers/home.ts';

interface Configuration {
  files: string[];
  asarUnpack: string[];
  extraResources: { from: string; to: string }[];
  npmRebuild: boolean;
  electronFuses: Record<string, boolean>;
  publish: null;
  linux: { target: string[]; maintainer: string };
  extraMetadata: { homepage: string };
  mac: { target: { target: string }[] };
  win: { target: string[] };
}

const require = createRequire(import.meta.url);
const { getConfig, validateConfiguration } = require('app-builder-lib/out/util/config/config.js') as {
  getConfig(folder: string, path: null, given: null): Promise<Configuration>;
  validateConfiguration(configuration: object, logger: object): Promise<void>;
};
const { DebugLogger } = require('builder-util') as { DebugLogger: new (on: boolean) => object };

describe('electron-builder.yml', () => {
  let configuration: Configuration;
  beforeAll(async () => {
    configuration = await getConfig(root, null, null);
  });

  test("fits electron-builder's own schema, which refuses what it does not know", async () => {
    await validateConfiguration(configuration, new DebugLogger(false));
    const misspelt = { ...configuration, asarUnpak: [] };
    await expect(validateConfiguration(misspelt, new DebugLogger(false))).rejects.toThrow(/asarUnpak/);
  });

  test('builds AppImage and deb, dmg, and nsis', () => {
    expect(configuration.linux.target).toEqual(['AppImage', 'deb']);
    expect(configuration.mac.target.map((one) => one.target)).toEqual(['dmg']);
    expect(configuration.win.target).toEqual(['nsis']);
  });

  test('names a home page and a maintainer, as a deb must, and invents neither', () => {
    expect(new URL(configuration.extraMetadata.homepage).protocol).toBe('about:');
    expect(configuration.linux.maintainer).toBe('The Tunesmith authors');
  });

  test('the packaged program cannot be turned into a plain Node or another program', () => {
    expect(configuration.electronFuses).toEqual({
      runAsNode: false,
      enableNodeOptionsEnvironmentVariable: false,
      enableNodeCliInspectArguments: false,
      onlyLoadAppFromAsar: true,
      grantFileProtocolExtraPrivileges: false,
    });
  });

  test('whatever the engine loads at run time lies outside of the asar', () => {
    for (const name of engineExternals.filter((one) => !one.startsWith('@')))
      expect(configuration.asarUnpack.some((pattern) => pattern.includes(`node_modules/${name}/`))).toBe(
        true,
      );
    expect(configuration.asarUnpack).toContain('out/main/engine*.mjs');
  });

  test('carries its own Node, the models and the sample documents, and rebuilds nothing', () => {
    expect(configuration.extraResources.map(({ to }) => to)).toEqual([
      'node',
      'models',
      'sample',
      'THIRD-PARTY-NOTICES.txt',
      'LICENSE.txt',
    ]);
    expect(configuration).toMatchObject({ npmRebuild: false, publish: null });
  });
});

describe('bundles', () => {
  const out = join(root, 'out', `test-${process.pid}`); // inside the repository: externals are found from there
  beforeAll(() => bundleMain(root, out));
  afterAll(() => rmSync(out, { recursive: true, force: true }));

  test('the preload is CommonJS and asks for nothing but Electron', () => {
    const text = readFileSync(join(out, 'preload', 'preload.cjs'), 'utf8');
    expect(text).not.toMatch(/^\s*import\s/m);
    expect([...text.matchAll(/require\("([^"]+)"\)/g)].map((match) => match[1])).toEqual(['electron']);
  });

  test('the engine bundle runs under plain Node and knows every registry', async () => {
    const launch = createLauncher({
      engineFile: join(out, 'main', 'engine.mjs'),
      fork: forkWithNode(process.execPath),
    });
    const frames: { type: string }[] = [];
    const engine = launch('capabilities', {}, { logFile: null, onFrame: (frame) => frames.push(frame) });
    expect(await engine.exited).toMatchObject({ code: 0 });
    expect(frames.at(-1)).toMatchObject({ type: 'done' });
    const { result } = frames.at(-1) as unknown as { result: Record<string, unknown[]> };
    for (const name of ['importers', 'steps', 'architectures', 'metrics', 'exporters'])
      expect([name, result[name].length > 0]).toEqual([name, true]);
  });
});
