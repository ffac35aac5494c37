// `npm run provider-check -- PROVIDER [--json]`: compares a provider with the processor, operation by
// operation and over twenty steps of training, prints what differs, and exits with 1 when the provider
// must not be used.
import { parseArgs } from 'node:util';
import { AppError } from './errors.ts';
import {
  type CheckProgress,
  checkProvider,
  type ProviderCheck,
  verdictOf,
} from './training/provider-check.ts';
import { builtInProviders } from './training/session.ts';
import { runOnSoftwareDriver } from './training/vulkan.ts';

const usage = 'npm run provider-check -- PROVIDER [--json]';

function fail(message: string, remedy = usage): never {
  process.stderr.write(`${message}\n${remedy}\n`);
  process.exit(2);
}

function readArguments(): { name: string; json: boolean } {
  try {
    const { positionals, values } = parseArgs({
      allowPositionals: true,
      options: { json: { type: 'boolean' } },
    });
    if (positionals.length !== 1) fail('Name one provider.');
    return { name: positionals[0], json: values.json ?? false };
  } catch (thrown) {
    return fail((thrown as Error).message);
  }
}

function showProgress({ done, total, what }: CheckProgress): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${done} of ${total}  ${what.slice(0, 80)}`);
}

function print(check: ProviderCheck): void {
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  for (const { kind, difference, reason } of check.wrong) {
    const fault = reason === undefined ? `off by ${difference.toExponential(1)}` : reason;
    process.stdout.write(`${kind}: ${fault}\n`);
  }
  process.stdout.write(`${verdictOf(check)}\n`);
}

const { name, json } = readArguments();
const provider = builtInProviders().find((known) => known === name);
if (provider === undefined)
  fail(`"${name}" is not built in here; there are: ${builtInProviders().join(', ')}.`);

try {
  const check = await checkProvider(provider, showProgress);
  if (json) process.stdout.write(`${JSON.stringify(check)}\n`);
  else print(check);
  process.exitCode = check.trusted ? 0 : 1;
} catch (thrown) {
  if (!(thrown instanceof AppError)) throw thrown;
  const status =
    thrown.code === 'provider-absent' && provider === 'webgpu' ? runOnSoftwareDriver() : undefined;
  if (status !== undefined) process.exit(status);
  fail(thrown.message, thrown.remedy);
}
