// The transports against a real WebSocket server and a real bridge object: answers, errors, events, and lost connections.
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Transport } from '../../../renderer/client/client.ts';
import { connect } from '../../../renderer/client/connect.ts';

interface Asked {
  id: number;
  call: string;
  input: unknown;
}

let server: WebSocketServer;
let socket: WebSocket | null;
let asked: Asked[];
/** What the server does with a request. */
let answer: (request: Asked, to: WebSocket) => void;

beforeEach(async () => {
  asked = [];
  answer = ({ id, input }, to) => to.send(JSON.stringify({ id, ok: true, output: input }));
  server = new WebSocketServer({ port: 0 });
  await new Promise((resolve) => server.on('listening', resolve));
  server.on('connection', (next) => {
    socket = next;
    next.on('message', (data) => {
      const request = JSON.parse(String(data)) as Asked;
      asked.push(request);
      answer(request, next);
    });
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const kept = new Map<string, string>();
  vi.stubGlobal('window', { location: { origin, search: '?token=secret' } });
  vi.stubGlobal('sessionStorage', {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
  });
});

afterEach(() => {
  for (const client of server.clients) client.terminate();
  server.close();
  vi.unstubAllGlobals();
});

/** Resolves when the transport reports this state. */
function reached(transport: Transport, state: string): Promise<void> {
  return new Promise((resolve) => {
    const stop = transport.onState((now) => {
      if (now !== state) return;
      stop();
      resolve();
    });
  });
}

it('answers calls that were made before the connection was open', async () => {
  await expect(connect().call('runs.list', { projectId: 'p1' })).resolves.toEqual({ projectId: 'p1' });
});

it('rejects with code, sentence and remedy', async () => {
  answer = ({ id }, to) =>
    to.send(
      JSON.stringify({ id, ok: false, error: { code: 'x', message: 'It failed.', remedy: 'Do this.' } }),
    );
  await expect(connect().call('runs.list', {})).rejects.toMatchObject({
    code: 'x',
    message: 'It failed.',
    remedy: 'Do this.',
  });
});

it('hands events to every listener until it leaves', async () => {
  const transport = connect();
  await reached(transport, 'open');
  const heard: unknown[] = [];
  const stop = transport.onEvent((event, payload) => heard.push([event, payload]));
  socket?.send(JSON.stringify({ event: 'models.changed', payload: {} }));
  await vi.waitFor(() => expect(heard).toEqual([['models.changed', {}]]));
  stop();
});

it('asks a read again on the next connection, so that the screen never notices', async () => {
  const transport = connect();
  await reached(transport, 'open');
  answer = (_, to) => to.terminate();
  const reply = transport.call('projects.list', { trash: false });
  await vi.waitFor(() => expect(asked).toHaveLength(1));
  answer = ({ id }, to) => to.send(JSON.stringify({ id, ok: true, output: ['again'] }));
  await expect(reply).resolves.toEqual(['again']);
  expect(asked.map((request) => request.call)).toEqual(['projects.list', 'projects.list']);
});

it('never repeats a change whose answer was lost, because it may have happened', async () => {
  const transport = connect();
  await reached(transport, 'open');
  answer = (_, to) => to.terminate();
  await expect(transport.call('runs.start', {})).rejects.toMatchObject({ code: 'connection-lost' });
  answer = ({ id }, to) => to.send(JSON.stringify({ id, ok: true, output: null }));
  await transport.call('runs.list', {});
  expect(asked.filter((request) => request.call === 'runs.start')).toHaveLength(1);
});

it('says when the connection is lost and when it is back', async () => {
  const transport = connect();
  await reached(transport, 'open');
  const lost = reached(transport, 'lost');
  socket?.terminate();
  await lost;
  await reached(transport, 'open');
});

it('uses the bridge of the shell where there is one', async () => {
  let listener: (frame: unknown) => void = () => undefined;
  vi.stubGlobal('window', {
    location: { origin: 'app://app' },
    tunesmith: {
      send: ({ id, call }: Asked) => listener({ id, ok: true, output: call }),
      onFrame: (next: typeof listener) => {
        listener = next;
      },
    },
  });
  const transport = connect();
  await expect(transport.call('jobs.list', {})).resolves.toBe('jobs.list');
  expect(transport.downloadUrl).toBeNull();
});
