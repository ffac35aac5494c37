// The parts that Tunesmith is built from, with the text of each licence: the packages that run beside it, those whose
// code is in the pages, and what their files hold. Read from the lockfile and node_modules; a package carries the result.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { LicencedPart } from '../contract/settings.ts';
import { AppError } from '../errors.ts';

/** Written by main/package.ts into the application's folder, where there is no lockfile. */
export const partsFile = 'out/licences.json';

const Locked = z.looseObject({
  version: z.string().default(''),
  license: z.string().optional(),
  dev: z.boolean().optional(),
  optional: z.boolean().optional(),
  dependencies: z.record(z.string(), z.string()).default({}),
  optionalDependencies: z.record(z.string(), z.string()).default({}),
  peerDependencies: z.record(z.string(), z.string()).default({}),
});
const Lock = z.object({ packages: z.record(z.string(), Locked) });
type Packages = z.infer<typeof Lock>['packages'];

const Manifest = z.looseObject({
  version: z.string().default(''),
  license: z.unknown().optional(),
  author: z.unknown().optional(),
  homepage: z.string().optional(),
  repository: z.union([z.string(), z.looseObject({ url: z.string() })]).optional(),
});

/** The parts, by name. From the lockfile where there is one, else as they were when the package was made. */
export function licencedParts(root: string): LicencedPart[] {
  if (existsSync(join(root, 'package-lock.json'))) return collectParts(root);
  return z.array(LicencedPart).parse(JSON.parse(readFileSync(join(root, partsFile), 'utf8')));
}

