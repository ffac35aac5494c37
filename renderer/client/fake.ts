// An in-memory backend for tests: a table of handlers, and events pushed by hand. Never part of the product's bundle.
import type { CallInput, CallName, CallOutput } from '../../main/contract/index.ts';
import { CallError, type ConnectionState, type EventName, type Transport } from './client.ts';

export type FakeHandlers = {
  [Name in CallName]?: (input: CallInput<Name>) => CallOutput<Name> | Promise<CallOutput<Name>>;
};

export interface Fake {
  transport: Transport;
  /** Every call that was made, in order. */
  calls: { name: string; input: unknown }[];
  emit(event: EventName, payload: unknown): void;
  setState(state: ConnectionState): void;
}

/** A call without a handler is refused with the code `no-handler`. `delayMs` lets loading states be seen. */
export function createFake(handlers: FakeHandlers, delayMs = 0): Fake {
  const events = new Set<(event: string, payload: unknown) => void>();
  const states = new Set<(state: ConnectionState) => void>();
  const calls: Fake['calls'] = [];
  const table = handlers as Record<string, ((input: unknown) => unknown) | undefined>;

  return {
    calls,
    emit(event, payload) {
      for (const listener of events) listener(event, payload);
    },
    setState(state) {
      for (const listener of states) listener(state);
    },
    transport: {
      async call(name, input) {
        calls.push({ name, input });
        if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
        const handler = table[name];
        if (!handler)
          throw new CallError('no-handler', `The fake has no "${name}".`, 'Add a handler to the test.');
        return handler(input);
      },
      onEvent(listener) {
        events.add(listener);
        return () => events.delete(listener);
      },
      onState(listener) {
        states.add(listener);
        queueMicrotask(() => listener('open'));
        return () => states.delete(listener);
      },
      upload: async (file) => ({ token: `token-${file.name}`, name: file.name }),
      downloadUrl: (token) => `#download-${token}`,
    },
  };
}
