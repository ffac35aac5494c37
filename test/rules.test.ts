// The rules that hold everywhere: layers point one way, files stay small, names are exported by name, nothing is `any`,
// heavy packages have one import site, and every entry of a registry has its test.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative, sep } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
const folders = ['main', 'preload', 'renderer', 'test', 'resources'];
const maxLines = 400;

interface SourceFile {
  path: string;
  text: string;
  imports: { from: string; typeOnly: boolean }[];
}

function* walk(folder: string): Generator<string> {
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      if (!['node_modules', 'reference', 'work'].includes(entry.name)) yield* walk(path);
    } else if (/\.tsx?$/.test(entry.name) && !entry.name.endsWith('.d.ts')) yield path;
  }
}

function read(path: string): SourceFile {
  const text = readFileSync(join(root, path), 'utf8');
  const statements = text.matchAll(
    /^[ \t]*(?:import|export)\s+(type\s)?(?:[^'"`;()]*?\sfrom\s+)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm,
  );
  const imports = [...statements].map((match) => ({
    from: resolveImport(path, match[2] ?? match[3]),
    typeOnly: match[1] !== undefined,
  }));
  return { path, text, imports };
}

/** A relative import as a path from the root; a package by its name. */
function resolveImport(path: string, from: string): string {
  if (!from.startsWith('.')) return from;
  return relative(root, normalize(join(root, dirname(path), from)))
    .split(sep)
    .join('/');
}

const files = folders
  .filter((folder) => existsSync(join(root, folder)))
  .flatMap((folder) => [...walk(folder)].map(read));
const inFolder = (folder: string) => files.filter((file) => file.path.startsWith(`${folder}/`));

/** From left to right: a room imports from itself and from rooms to its left. `contract` and the two beside it first. */
const layers: string[][] = [
  ['main/contract'],
  ['main/errors.ts', 'main/log.ts'],
  ['main/documents'],
  ['main/datasets'],
  ['main/tokens'],
  ['main/compiler', 'main/models'],
  ['main/training'],
  ['main/inference'],
  ['main/metrics'],
  ['main/exporters'],
  ['main/hub'],
  ['main/jobs'],
  ['main/store'],
  ['main/files.ts', 'main/place.ts'],
  ['main/handlers'],
  ['main/bridge/dispatch.ts'],
  ['main/backend.ts'],
  ['main/bridge', 'main/static.ts', 'main/uploads.ts'],
  ['main/cli'],
];
/** Start a program: they may import everything, and nobody imports them but one another. */
const entries = [
  'main/cli.ts',
  'main/engine.ts',
  'main/main.ts',
  'main/menu.ts',
  'main/package.ts',
  'main/provider-check.ts',
  'main/serve.ts',
  'main/start.ts',
  'main/window.ts',
];

function layerOf(path: string): number {
  let found = -1;
  let length = 0;
  layers.forEach((rooms, index) => {
    for (const room of rooms)
      if ((path === room || path.startsWith(`${room}/`)) && room.length > length)
        [found, length] = [index, room.length];
  });
  return found;
}

describe('layers', () => {
  test('every file of main/ belongs to a layer or is an entry', () => {
    const homeless = inFolder('main').filter(({ path }) => layerOf(path) === -1 && !entries.includes(path));
    expect(homeless.map(({ path }) => path)).toEqual([]);
  });

  test('a room imports only from itself and from rooms to its left', () => {
    const wrong = inFolder('main').flatMap(({ path, imports }) => {
      const own = layerOf(path);
      if (own === -1) return [];
      return imports
        .filter(({ from, typeOnly }) => {
          if (!from.startsWith('main/')) return false;
          if (entries.includes(from)) return true;
          if (own === layerOf('main/bridge/websocket.ts') && from === 'main/backend.ts') return false;
          return (
            layerOf(from) > own &&
            !(typeOnly && path.startsWith('main/jobs/') && from.startsWith('main/contract/'))
          );
        })
        .map(({ from }) => `${path} imports ${from}`);
    });
    expect(wrong).toEqual([]);
  });

  test('the renderer knows nothing of main/ but the contract, and main/ nothing of the renderer', () => {
    const crossing = [
      ...inFolder('renderer').flatMap(({ path, imports }) =>
        imports
          .filter(({ from }) => from.startsWith('main/') && !from.startsWith('main/contract/'))
          .map(({ from }) => `${path} imports ${from}`),
      ),
      ...inFolder('main').flatMap(({ path, imports }) =>
        imports
          .filter(({ from }) => /^(renderer|test|preload)\//.test(from))
          .map(({ from }) => `${path} imports ${from}`),
      ),
    ];
    expect(crossing).toEqual([]);
  });

  test('the contract imports nothing but zod and itself', () => {
    const foreign = inFolder('main/contract').flatMap(({ path, imports }) =>
      imports
        .filter(({ from }) => from !== 'zod' && !from.startsWith('main/contract/'))
        .map(({ from }) => `${path}: ${from}`),
    );
    expect(foreign).toEqual([]);
  });
});

/** The only files that may import a heavy package, by package. Types may be imported anywhere below main/. */
const importSites: Record<string, (path: string) => boolean> = {
  'onnxruntime-node': (path) => path === 'main/training/session.ts',
  tokenizers: (path) => path === 'main/tokens/tokenizer.ts',
  'better-sqlite3': (path) => path === 'main/store/database.ts',
  electron: (path) =>
    ['main/main.ts', 'main/window.ts', 'main/menu.ts', 'main/bridge/ipc.ts', 'preload/preload.ts'].includes(
      path,
    ),
  systeminformation: (path) => path === 'main/handlers/devices.ts',
  ws: (path) => path === 'main/bridge/websocket.ts',
  'pdf-parse': (path) => path.startsWith('main/documents/pdf'),
  mammoth: (path) => path.startsWith('main/documents/docx'),
  papaparse: (path) => path.startsWith('main/documents/csv'),
  '@mozilla/readability': (path) => path.startsWith('main/documents/html'),
  chardet: (path) => path === 'main/documents/encoding.ts',
  'iconv-lite': (path) => path === 'main/documents/encoding.ts',
  'electron-builder': (path) => path === 'main/package.ts',
  esbuild: (path) => path === 'main/package.ts',
  recharts: (path) => path.startsWith('renderer/components/'),
};

test('heavy packages have one import site', () => {
  const wrong = [...inFolder('main'), ...inFolder('preload'), ...inFolder('renderer')].flatMap(
    ({ path, imports }) =>
      imports
        .filter(({ from, typeOnly }) => {
          const name = Object.keys(importSites).find((one) => from === one || from.startsWith(`${one}/`));
          return name !== undefined && !typeOnly && !importSites[name](path);
        })
        .map(({ from }) => `${path} imports ${from}`),
  );
  expect(wrong).toEqual([]);
});

describe('files', () => {
  test(`no file has more than ${maxLines} lines`, () => {
    const long = files.filter(({ text }) => text.split('\n').length - 1 > maxLines);
    expect(long.map(({ path, text }) => `${path}: ${text.split('\n').length - 1}`)).toEqual([]);
  });

  test('each file of main/ and renderer/ opens with what it is', () => {
    const silent = [...inFolder('main'), ...inFolder('renderer')].filter(
      ({ text }) => !/^(#!.*\n)?(\/\/|\/\*)/.test(text),
    );
    expect(silent.map(({ path }) => path)).toEqual([]);
  });

  test('exports have names; only configurations have a default', () => {
    const defaults = files.filter(
      ({ path, text }) =>
        /^export default|export \{[^}]*\bas default\b/m.test(text) && !/\.config\.ts$/.test(path),
    );
    expect(defaults.map(({ path }) => path)).toEqual([]);
  });

  test('nothing is `any`, and no error of the compiler is silenced', () => {
    const loose = files.flatMap(({ path, text }) =>
      text
        .split('\n')
        .map((line, index) => ({ line, place: `${path}:${index + 1}` }))
        .filter(
          ({ line }) =>
            /(:|<|\bas|,|\()\s*any\b(?=[\s,;)>[\]|&=]|$)/.test(line.replace(/\/\/.*|(['"`]).*?\1/g, '')) ||
            /@ts-(ignore|nocheck|expect-error)/.test(line),
        )
        .filter(({ place }) => !place.startsWith('test/rules.test.ts'))
        .map(({ place }) => place),
    );
    expect(loose).toEqual([]);
  });

  test('there are no rooms for leftovers', () => {
    const rooms = files.filter(({ path }) => /^(main|renderer)\/(.*\/)?(utils|common|helpers)\b/.test(path));
    expect(rooms.map(({ path }) => path)).toEqual([]);
  });
});

/** Registries whose entries are files. An entry is tested by name, by import, or by a reference of its name. */
const registries = [
  'main/documents',
  'main/datasets/steps',
  'main/models',
  'main/metrics',
  'main/exporters',
  'main/jobs',
];

describe('registries', () => {
  const tested = files.filter(({ path }) => /\.test\.tsx?$/.test(path));
  for (const folder of registries)
    test(`every entry of ${folder} has a test`, () => {
      const index = files.find(({ path }) => path === `${folder}/index.ts`);
      if (!index) throw new Error(`${folder}/index.ts is missing`);
      const entriesHere = index.imports
        .filter(({ from, typeOnly }) => !typeOnly && from.startsWith(`${folder}/`))
        .map(({ from }) => from)
        .filter((from) => /^\s+(id|kind): ['"`]/m.test(files.find(({ path }) => path === from)?.text ?? '')); // not a tool
      expect(entriesHere.length).toBeGreaterThan(0);
      const untested = entriesHere.filter((entry) => {
        const id = entry.slice(folder.length + 1).replace(/\.ts$/, '');
        if (existsSync(join(root, 'test', 'reference', id))) return false;
        return !tested.some(
          ({ path, text, imports }) =>
            path === `test/${folder}/${id}.test.ts` ||
            imports.some(({ from }) => from === entry) ||
            (path.startsWith(`test/${folder}`) && text.includes(`'${id}'`)),
        );
      });
      expect(untested).toEqual([]);
    });
});
