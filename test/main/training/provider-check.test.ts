// How a provider is trusted: the processor agrees with itself, a wrong operation is found and named, and
// WebGPU computes what the processor computes where a software driver for it is installed.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { lowerings } from '../../../main/compiler/lowering.ts';
import {
  type CheckProgress,
  checkProvider,
  type ProviderCheck,
  verdictOf,
} from '../../../main/training/provider-check.ts';
import { softwareDriver } from '../../../main/training/vulkan.ts';

const command = (args: string[], env: Record<string, string> = {}) =>
  spawnSync(process.execPath, [join(import.meta.dirname, '../../../main/provider-check.ts'), ...args], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });

describe('the check', () => {
  test('the processor agrees with itself in every operation and every bit of the loss', async () => {
    const progress: CheckProgress[] = [];
    const check = await checkProvider('cpu', (step) => progress.push(step));
    expect(check).toMatchObject({ wrong: [], lossDifference: 0, trusted: true });
    expect(check.agreeing).toBe(check.operations);
    expect(check.operations).toBeGreaterThan(120);
    const done = progress.map((step) => step.done);
    expect(done).toEqual([...done].sort((a, b) => a - b));
    expect(progress.at(-1)).toMatchObject({ done: progress[0].total, total: progress[0].total });
    expect(check.float16).toMatchObject({ wrong: [], lossDifference: 0, trusted: true });
    expect(verdictOf(check)).toMatch(
      /^cpu computes correctly: \d+ of \d+ operations agree .* differ by at most 0\.0e\+0\. Its \d+ operations of float16 agree too\.$/,
    );
  });

  test('an operation that is wrong on one of the two is found, named, and enough to be refused', async () => {
    const right = lowerings.silu;
    onTestFinished(() => {
      lowerings.silu = right;
    });
    let lowered = 0;
    lowerings.silu = (node, emit) =>
      lowered++ % 2 === 0 ? right(node, emit) : lowerings.sigmoid(node, emit);
    const check = await checkProvider('cpu');
    expect(check.trusted).toBe(false);
    expect(check.wrong.map(({ kind }) => kind.split(' ')[0])).toContain('silu');
    expect(check.wrong.every(({ difference }) => difference > 1e-2)).toBe(true);
    expect(verdictOf(check)).toMatch(/^cpu must not be used for training here: .* Wrong: silu\.$/);
  });

  test('products of halves have a verdict of their own', async () => {
    const right = lowerings.gemm;
    onTestFinished(() => {
      lowerings.gemm = right;
    });
    let lowered = 0;
    lowerings.gemm = (node, emit) => {
      if (node.outputs[0].dtype === 'float32' || lowered++ % 2 === 0) return right(node, emit);
      right({ ...node, attributes: { ...node.attributes, alpha: 2 } }, emit);
    };
    const check = await checkProvider('cpu');
    expect(check.trusted).toBe(true);
    expect(check.float16?.trusted).toBe(false);
    expect(verdictOf(check)).toMatch(
      /^cpu computes correctly: .* Float16 must not be used here: wrong are gemm\.$/,
    );
  });

  test('an operation that cannot be computed at all is wrong, with the reason', async () => {
    const right = lowerings.softmax;
    onTestFinished(() => {
      lowerings.softmax = right;
    });
    let lowered = 0;
    lowerings.softmax = (node, emit) => {
      if (lowered++ === 1) throw new Error('no shader for this\nsecond line');
      right(node, emit);
    };
    const { wrong, trusted } = await checkProvider('cpu');
    expect(trusted).toBe(false);
    expect(wrong).toEqual([
      expect.objectContaining({ difference: Number.NaN, reason: 'no shader for this' }),
    ]);
  });
});

describe('the command', () => {
  test('names the providers when it is given none or an unknown one', () => {
    expect(command([])).toMatchObject({ status: 2, stderr: expect.stringContaining('Name one provider') });
    expect(command(['abacus'])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('there are: cpu'),
    });
  });

  const driver = softwareDriver();
  const reason = 'absent' in driver ? driver.absent : '';

  test.skipIf(reason !== '')(
    `WebGPU agrees with the processor on a software driver ${reason}`,
    { timeout: 900_000 },
    () => {
      const environment = 'absent' in driver ? {} : driver.environment;
      const { status, stdout } = command(['webgpu', '--json'], environment);
      const check = JSON.parse(stdout) as ProviderCheck;
      expect(check.wrong).toEqual([]);
      expect(check.float16).toBeNull(); // this driver has none
      expect(check.lossDifference).toBeLessThan(1e-4);
      expect(status).toBe(0);
    },
  );
});
