// Browser mode as a process of its own, and a client that talks to it as a page does. For tests that kill the backend.
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import WebSocket from 'ws';
import type { CallInput, CallName, CallOutput } from '../../main/contract/index.ts';
import { root } from './home.ts';

export interface TestServer {
  process: ChildProcess;
  /** The printed address, with its token. */
  url: URL;
  /** Ends it as a crash would. */
  kill(): Promise<void>;
  /** Ends it as Ctrl-C would. */
  stop(): Promise<void>;
}

/** Starts `main/serve.ts` over a home folder and waits for its address. */
export async function startServer(home: string, env: Record<string, string> = {}): Promise<TestServer> {
  const child = spawn(process.execPath, [join(root, 'main', 'serve.ts')], {
    env: { ...process.env, TUNESMITH_HOME: home, TUNESMITH_SAMPLE: 'off', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (piece: Buffer) => {
    errors += piece.toString();
  });
  const ended = new Promise<void>((resolve) => child.on('exit', () => resolve()));
  const url = await new Promise<URL>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (URL.canParse(line)) resolve(new URL(line));
    });
    void ended.then(() => reject(new Error(`The server ended before it printed its address: ${errors}`)));
  });
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    await ended;
  };
  return { process: child, url, kill: () => end('SIGKILL'), stop: () => end('SIGINT') };
}

export interface TestClient {
  call<Name extends CallName>(name: Name, input: CallInput<Name>): Promise<CallOutput<Name>>;
  upload(name: string, text: string): Promise<string>;
  /** Waits until the job has ended, and returns it. */
  job(jobId: string): Promise<CallOutput<'jobs.get'>>;
  events: { event: string; payload: unknown }[];
  close(): void;
}

/** Connects as the page of that address would. */
export async function connectTo(url: URL): Promise<TestClient> {
  const token = url.searchParams.get('token')!;
  const socket = new WebSocket(`ws://${url.host}/ws?token=${token}`, { origin: url.origin });
  await new Promise<void>((resolve, reject) => {
    socket.on('open', () => resolve());
    socket.on('error', reject);
  });
  const pending = new Map<number, { resolve(output: never): void; reject(error: unknown): void }>();
  const events: TestClient['events'] = [];
  let nextId = 1;
  socket.on('message', (data) => {
    const frame = JSON.parse(String(data));
    if (frame.event) events.push(frame);
    else if (frame.ok) pending.get(frame.id)?.resolve(frame.output as never);
    else pending.get(frame.id)?.reject(Object.assign(new Error(frame.error.message), frame.error));
  });
  const call: TestClient['call'] = (name, input) =>
    new Promise((resolve, reject) => {
      const id = nextId++;
      pending.set(id, { resolve, reject });
      socket.send(JSON.stringify({ id, call: name, input }));
    });
  return {
    call,
    events,
    async upload(name, text) {
      const reply = await fetch(`${url.origin}/upload?token=${token}`, {
        method: 'POST',
        headers: { 'x-file-name': encodeURIComponent(name) },
        body: text,
      });
      return ((await reply.json()) as { token: string }).token;
    },
    async job(jobId) {
      for (;;) {
        const job = await call('jobs.get', { jobId });
        if (job.endedAt !== null) return job;
        await new Promise((wait) => setTimeout(wait, 50));
      }
    },
    close: () => socket.close(),
  };
}
