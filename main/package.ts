// `npm run package`: builds the pages, bundles main, preload and engine, and calls electron-builder. `bundleMain` is
// also what `npm start` uses before it opens Electron.
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build } from 'esbuild';
import { collectParts, noticesOf, partsFile } from './handlers/licences.ts';
import { applicationRoot } from './place.ts';

/** Stay outside of the engine bundle: native libraries, and parsers that look for files beside themselves. */
export const engineExternals = [
  'onnxruntime-node',
  'tokenizers',
  'pdf-parse',
  'pdfjs-dist',
  '@napi-rs/canvas',
];

const shared = {
  bundle: true,
  platform: 'node',
  target: 'node24',
  logLevel: 'warning',
  sourcemap: false,
} as const;

/** CommonJS packages inside an ES module bundle call `require` for built-ins. */
const requireBanner = {
  js: "import { createRequire as createRequireOfBundle } from 'node:module'; const require = createRequireOfBundle(import.meta.url);",
};

/** Bundles Electron's main process, its preload script and the engine into `out`. */
export async function bundleMain(root: string, out = join(root, 'out')): Promise<void> {
  mkdirSync(out, { recursive: true });
  for (const name of ['main', 'preload']) rmSync(join(out, name), { recursive: true, force: true });
  await Promise.all([
    build({
      ...shared,
      entryPoints: [join(root, 'main', 'main.ts')],
      outfile: join(out, 'main', 'main.mjs'),
      format: 'esm',
      packages: 'external',
    }),
    build({
      ...shared,
      // A sandboxed preload script cannot be an ES module.
      entryPoints: [join(root, 'preload', 'preload.ts')],
      outfile: join(out, 'preload', 'preload.cjs'),
      format: 'cjs',
      external: ['electron'],
    }),
    build({
      ...shared,
      // Plain Node runs it and cannot read inside an asar, so all that can be bundled is bundled.
      entryPoints: {
        engine: join(root, 'main', 'engine.ts'),
        worker: join(root, 'main', 'documents', 'worker.ts'), // the reader threads of import jobs
      },
      outdir: join(out, 'main'),
      outExtension: { '.js': '.mjs' },
      chunkNames: 'engine-[hash]',
      splitting: true,
      format: 'esm',
      external: engineExternals,
      banner: requireBanner,
    }),
  ]);
}

/** Writes the licences of all parts: a text for people, which lies beside the program, and a list for Settings. */
export function writeNotices(root: string, out = join(root, 'out')): void {
  const parts = collectParts(root);
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, 'THIRD-PARTY-NOTICES.txt'), noticesOf(parts));
  writeFileSync(join(out, basename(partsFile)), JSON.stringify(parts));
}

async function packageApplication(args: string[]): Promise<void> {
  const root = applicationRoot();
  const { buildRenderer } = await import('./start.ts');
  await buildRenderer(root);
  await bundleMain(root);
  cpSync(join(root, 'LICENSE'), join(root, 'out', 'LICENSE'));
  writeNotices(root);
  const { build: pack, Platform, createTargets } = await import('electron-builder');
  const current =
    { darwin: Platform.MAC, win32: Platform.WINDOWS }[process.platform as string] ?? Platform.LINUX;
  const targets = args.includes('--dir') ? createTargets([current], 'dir') : current.createTarget();
  const files = await pack({ projectDir: root, targets, publish: 'never' });
  for (const file of files) process.stdout.write(`${file}\n`);
}

if (import.meta.main) await packageApplication(process.argv.slice(2));