/** @throws AppError `licences-missing` where a part is not installed that has to be */
export function collectParts(root: string): LicencedPart[] {
  const { packages } = Lock.parse(JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')));
  const folders = new Set([
    ...productionFolders(packages),
    ...pageFolders(root, packages),
    'node_modules/electron',
  ]);
  const parts = [...folders].flatMap((folder) => {
    if (existsSync(join(root, folder, 'package.json'))) return partOf(root, folder);
    if (packages[folder]?.optional) return []; // made for another system
    throw new AppError('licences-missing', `"${folder}" is not installed.`, 'Run "npm ci" and try again.');
  });
  return parts.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** Folders of all packages that a package of Tunesmith carries. */
export function productionFolders(packages: Packages): string[] {
  return Object.keys(packages).filter((folder) => folder !== '' && !packages[folder].dev);
}

/** Folders of the packages that the pages import, and of all that those need. */
function pageFolders(root: string, packages: Packages): Set<string> {
  const found = new Set<string>();
  const add = (name: string, from: string): void => {
    const folder = resolveIn(packages, name, from);
    if (folder === null || found.has(folder)) return;
    found.add(folder);
    const { dependencies, peerDependencies } = packages[folder];
    for (const needed of Object.keys({ ...dependencies, ...peerDependencies })) add(needed, folder);
  };
  for (const name of importedBy(join(root, 'renderer'))) add(name, '');
  return new Set([...found].filter((folder) => !folder.includes('node_modules/@types/'))); // no code is in them
}

/** Names of packages in import statements and style sheets below a folder. */
function importedBy(folder: string): Set<string> {
  const names = new Set<string>();
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile() || !/\.(tsx?|css)$/.test(entry.name) || entry.name === 'vite.config.ts') continue;
    const text = readFileSync(join(entry.parentPath, entry.name), 'utf8');
    for (const [, name] of text.matchAll(/(?:from|import)\s+['"]((?:@[\w.-]+\/)?[\w-][\w.-]*)/g))
      names.add(name);
  }
  return names;
}

/** Where Node finds `name` for the package in `from`: in its own node_modules, or further out. */
function resolveIn(packages: Packages, name: string, from: string): string | null {
  for (
    let at = from;
    ;
    at = at.includes('/node_modules/') ? at.slice(0, at.lastIndexOf('/node_modules/')) : ''
  ) {
    const folder = `${at === '' ? '' : `${at}/`}node_modules/${name}`;
    if (folder in packages) return folder;
    if (at === '') return null; // an optional peer that is not installed
  }
}

function partOf(root: string, folder: string): LicencedPart {
  const manifest = Manifest.parse(JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')));
  const name = folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length);
  const licence = licenceOf(manifest.license);
  const source = sourceOf(manifest);
  const texts = licenceTexts(join(root, folder));
  if (texts.length === 0) texts.push(standardText(name, licence, source, manifest.author));
  const more = contents[name];
  if (more !== undefined) texts.push(more(manifest.version));
  return { name, version: manifest.version, licence, source, text: texts.join('\n\n') };
}

/** Old packages state an object or a list. */
function licenceOf(stated: unknown): string {
  if (typeof stated === 'string') return stated;
  const list = (Array.isArray(stated) ? stated : [stated]) as ({ type?: unknown } | undefined)[];
  return list.flatMap((one) => (typeof one?.type === 'string' ? one.type : [])).join(' OR ') || 'not stated';
}

function sourceOf({ repository, homepage }: z.infer<typeof Manifest>): string {
  const url = (typeof repository === 'string' ? repository : repository?.url) ?? homepage ?? '';
  const plain = url
    .replace(/^git\+/, '')
    .replace(/^(github:|git@github\.com:)/, 'https://github.com/')
    .replace(/^(git|ssh):\/\/(git@)?/, 'https://')
    .replace(/\.git$/, '');
  return /^[\w.-]+\/[\w.-]+$/.test(plain) ? `https://github.com/${plain}` : plain;
}

const licenceName = /^(licen[cs]es?|copying|notices?|third.?party.?(notices?|licen[cs]es?))(?=$|[-._])/i;
const noText = /\.([cm]?[jt]sx?|json|map|html)$/i;

/** Texts of the licence files in a package, those beside package.json first. Its own node_modules are other parts. */
function licenceTexts(folder: string, depth = 2): string[] {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  const own = entries
    .filter((entry) => entry.isFile() && licenceName.test(entry.name) && !noText.test(entry.name))
    .map(({ name }) => readFileSync(join(folder, name), 'utf8').replace(/\r\n?/g, '\n').trim());
  if (depth === 0) return own;
  const below = entries
    .filter((entry) => entry.isDirectory() && entry.name !== 'node_modules')
    .flatMap(({ name }) => licenceTexts(join(folder, name), depth - 1));
  return [...own, ...below.filter((text) => !own.includes(text))];
}

/** For packages that come without a text: who made it, and the licence that it names. */
function standardText(name: string, licence: string, source: string, author: unknown): string {
  const given = typeof author === 'string' ? author : (author as { name?: unknown } | undefined)?.name;
  const who =
    typeof given === 'string' ? `${given} and the other authors of ${name}` : `the authors of ${name}`;
  const head = `${name} comes without a licence file. It states the licence "${licence}". Source: ${source || 'not stated'}`;
  return licence === 'MIT' ? `${head}\n\nMIT License\n\nCopyright (c) ${who}\n\n${mit}` : head;
}

/** What is compiled into the files of a package, where the package itself does not say it. */
const contents: Record<string, (version: string) => string> = {
  'onnxruntime-node': (version) =>
    'Copyright (c) Microsoft Corporation. The native libraries hold further parts, whose notices are at ' +
    `https://github.com/microsoft/onnxruntime/blob/v${version}/ThirdPartyNotices.txt`,
  tokenizers: () =>
    'The native library is compiled from Rust crates under the MIT and Apache-2.0 licences, which Cargo.toml in its ' +
    'source names.',
  'better-sqlite3': () =>
    'The native library holds SQLite, which is in the public domain: https://sqlite.org/copyright.html',
  electron: () =>
    'Electron holds Chromium and Node. Their licences are in LICENSES.chromium.html, which lies beside the program.',
};

const mit = `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;

/** The file that lies in a package: a list of the parts, then each text. */
export function noticesOf(parts: readonly LicencedPart[]): string {
  const line = '='.repeat(78);
  const list = parts.map(({ name, version, licence }) => `  ${name} ${version}: ${licence}`);
  const texts = parts.map(
    ({ name, version, licence, source, text }) =>
      `${line}\n${name} ${version}\nLicence: ${licence}\nSource: ${source || 'not stated'}\n${line}\n\n${text}\n`,
  );
  return [
    'Tunesmith is built from these parts. Each is under a licence of its own, whose text follows the list.',
    ['', ...list, ''].join('\n'),
    ...texts,
  ].join('\n');
}
