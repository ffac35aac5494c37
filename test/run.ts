// `npm test`: types, lint, then all tests with Vitest, and one last line `N passed, N failed`. Installs Chromium first
// where the machine can get it; journeys that find none fail with what to install. Arguments narrow the tests down:
// `npm test -- test/main/store` runs only those, without the static checks.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Check, report, staticChecks, vitest } from './check.ts';
import { installChromium } from './helpers/chromium.ts';

interface Totals {
  passed: number;
  failed: number;
  skipped: number;
}

interface VitestReport {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  testResults: {
    name: string;
    status: string;
    message: string;
    assertionResults: { status: string; fullName: string }[];
  }[];
}

const root = join(import.meta.dirname, '..');
const say = (sentence: string): void => void process.stdout.write(`${sentence}\n`);

async function runVitest(args: string[]): Promise<Totals> {
  const folder = mkdtempSync(join(tmpdir(), 'tunesmith-test-'));
  const file = join(folder, 'report.json');
  try {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
    const code = await new Promise<number>((resolve) => {
      const child = spawn(process.execPath, vitest(...reporters, ...args), { cwd: root, stdio: 'inherit' });
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
      child.on('exit', (exit) => resolve(exit ?? 1));
    });
    return totalsOf(JSON.parse(readFileSync(file, 'utf8')) as VitestReport, code);
  } catch (error) {
    say(`The test runner ended without a report: ${(error as Error).message}`);
    return { passed: 0, failed: 1, skipped: 0 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A file that could not be loaded has no failed test of its own, and counts as one. */
function totalsOf(found: VitestReport, code: number): Totals {
  const broken = found.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  );
  const failed = found.numFailedTests + broken.length;
  return {
    passed: found.numPassedTests,
    failed: failed === 0 && code !== 0 ? 1 : failed, // such as an error outside of any test
    skipped: found.numPendingTests + found.numTodoTests,
  };
}

/**
 * Plain functions over plain data, which leave nothing behind: their files share two processes, which halves their time.
 * Not the renderer, whose stores live as long as their module.
 */
const plain = [
  'main/bridge',
  'main/compiler',
  'main/contract',
  'main/datasets',
  'main/documents',
  'main/exporters',
  'main/inference',
  'main/metrics',
  'main/models',
  'main/store',
  'main/tokens',
].map((folder) => `test/${folder}/`);

/** These look at the screens over the fake backend, and need no engine. */
const overFakeBackend = ['keys', 'screens'];
const exclude = (...globs: string[]): string[] => globs.flatMap((glob) => ['--exclude', glob]);

/**
 * Tests that need least come first; journeys with an engine run alone, because that and a browser fill two cores. A folder
 * that is named nowhere here is in the second tier.
 */
const tiers: { name: string; args: string[] }[] = [
  { name: 'units', args: ['--no-isolate', ...plain] },
  {
    name: 'engine, processes, conformance, and screens over the fake backend',
    args: exclude(
      ...plain.map((folder) => `${folder}**`),
      `test/journeys/!(${overFakeBackend.join('|')}).test.ts`,
    ),
  },
  {
    name: 'journeys',
    args: [
      'test/journeys',
      ...exclude(...overFakeBackend.map((name) => `test/journeys/${name}.test.ts`)),
      '--maxWorkers=1',
      '--passWithNoTests',
    ],
  },
];

const narrowed = process.argv.slice(2);
const started = Date.now();
const checks: Check[] = [];
const totals: Totals = { passed: 0, failed: 0, skipped: 0 };
if (narrowed.length === 0) {
  checks.push(...(await staticChecks()));
  checks.forEach(report);
  if (!installChromium(say)) say('No Chromium was found: the browser tests will say what to install.');
}
for (const tier of narrowed.length > 0 ? [{ name: narrowed.join(' '), args: narrowed }] : tiers) {
  say(`\n${tier.name}`);
  const found = await runVitest(tier.args);
  for (const key of ['passed', 'failed', 'skipped'] as const) totals[key] += found[key];
}
for (const check of checks) {
  totals[check.ok ? 'passed' : 'failed'] += 1;
  if (!check.ok) say(`FAILED  ${check.name} (its output is above)`);
}
say(`${Math.round((Date.now() - started) / 1000)} seconds`);
const skipped = totals.skipped > 0 ? `, ${totals.skipped} skipped` : '';
say(`${totals.passed} passed, ${totals.failed} failed${skipped}`);
process.exit(totals.failed === 0 && totals.passed > 0 ? 0 : 1);
