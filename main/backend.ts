// createBackend(): the store, the jobs and the handlers, made into one object that every shell uses: Electron, browser
// mode, the command line and tests. Does not know which of them it serves beyond the powers it was given.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createDispatcher, type Dispatch } from './bridge/dispatch.ts';
import type { Events } from './contract/events.ts';
import { type CallInput, type CallName, type CallOutput, contract } from './contract/index.ts';
import { AppError } from './errors.ts';
import { createFileTokens } from './files.ts';
import { engineEnvironment } from './handlers/cuda.ts';
import { followWishes } from './handlers/elsewhere.ts';
import { createHandlers, createHooks } from './handlers/index.ts';
import { toJob } from './handlers/jobs.ts';
import { ensureStarter } from './handlers/models.ts';
import { recoverJobs, tidyUp } from './handlers/restart.ts';
import { createSampleProject } from './handlers/sample.ts';
import type { Keychain, Services, Shell } from './handlers/services.ts';
import type { HubRequest } from './hub/client.ts';
import { type Interactive, openInteractive } from './jobs/interactive.ts';
import type { EngineCapabilities } from './jobs/job.ts';
import { createLauncher, type ForkEngine, forkWithNode, type Launch } from './jobs/launcher.ts';
import { createQueue } from './jobs/queue.ts';
import { log, openLog } from './log.ts';
import { makeHome, openStore } from './store/index.ts';
import { newId } from './store/rows.ts';

export interface BackendOptions {
  shell: Shell;
  /** Where everything is kept; `homeFolder()` unless a test says otherwise. */
  home: string;
  /** Folder that holds `models/` and `sample/`. */
  resources: string;
  /** `engine.ts`, or its bundle in a package. */
  engineFile: string;
  /** The Node that engines run on; without it, `fork` starts them. */
  nodePath?: string;
  fork?: ForkEngine;
  /** Makes the sample project at the first start. */
  makeSample: boolean;
  version: string;
}

export interface Backend {
  services: Services;
  /** Answers one frame of a transport. */
  dispatch: Dispatch;
  /** Calls a handler in this process, with the same checks. Throws the AppError. */
  call<Name extends CallName>(name: Name, input: CallInput<Name>): Promise<CallOutput<Name>>;
  /** Every event of every kind, as frames; returns the function that ends it. */
  listen(listener: (event: string, payload: unknown) => void): () => void;
  /** Resolves when jobs of an earlier backend were taken over. */
  recovered: Promise<void>;
  close(): Promise<void>;
}

const inspectIdleMs = 120_000;
const chatIdleMs = 600_000;
const copyEveryMs = 30 * 60_000;

/** `TUNESMITH_HOME`, or the place that the system has for it. */
export function homeFolder(): string {
  if (process.env.TUNESMITH_HOME) return process.env.TUNESMITH_HOME;
  if (process.platform === 'win32')
    return join(process.env.APPDATA ?? join(homedir(), 'AppData', 'Roaming'), 'Tunesmith');
  return join(homedir(), '.tunesmith');
}

