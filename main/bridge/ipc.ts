// Frames over Electron's IPC, on one channel each way. Checks that a frame comes from the top frame of a window of
// ours that shows our own page; anything else is ignored.
import { ipcMain, type WebContents } from 'electron';
import type { Backend } from '../backend.ts';
import { log } from '../log.ts';

export const toBackend = 'tunesmith:frame';
export const toWindow = 'tunesmith:frame';

export interface IpcOptions {
  backend: Pick<Backend, 'dispatch' | 'listen'>;
  /** The windows that may talk to the backend. */
  windows(): WebContents[];
  /** Whether an address is our own page. */
  isOwnPage(url: string): boolean;
}

/** Starts answering; returns the function that ends it. */
export function serveIpc({ backend, windows, isOwnPage }: IpcOptions): () => void {
  const onFrame = async (
    event: { sender: WebContents; senderFrame: { url: string; parent: unknown } | null },
    frame: unknown,
  ): Promise<void> => {
    const { sender, senderFrame } = event;
    const known = windows().includes(sender);
    if (!known || !senderFrame || senderFrame.parent !== null || !isOwnPage(senderFrame.url)) {
      log('warn', 'ipc.refused', { url: senderFrame?.url ?? null, known });
      return;
    }
    const reply = await backend.dispatch(frame);
    if (reply && !sender.isDestroyed()) sender.send(toWindow, reply);
  };
  ipcMain.on(toBackend, onFrame);
  const stopListening = backend.listen((event, payload) => {
    for (const contents of windows())
      if (!contents.isDestroyed()) contents.send(toWindow, { event, payload });
  });
  return () => {
    stopListening();
    ipcMain.removeListener(toBackend, onFrame);
  };
}
