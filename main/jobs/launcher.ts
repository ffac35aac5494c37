// Starts engine processes and moves frames. Alone knows how: a plain Node child (the same in Electron, browser mode
// and tests), because native libraries crash in Electron's own allocator (electron#44291, onnxruntime#29763). Where a
// package has no Node inside, Electron's entry passes its own way to start one.
import { type ChildProcess, fork } from 'node:child_process';
import { createWriteStream, type WriteStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { log } from '../log.ts';
import { allocatorEnvironment } from '../training/allocator.ts';
import type { FromEngine, JobKind, ToEngine } from './job.ts';

/** How an engine process ended. `frame` is its own last word; without it, it crashed or was killed. */
export interface EngineExit {
  code: number | null;
  signal: string | null;
  /** The last 4,000 characters that it printed. */
  printed: string;
  killed: boolean;
}

export interface Engine {
  pid: number | null;
  send(frame: ToEngine): void;
  /** Sends `stop`, and kills the process when it has not ended after `killAfterMs`. */
  stop(killAfterMs: number): void;
  kill(): void;
  exited: Promise<EngineExit>;
}

/** A process with a message channel: `ChildProcess` fits; Electron's utility process is adapted by its entry. */
export interface EngineProcess {
  pid?: number;
  stdout: Readable | null;
  stderr: Readable | null;
  send(message: ToEngine): unknown;
  kill(): unknown;
  on(event: 'message', listener: (message: unknown) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'exit', listener: (code: number | null, signal: string | null) => void): unknown;
}

export type ForkEngine = (file: string, nodeArgs: string[], env: NodeJS.ProcessEnv) => EngineProcess;

/** Forks plain Node. `nodePath` is the bundled or the running Node, never Electron's binary. */
export function forkWithNode(nodePath: string): ForkEngine {
  return (file, nodeArgs, env) =>
    fork(file, [], {
      execPath: nodePath,
      execArgv: nodeArgs,
      serialization: 'json',
      env,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // Its own group, so that Ctrl-C in a terminal reaches the backend alone, which then asks engines to stop.
      detached: process.platform !== 'win32',
    }) as ChildProcess & EngineProcess;
}

export interface LauncherOptions {
  /** Absolute path of `engine.ts`, or of its bundle. */
  engineFile: string;
  fork: ForkEngine;
  /** What an engine that gets this input must find in its environment, such as the place of libraries. */
  environmentFor?(input: unknown): NodeJS.ProcessEnv;
}

/**
 * Options of Node by kind of job. Foreign files are parsed under a memory limit, in MB of JavaScript heap. A training makes
 * graphs now and then and lives long: its garbage, up to 70 MB beside 25 MB of live objects, is collected early. (With
 * `--optimize-for-size` it is 12 MB less, but a graph takes a tenth longer to make.)
 */
export const nodeOptions: Partial<Record<JobKind, readonly string[]>> = {
  'import-documents': ['--max-old-space-size=2048'],
  train: ['--max-semi-space-size=2'],
};
const tailCharacters = 4000;
/** A little more than the grace that engine.ts gives itself. */
const orphanMs = 25_000;

export type Launch = ReturnType<typeof createLauncher>;

export function createLauncher(options: LauncherOptions) {
  return function launch(
    kind: JobKind,
    input: unknown,
    settings: { logFile: string | null; onFrame(frame: FromEngine): void },
  ): Engine {
    const child = options.fork(options.engineFile, [...(nodeOptions[kind] ?? [])], {
      ...engineEnvironment(),
      ...options.environmentFor?.(input),
    });
    const printed = collect(child, settings.logFile);
    let ended = false;
    let killed = false;
    let killTimer: NodeJS.Timeout | undefined;

    const exited = new Promise<EngineExit>((resolve) => {
      const end = (code: number | null, signal: string | null) => {
        if (ended) return;
        ended = true;
        clearTimeout(killTimer);
        log(code === 0 ? 'debug' : 'warn', 'engine.exit', { kind, enginePid: child.pid, code, signal });
        resolve({ code, signal, printed: printed(), killed });
      };
      child.on('exit', end);
      child.on('error', (error) => {
        log('error', 'engine.error', { kind, error });
        end(null, null);
      });
    });
    child.on('message', (frame) => settings.onFrame(frame as FromEngine));

    const send = (frame: ToEngine) => {
      if (ended) return;
      try {
        child.send(frame);
      } catch (error) {
        log('debug', 'engine.send', { kind, error }); // it ended meanwhile: `exited` tells
      }
    };
    const kill = () => {
      if (ended) return;
      killed = true;
      if (child.pid === undefined) child.kill();
      else process.kill(child.pid, 'SIGKILL');
    };
    send({ type: 'start', kind, input, logFile: settings.logFile });
    return {
      pid: child.pid ?? null,
      send,
      kill,
      stop(killAfterMs) {
        send({ type: 'stop' });
        killTimer ??= setTimeout(kill, killAfterMs);
      },
      exited,
    };
  };
}

/**
 * Resolves when an engine that lost its backend has ended: it saves and ends by itself within 20 seconds, and its
 * files are not touched before that.
 */
export async function engineGone(pid: number | null): Promise<void> {
  if (pid === null) return;
  const deadline = Date.now() + orphanMs;
  while (Date.now() < deadline) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await new Promise((wait) => setTimeout(wait, 100));
  }
}

/** Variables of the host that would change how the child runs are not passed on. */
function engineEnvironment(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _, ELECTRON_RUN_AS_NODE: __, NODE_CHANNEL_FD: ___, ...env } = process.env;
  return { ...env, ...allocatorEnvironment(env) };
}

/** Keeps the tail of what the process prints, and appends all of it to the log file of the job. */
function collect(child: EngineProcess, logFile: string | null): () => string {
  let tail = '';
  let file: WriteStream | undefined;
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8');
    stream?.on('data', (text: string) => {
      tail = (tail + text).slice(-tailCharacters);
      if (logFile === null) return;
      file ??= createWriteStream(logFile, { flags: 'a' }).on('error', () => {});
      file.write(text);
    });
  }
  child.on('exit', () => file?.end());
  return () => tail;
}
