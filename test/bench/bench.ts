// What a benchmark is, and small helpers that all share. Times are medians; spread is the middle half.
import { spawn } from 'node:child_process';
import { nodeOptions } from '../../main/jobs/launcher.ts';
import { allocatorEnvironment } from '../../main/training/allocator.ts';

export interface BenchOptions {
  say(line: string): void;
  rounds: number;
  threads: number;
}

export interface Bench {
  id: string;
  label: string;
  run(options: BenchOptions): Promise<void>;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** "3.10 (2.95 to 3.40)": median and range. */
export function spread(values: readonly number[], digits = 2): string {
  return `${median(values).toFixed(digits)} (${Math.min(...values).toFixed(digits)} to ${Math.max(...values).toFixed(digits)})`;
}

/** Runs a command to its end and parses the last line of its output as JSON. */
export function jsonOf<T>(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<T> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ...env },
    });
    let output = '';
    child.stdout.on('data', (data: Buffer) => {
      output += data.toString();
    });
    child.on('error', reject);
    child.on('exit', (code) => {
      const line = output.trim().split('\n').at(-1) ?? '';
      if (code !== 0) reject(new Error(`${command} ended with ${code}`));
      else resolve(JSON.parse(line) as T);
    });
  });
}

/** What a script says that trains, in a process which is started as an engine is. */
export function jsonOfTraining<T>(script: string, ...args: string[]): Promise<T> {
  return jsonOf(process.execPath, [...(nodeOptions.train ?? []), script, ...args], allocatorEnvironment());
}
