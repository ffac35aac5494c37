// `npm run conformance -- DIR... [--provider cpu|webgpu]`: compares what Tunesmith computes with the
// reference data below the folders, prints a table, and exits with 1 when anything fails.
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Provider } from '../../main/compiler/lowering.ts';
import { AppError } from '../../main/errors.ts';
import { requireProvider } from '../../main/training/session.ts';
import { runOnSoftwareDriver } from '../../main/training/vulkan.ts';
import type { Row } from './check.ts';
import { checks } from './index.ts';
import { runConformance } from './runner.ts';
import { formatCounts, formatTable } from './table.ts';

const usage = 'npm run conformance -- DIR... [--provider cpu|webgpu]';
const providers = ['cpu', 'webgpu'];

function fail(message: string): never {
  process.stderr.write(`${message}\n${usage}\n`);
  process.exit(2);
}

function readArguments(): { folders: string[]; provider: string } {
  try {
    const { positionals, values } = parseArgs({
      allowPositionals: true,
      options: { provider: { type: 'string', default: 'cpu' } },
    });
    return { folders: positionals, provider: values.provider };
  } catch (thrown) {
    return fail((thrown as Error).message);
  }
}

const { folders, provider } = readArguments();
if (folders.length === 0) fail('Name at least one folder of reference data.');
if (!providers.includes(provider))
  fail(`"${provider}" is not a provider; there are: ${providers.join(', ')}.`);
const missing = folders.find((folder) => !existsSync(folder));
if (missing !== undefined) fail(`There is no folder ${missing}.`);

try {
  await requireProvider(provider as Provider);
} catch (thrown) {
  if (!(thrown instanceof AppError)) throw thrown;
  const status = provider === 'webgpu' ? runOnSoftwareDriver() : undefined;
  if (status !== undefined) process.exit(status);
  fail(`${thrown.message} ${thrown.remedy}`);
}

const rows: Row[] = [];
const counts = await runConformance(folders, checks, { provider }, (row) => {
  rows.push(row);
  if (process.stderr.isTTY) process.stderr.write(`\r${rows.length} quantities compared`);
});
if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
process.stdout.write(`${formatTable(rows)}\n\n${formatCounts(counts)}\n`);
process.exitCode = counts.failed > 0 ? 1 : 0;
