// The whole bridge between the page and Electron: send a frame, hear frames. Nothing else of Electron or Node reaches
// the page, and this file never changes when a call is added.
import { contextBridge, ipcRenderer } from 'electron';

const channel = 'tunesmith:frame'; // as in main/bridge/ipc.ts; a sandboxed preload imports nothing of ours

contextBridge.exposeInMainWorld('tunesmith', {
  send(frame: unknown): void {
    ipcRenderer.send(channel, frame);
  },
  onFrame(listener: (frame: unknown) => void): void {
    ipcRenderer.on(channel, (_event, frame: unknown) => listener(frame));
  },
});
