// The command line as a program of its own where the system says that text is ASCII (LANG=C).
import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from '../../helpers/home.ts';

const root = join(import.meta.dirname, '../../..');
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(LANG|LANGUAGE|LC_.*)$/.test(name)),
);

function commandLine(home: string) {
  const env = { ...environment, LANG: 'C', LC_ALL: 'C', TUNESMITH_HOME: home, TUNESMITH_SAMPLE: 'off' };
  return async (...args: string[]) => {
    const command = [join(root, 'main', 'cli.ts'), ...args, '--json'];
    const { stdout } = await promisify(execFile)(process.execPath, command, { env, encoding: 'utf8' });
    return JSON.parse(stdout);
  };
}

test('names beyond ASCII survive import, project folder and export under LANG=C (F03)', async () => {
  const { folder, remove } = temporaryFolder('Daten für Bücher 文 ø');
  onTestFinished(remove);
  mkdirSync(folder, { recursive: true });
  const documents = ['Prüfung ø 語 🦊.jsonl', 'zerlegt e\u0301 100%20 #.jsonl']; // the second in NFD
  for (const [at, name] of documents.entries()) {
    const rows = Array.from({ length: 20 }, (_, i) => ({
      prompt: `Größe ${at}.${i}?`,
      completion: ` ${i} Ellen, für Ø`,
    }));
    writeFileSync(join(folder, name), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  }
  const tunesmith = commandLine(join(folder, 'Häuser'));
  const project = await tunesmith('project', 'create', 'Grüße aus Łódź 文');
  expect(project.name).toBe('Grüße aus Łódź 文');
  const paths = documents.map((name) => join(folder, name));
  await tunesmith('documents', 'import', project.id, ...paths, '--rights', 'own-work', '--who', 'Jürgen');
  const listed: string[] = (await tunesmith('documents', 'list', project.id)).sources.map(
    ({ name }: { name: string }) => name,
  );
  expect(listed.sort()).toEqual([...documents].sort());
  const projects: { name: string }[] = await tunesmith('project', 'list');
  expect(projects.map(({ name }) => name)).toEqual(['Grüße aus Łódź 文']);

  await tunesmith('dataset', 'build', project.id);
  const { records } = await tunesmith('dataset', 'show', project.id);
  expect(JSON.stringify(records)).toContain('Ellen, für Ø');
  const model = await tunesmith('model', 'add', join(root, 'test/reference/llama'));
  const settings = ['epochs=1', 'lora.rank=2', 'evalEvery=0', 'samplePrompts=[]'].flatMap((one) => [
    '--set',
    one,
  ]);
  await tunesmith(
    'run',
    'start',
    project.id,
    '--model',
    model.id,
    ...settings,
    '--no-evaluate',
    '--name',
    'Übung',
  );
  const target = join(folder, 'Ausgabe ü');
  const made = await tunesmith('export', project.id, '--format', 'hugging-face', '--to', target);
  expect(made.parity).toMatchObject({ same: true });
  expect(readdirSync(folder)).toContain('Ausgabe ü');
  expect(readFileSync(join(target, 'README.md'), 'utf8')).toContain('# llama, Übung');
});
