// What handlers and job hooks work with. Made by backend.ts; a shell passes only its own powers in.
import type { Events } from '../contract/events.ts';
import type { FileTokens } from '../files.ts';
import type { Interactive } from '../jobs/interactive.ts';
import type { EngineCapabilities, JobTypes } from '../jobs/job.ts';
import type { Queue } from '../jobs/queue.ts';
import type { Store } from '../store/index.ts';

export interface Keychain {
  get(name: string): string | null;
  /** Null forgets it. */
  set(name: string, value: string | null): void;
}

/** Powers that only a shell has. Those that are absent are refused with a sentence, or done by upload and download. */
export interface Shell {
  kind: 'electron' | 'browser' | 'cli';
  /** Shows the system's own dialog; resolves with absolute paths, none when cancelled. */
  pick?(kind: 'files' | 'folder' | 'project-file', title: string): Promise<string[]>;
  /** Asks where to save; null when cancelled. */
  saveAs?(fileName: string): Promise<string | null>;
  /** The system's keychain; without it, secrets are kept in memory until the backend ends. */
  keychain?: Keychain;
  /** Shows a file or folder in the file manager. */
  reveal?(path: string): void;
}

export interface Services {
  version: string;
  /** The folder that holds `models/` and `sample/`. */
  resources: string;
  logFile: string;
  /** Folder for uploads and downloads of this backend; deleted a day after it ended. */
  temporary: string;
  /** Version of the Node that engines run on, and of the ONNX Runtime beside it. */
  runtime: { node: string; onnxruntime: string };
  shell: Shell;
  store: Store;
  queue: Queue;
  files: FileTokens;
  secrets: Keychain;
  inspect: Interactive;
  openChat(input: JobTypes['chat']['input'], onEvent: (name: string, payload: unknown) => void): Interactive;
  capabilities(): Promise<EngineCapabilities>;
  emit<Name extends keyof Events>(event: Name, payload: Events[Name]): void;
}