export function createBackend(options: BackendOptions): Backend {
  makeHome(options.home);
  const logFile = join(options.home, 'logs', 'tunesmith.log');
  openLog(logFile);
  const store = openStore(options.home);
  const launch = createLauncher({
    engineFile: options.engineFile,
    fork: options.fork ?? forkWithNode(options.nodePath ?? process.execPath),
    environmentFor: (input) => engineEnvironment(options.home, input),
  });
  const listeners = new Set<(event: string, payload: unknown) => void>();
  const emit = <Name extends keyof Events>(event: Name, payload: Events[Name]): void => {
    for (const listener of listeners) listener(event, payload);
  };

  const chats = new Set<Interactive>();
  const services: Services = {
    version: options.version,
    resources: options.resources,
    logFile,
    temporary: join(options.home, 'temp', store.owner),
    runtime: {
      node: options.nodePath === undefined ? process.version : pinnedVersion(),
      onnxruntime: ortVersion(),
    },
    shell: options.shell,
    store,
    files: createFileTokens(),
    secrets: options.shell.keychain ?? memoryKeychain(),
    inspect: openInteractive({
      launch,
      kind: 'inspect',
      input: {},
      idleMs: inspectIdleMs,
      logFile,
      onEvent: (name, payload) => {
        if (name === 'request') store.ledger.add({ time: Date.now(), ...(payload as HubRequest) });
      },
      name: 'the model check',
    }),
    openChat(input, onEvent) {
      const name = 'the chat';
      const chat = openInteractive({
        launch,
        kind: 'chat',
        input,
        idleMs: chatIdleMs,
        logFile,
        onEvent,
        name,
      });
      chats.add(chat);
      return chat;
    },
    capabilities: remember(() => readCapabilities(launch, logFile)),
    emit,
    queue: undefined as never, // made below: its hooks need the services
  };
  const hooks = createHooks(services);
  const jobStates = new Map<string, string>();
  services.queue = createQueue({
    launch,
    hooks,
    owner: store.owner,
    newId,
    save: (job) => store.jobs.save(job),
    changed(job) {
      emit('job.changed', toJob(job));
      if (job.projectId === null || jobStates.get(job.id) === job.state) return;
      // What the navigation says about each step follows from the jobs at work.
      if (job.endedAt === null) jobStates.set(job.id, job.state);
      else jobStates.delete(job.id);
      emit('projects.changed', { projectId: job.projectId });
    },
    heavyElsewhere: () =>
      store.jobs
        .active()
        .some(
          (job) =>
            job.spec.lane === 'heavy' &&
            job.startedAt !== null &&
            job.owner !== store.owner &&
            store.ownerLives(job.owner),
        ),
  });

  const dispatcher = createDispatcher(contract, createHandlers(services));
  const recovered = start(services, hooks, options.makeSample).catch((error) => {
    log('error', 'backend.start', { error });
  });
  const copies = setInterval(
    () => void store.keepCopies().catch((error) => log('warn', 'copies', { error })),
    copyEveryMs,
  );
  copies.unref();
  const unfollow = followWishes(services);
  log('info', 'backend.open', { version: options.version, home: options.home, shell: options.shell.kind });

  let closing: Promise<void> | undefined;
  return {
    services,
    dispatch: dispatcher.dispatch,
    call: (name, input) => dispatcher.call(name, input) as ReturnType<Backend['call']> as never,
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    recovered,
    close() {
      closing ??= closeAll();
      return closing;
    },
  };

  async function closeAll(): Promise<void> {
    clearInterval(copies);
    unfollow();
    await recovered;
    await services.queue.close();
    await Promise.all([services.inspect, ...chats].map((process) => process.close()));
    store.close();
    listeners.clear();
    log('info', 'backend.closed');
  }
}

async function start(
  services: Services,
  hooks: ReturnType<typeof createHooks>,
  makeSample: boolean,
): Promise<void> {
  const { store } = services;
  await recoverJobs(services, hooks);
  await tidyUp(services);
  if (!makeSample) return;
  await ensureStarter(services);
  if (store.settings.mark('sample') !== undefined) return;
  store.settings.setMark('sample', String(Date.now()));
  if (store.projects.count() > 0) return;
  const projectId = await createSampleProject(services);
  services.emit('projects.changed', { projectId });
}

/** Reads the registries in an engine process, once. */
function readCapabilities(launch: Launch, logFile: string): Promise<EngineCapabilities> {
  return new Promise((resolve, reject) => {
    const engine = launch(
      'capabilities',
      {},
      {
        logFile,
        onFrame(frame) {
          if (frame.type === 'done') resolve(frame.result as EngineCapabilities);
          else if (frame.type === 'failed')
            reject(new AppError(frame.error.code, frame.error.message, frame.error.remedy));
        },
      },
    );
    void engine.exited.then(({ code, signal }) =>
      reject(
        new AppError(
          'engine-crashed',
          `The engine did not start (${signal ?? code}).`,
          'Look into the log file.',
        ),
      ),
    );
  });
}

/** Remembers the answer; a failure is asked again. */
function remember<T>(ask: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined;
  return () => {
    answer ??= ask().catch((error) => {
      answer = undefined;
      throw error;
    });
    return answer;
  };
}

/** For shells without a keychain: gone when the backend ends. */
function memoryKeychain(): Keychain {
  const values = new Map<string, string>();
  return {
    get: (name) => values.get(name) ?? null,
    set: (name, value) => {
      if (value === null) values.delete(name);
      else values.set(name, value);
    },
  };
}

function ortVersion(): string {
  return packageVersion('onnxruntime-node') ?? 'unknown';
}

/** The Node of the lockfile, which a package carries along. */
function pinnedVersion(): string {
  return `v${packageVersion(`node-${process.platform}-${process.arch}`) ?? process.versions.node}`;
}

function packageVersion(name: string): string | undefined {
  for (const folder of createRequire(import.meta.url).resolve.paths(name) ?? []) {
    try {
      return JSON.parse(readFileSync(join(folder, name, 'package.json'), 'utf8')).version as string;
    } catch {
      // the next folder
    }
  }
  return undefined;
}
