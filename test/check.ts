// `npm run check`: types, lint and format, and the rules about layers and files. Seconds, before a commit.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

export interface Check {
  name: string;
  ok: boolean;
  output: string;
}

const tool = (name: string): string =>
  join(root, 'node_modules', '.bin', process.platform === 'win32' ? `${name}.cmd` : name);

/** Runs a program of the repository; its output is shown only when it fails. */
function run(name: string, command: string, args: string[]): Promise<Check> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, shell: process.platform === 'win32' });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (piece: Buffer) => {
        output += piece.toString();
      });
    child.on('error', (error) => resolve({ name, ok: false, output: error.message }));
    child.on('exit', (code) => resolve({ name, ok: code === 0, output }));
  });
}

/** Types of main (with preload, tests and resources) and of the renderer, lint and format of all of them; side by side. */
export function staticChecks(): Promise<Check[]> {
  const projects = ['main', 'renderer'].filter((name) => existsSync(join(root, name, 'tsconfig.json')));
  const folders = ['main', 'renderer', 'preload', 'test', 'resources'].filter((name) =>
    existsSync(join(root, name)),
  );
  const lint = [
    'check',
    '--config-path',
    join('test', 'lint.json'),
    '--max-diagnostics=50',
    '--error-on-warnings',
  ];
  return Promise.all([
    ...projects.map((project) =>
      run(`types of ${project}`, tool('tsc'), ['-p', join(project, 'tsconfig.json')]),
    ),
    run('lint and format', tool('biome'), [...lint, ...folders]),
  ]);
}

/** Arguments that run Vitest on some tests. */
export const vitest = (...args: string[]): string[] => [
  join(root, 'node_modules', 'vitest', 'vitest.mjs'),
  'run',
  '--config',
  join('test', 'vitest.config.ts'),
  ...args,
];

export function report({ name, ok, output }: Check): void {
  process.stdout.write(`${ok ? 'passed' : 'FAILED'}  ${name}\n`);
  if (!ok) process.stdout.write(`${output.trimEnd()}\n`);
}

if (import.meta.main) {
  const rules = run('rules', process.execPath, vitest('test/rules.test.ts'));
  const checks = [...(await staticChecks()), await rules];
  checks.forEach(report);
  const failed = checks.filter((check) => !check.ok).length;
  process.stdout.write(`${checks.length - failed} passed, ${failed} failed\n`);
  process.exit(failed === 0 ? 0 : 1);
}
