// The two real transports: the preload bridge of Electron, and the WebSocket of browser mode.
// A lost socket connects again by itself; reads that had no answer are asked again, changes are not, because
// they may have happened.
import type { EventFrame, ReplyFrame } from '../../main/contract/wire.ts';
import { CallError, type ConnectionState, type Transport } from './client.ts';

interface Bridge {
  send(frame: unknown): void;
  onFrame(listener: (frame: unknown) => void): void;
}

declare global {
  interface Window {
    tunesmith?: Bridge;
  }
}

interface Pending {
  frame: { id: number; call: string; input: unknown };
  resolve(output: unknown): void;
  reject(error: CallError): void;
  sent: boolean;
}

const isRead =
  /\.(list|get|preview|draft|suggest|records|render|tokenStats|fit|chosen|presets|plan|metrics|predictions|machine|capabilities|ledger)$/;
const retryDelaysMs = [250, 500, 1000, 2000, 4000];

/** The transport of the window that this page runs in. */
export function connect(): Transport {
  return window.tunesmith ? overBridge(window.tunesmith) : overWebSocket();
}

/** Requests by id, and what arrives for them: the same for both transports. */
function createExchange(post: (frame: unknown) => boolean) {
  let nextId = 1;
  const pending = new Map<number, Pending>();
  const events = new Set<(event: string, payload: unknown) => void>();
  const states = new Set<(state: ConnectionState) => void>();

  const receive = (frame: unknown) => {
    const message = frame as Partial<ReplyFrame> & Partial<EventFrame>;
    if (typeof message.event === 'string') {
      for (const listener of events) listener(message.event, message.payload);
      return;
    }
    const request = pending.get(message.id ?? -1);
    if (!request) return;
    pending.delete(request.frame.id);
    const reply = frame as ReplyFrame;
    if (reply.ok) request.resolve(reply.output);
    else request.reject(new CallError(reply.error.code, reply.error.message, reply.error.remedy));
  };

  return {
    receive,
    setState(state: ConnectionState) {
      for (const listener of states) listener(state);
    },
    /** Sends what waits; after a break, reads again and refuses changes that were under way. */
    flush() {
      for (const request of [...pending.values()]) {
        if (!request.sent) request.sent = post(request.frame);
      }
    },
    dropped() {
      for (const request of [...pending.values()]) {
        if (!request.sent) continue;
        if (isRead.test(request.frame.call)) {
          request.sent = false;
          continue;
        }
        pending.delete(request.frame.id);
        request.reject(
          new CallError(
            'connection-lost',
            'The connection to Tunesmith was lost before it answered.',
            'Look whether the change is there, and repeat it if it is not.',
          ),
        );
      }
    },
    transport: {
      call(name: string, input: unknown) {
        return new Promise<unknown>((resolve, reject) => {
          const request: Pending = {
            frame: { id: nextId++, call: name, input },
            resolve,
            reject,
            sent: false,
          };
          pending.set(request.frame.id, request);
          request.sent = post(request.frame);
        });
      },
      onEvent(listener: (event: string, payload: unknown) => void) {
        events.add(listener);
        return () => events.delete(listener);
      },
      onState(listener: (state: ConnectionState) => void) {
        states.add(listener);
        return () => states.delete(listener);
      },
    },
  };
}

function overBridge(bridge: Bridge): Transport {
  const exchange = createExchange((frame) => {
    bridge.send(frame);
    return true;
  });
  bridge.onFrame(exchange.receive);
  queueMicrotask(() => exchange.setState('open'));
  // Dropped files go to the shell's own protocol; its dialog gives tokens without them.
  const upload: Transport['upload'] = (file, relativePath) =>
    postFile(`${window.location.origin}/upload`, file, relativePath);
  return { ...exchange.transport, upload, downloadUrl: null };
}

function overWebSocket(): Transport {
  const origin = window.location.origin;
  const token = sessionToken();
  let socket: WebSocket | null = null;
  let attempt = 0;

  const exchange = createExchange((frame) => {
    if (socket?.readyState !== WebSocket.OPEN) return false;
    socket.send(JSON.stringify(frame));
    return true;
  });

  const open = () => {
    exchange.setState(attempt === 0 ? 'connecting' : 'lost');
    socket = new WebSocket(`${origin.replace(/^http/, 'ws')}/ws?token=${encodeURIComponent(token)}`);
    socket.addEventListener('open', () => {
      attempt = 0;
      exchange.setState('open');
      exchange.flush();
    });
    socket.addEventListener('message', (message) => exchange.receive(JSON.parse(String(message.data))));
    socket.addEventListener('close', () => {
      exchange.dropped();
      exchange.setState('lost');
      setTimeout(open, retryDelaysMs[Math.min(attempt, retryDelaysMs.length - 1)]);
      attempt += 1;
    });
  };
  open();

  const withToken = (path: string) =>
    `${origin}${path}${path.includes('?') ? '&' : '?'}token=${encodeURIComponent(token)}`;
  return {
    ...exchange.transport,
    upload: (file, relativePath) => postFile(withToken('/upload'), file, relativePath),
    downloadUrl: (download) => withToken(`/download/${encodeURIComponent(download)}`),
  };
}

/** Sends the bytes of a file; its name, and its path inside a dropped folder, go as headers. */
async function postFile(
  url: string,
  file: File,
  relativePath?: string,
): Promise<{ token: string; name: string }> {
  const headers: Record<string, string> = { 'x-file-name': encodeURIComponent(file.name) };
  if (relativePath) headers['x-relative-path'] = encodeURIComponent(relativePath);
  const reply = await fetch(url, { method: 'POST', headers, body: file }).catch(() => null);
  if (reply?.status === 507) {
    const { error } = (await reply.json()) as { error: { code: string; message: string; remedy: string } };
    throw new CallError(error.code, error.message, error.remedy);
  }
  if (!reply?.ok)
    throw new CallError(
      'upload-failed',
      `"${file.name}" did not arrive${reply ? `: the answer was ${reply.status}` : ', because the connection was lost'}.`,
      'Use the button Add files or Add a folder instead.',
    );
  return (await reply.json()) as { token: string; name: string };
}

/** The token of the printed address; kept for this tab, so that a reload without it still works. */
function sessionToken(): string {
  const given = new URLSearchParams(window.location.search).get('token');
  if (given) {
    sessionStorage.setItem('tunesmith.token', given);
    return given;
  }
  return sessionStorage.getItem('tunesmith.token') ?? '';
}
