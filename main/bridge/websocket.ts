// Frames over WebSockets. The HTTP server has checked Host, Origin and token before a connection comes here; this file
// only moves frames, and drops a window that does not read what it is sent.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { Backend } from '../backend.ts';
import { log } from '../log.ts';

const maxFrameBytes = 16 * 1024 * 1024;
/** A window this far behind is closed; it reads the current state when it connects again. */
const maxBacklogBytes = 64 * 1024 * 1024;

export interface SocketBridge {
  /** Takes over a checked upgrade request. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  close(): void;
}

export function createSocketBridge(backend: Pick<Backend, 'dispatch' | 'listen'>): SocketBridge {
  const server = new WebSocketServer({ noServer: true, maxPayload: maxFrameBytes, perMessageDeflate: false });
  const stopListening = backend.listen((event, payload) => {
    if (server.clients.size === 0) return;
    const text = JSON.stringify({ event, payload });
    for (const client of server.clients) {
      if (client.readyState !== client.OPEN) continue;
      if (client.bufferedAmount > maxBacklogBytes) client.close(1013, 'too slow');
      else client.send(text);
    }
  });
  server.on('connection', (client) => {
    client.on('error', (error) => log('warn', 'socket.error', { error }));
    client.on('message', async (data, isBinary) => {
      if (isBinary) return client.close(1003, 'text frames only');
      let frame: unknown;
      try {
        frame = JSON.parse(data.toString());
      } catch {
        return client.close(1007, 'not JSON');
      }
      const reply = await backend.dispatch(frame);
      if (reply && client.readyState === client.OPEN) client.send(JSON.stringify(reply));
    });
  });
  return {
    upgrade(request, socket, head) {
      server.handleUpgrade(request, socket, head, (client) => server.emit('connection', client, request));
    },
    close() {
      stopListening();
      for (const client of server.clients) client.terminate();
      server.close();
    },
  };
}
