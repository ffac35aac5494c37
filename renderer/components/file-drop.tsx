// Where files and folders are dropped or chosen. FileDrop: {title, children?, onTokens, accept?, folders?, compact?};
// useAddFiles() gives `addFiles()`, `addFolder()` and `drop(items)`, which end in file tokens in both shells.
import { IconDragDrop } from '@tabler/icons-react';
import { type DragEvent, type ReactNode, useRef, useState } from 'react';
import { call, canUpload, upload } from '../client/client.ts';
import { useSettings } from '../state/settings.ts';
import styles from './file-drop.module.css';

export interface FileToken {
  token: string;
  name: string;
}

interface Found {
  file: File;
  path: string;
}

/** Opens the shell's dialog, or the browser's own, and returns tokens; empty when cancelled. */
export async function pickTokens(
  kind: 'files' | 'folder' | 'project-file',
  title: string,
  onProgress?: (done: number, total: number) => void,
): Promise<FileToken[]> {
  const shell = useSettings.getState().capabilities?.shell;
  if (shell === 'electron' || !canUpload()) return call('files.pick', { kind, title });
  const files = await pickInBrowser(kind);
  return uploadAll(files, onProgress);
}

function pickInBrowser(kind: 'files' | 'folder' | 'project-file'): Promise<Found[]> {
  return new Promise((resolve) => {
    const input = document.createElement('input');
    input.type = 'file';
    input.multiple = kind === 'files';
    if (kind === 'folder') input.webkitdirectory = true;
    if (kind === 'project-file') input.accept = '.tunesmith';
    input.style.display = 'none';
    const end = () => {
      input.remove();
      const files = [...(input.files ?? [])];
      resolve(files.map((file) => ({ file, path: file.webkitRelativePath || file.name })));
    };
    input.addEventListener('change', end);
    input.addEventListener('cancel', end);
    document.body.append(input);
    input.click();
  });
}

async function uploadAll(
  files: Found[],
  onProgress?: (done: number, total: number) => void,
): Promise<FileToken[]> {
  const tokens: FileToken[] = [];
  for (const [at, { file, path }] of files.entries()) {
    onProgress?.(at, files.length);
    tokens.push(await upload(file, path === file.name ? undefined : path));
  }
  return tokens;
}

/** The files of a drop, also those inside of folders. */
export async function droppedFiles(transfer: DataTransfer): Promise<Found[]> {
  const entries = [...transfer.items]
    .map((item) => item.webkitGetAsEntry())
    .filter((entry) => entry !== null);
  if (entries.length === 0) return [...transfer.files].map((file) => ({ file, path: file.name }));
  const found: Found[] = [];
  for (const entry of entries) await walk(entry, found);
  return found;
}

async function walk(entry: FileSystemEntry, found: Found[]): Promise<void> {
  const path = entry.fullPath.replace(/^\//, '');
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject),
    );
    found.push({ file, path });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    const entries = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (entries.length === 0) return;
    for (const one of entries) await walk(one, found);
  }
}

export interface FileDropProps {
  /** What dropping here does: "Or drop a folder of documents here". */
  title: ReactNode;
  children?: ReactNode;
  /** Tokens of all files that were dropped; a folder keeps its inner paths. `name` is that of the first entry. */
  onTokens(tokens: FileToken[], name: string): void | Promise<void>;
  onError(error: unknown): void;
  /** Wraps other content instead of showing a box: the frame appears while something is dragged over it. */
  around?: ReactNode;
}

export function FileDrop({ title, children, onTokens, onError, around }: FileDropProps) {
  const [over, setOver] = useState(false);
  const [sending, setSending] = useState<string | null>(null);
  const depth = useRef(0);

  const onDrop = async (event: DragEvent) => {
    event.preventDefault();
    depth.current = 0;
    setOver(false);
    try {
      const files = await droppedFiles(event.dataTransfer);
      if (files.length === 0) return;
      const tokens = await uploadAll(files, (done, total) =>
        setSending(`${done} of ${total} files taken in`),
      );
      await onTokens(tokens, files[0].path.split('/')[0]);
    } catch (error) {
      onError(error);
    } finally {
      setSending(null);
    }
  };

  const handlers = {
    onDragEnter: (event: DragEvent) => {
      event.preventDefault();
      depth.current += 1;
      setOver(true);
    },
    onDragLeave: () => {
      depth.current -= 1;
      if (depth.current <= 0) setOver(false);
    },
    onDragOver: (event: DragEvent) => event.preventDefault(),
    onDrop: (event: DragEvent) => void onDrop(event),
  };

  if (around) {
    return (
      <div className={[styles.around, over ? styles.aroundOver : ''].join(' ')} {...handlers}>
        {around}
        {(over || sending) && (
          <div className={styles.veil} role="status">
            {sending ?? title}
          </div>
        )}
      </div>
    );
  }
  return (
    <div className={[styles.drop, over ? styles.over : ''].join(' ')} {...handlers}>
      <IconDragDrop size={28} stroke={1.5} aria-hidden />
      <p className="strong">{title}</p>
      <div className="muted" role={sending ? 'status' : undefined}>
        {sending ?? children}
      </div>
    </div>
  );
}
