// Typed calls and events over whatever transport is installed. Knows the contract's types, not its transport.

import type { Events } from '../../main/contract/events.ts';
import type { CallInput, CallName, CallOutput } from '../../main/contract/index.ts';

export type EventName = keyof Events;
export type ConnectionState = 'connecting' | 'open' | 'lost';

/** What a transport offers: IPC, a WebSocket, or the fake of the tests. */
export interface Transport {
  call(name: string, input: unknown): Promise<unknown>;
  /** Every pushed event; returns the function that ends it. */
  onEvent(listener: (event: string, payload: unknown) => void): () => void;
  onState(listener: (state: ConnectionState) => void): () => void;
  /** Turns a file of a drop or file input into a token; null where the shell's dialog does it. */
  upload: ((file: File, relativePath?: string) => Promise<{ token: string; name: string }>) | null;
  /** Address of a download token; null where the shell saves files itself. */
  downloadUrl: ((token: string) => string) | null;
}

/** An error of the backend: one sentence, what to do now, and a stable code. */
export class CallError extends Error {
  readonly code: string;
  readonly remedy: string;

  constructor(code: string, message: string, remedy: string) {
    super(message);
    this.name = 'CallError';
    this.code = code;
    this.remedy = remedy;
  }
}

let transport: Transport | null = null;
const eventListeners = new Map<string, Set<(payload: never) => void>>();
const stateListeners = new Set<(state: ConnectionState) => void>();

/** Installs the transport; called once, before the first call. */
export function install(next: Transport): void {
  transport = next;
  next.onEvent((event, payload) => {
    for (const listener of eventListeners.get(event) ?? []) listener(payload as never);
  });
  next.onState((state) => {
    for (const listener of stateListeners) listener(state);
  });
}

function installed(): Transport {
  if (!transport) throw new Error('Invariant broken: a call was made before a transport was installed');
  return transport;
}

/** Calls the backend. Rejects with a `CallError`. */
export function call<Name extends CallName>(name: Name, input: CallInput<Name>): Promise<CallOutput<Name>> {
  return installed().call(name, input) as Promise<CallOutput<Name>>;
}

/** Listens to one event; returns the function that ends it. */
export function on<Name extends EventName>(
  event: Name,
  listener: (payload: Events[Name]) => void,
): () => void {
  const set = eventListeners.get(event) ?? new Set();
  eventListeners.set(event, set);
  set.add(listener as (payload: never) => void);
  return () => set.delete(listener as (payload: never) => void);
}

export function onConnection(listener: (state: ConnectionState) => void): () => void {
  stateListeners.add(listener);
  return () => stateListeners.delete(listener);
}

/** Browser mode: sends the bytes of a file and gets its token. */
export function upload(file: File, relativePath?: string): Promise<{ token: string; name: string }> {
  const send = installed().upload;
  if (!send)
    throw new CallError(
      'no-upload',
      `"${file.name}" cannot be dropped in this window.`,
      'Use the button Add files instead.',
    );
  return send(file, relativePath);
}

export function canUpload(): boolean {
  return installed().upload !== null;
}

export function downloadUrl(token: string): string | null {
  return installed().downloadUrl?.(token) ?? null;
}

/** Any thrown value as the three parts that a notice shows. */
export function errorParts(thrown: unknown): { code: string; message: string; remedy: string } {
  if (thrown instanceof CallError)
    return { code: thrown.code, message: thrown.message, remedy: thrown.remedy };
  return {
    code: 'internal',
    message: thrown instanceof Error ? thrown.message : String(thrown),
    remedy: 'Try again; if it happens again, copy the report and send it.',
  };
}
