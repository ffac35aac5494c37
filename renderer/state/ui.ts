// What only this window knows: toasts, open overlays, the actions of the screen, and the state of the connection.
import { useEffect } from 'react';
import { create } from 'zustand';
import { CallError, type ConnectionState, onConnection } from '../client/client.ts';

export interface Toast {
  id: number;
  message: string;
  /** Takes back what was just done. */
  undo?: () => void | Promise<void>;
}

/** One thing that the screen offers in the palette; `keys` is shown, and works while the screen is open. */
export interface ScreenAction {
  id: string;
  label: string;
  keys?: string;
  run(): void;
}

interface UiState {
  toast: Toast | null;
  paletteOpen: boolean;
  keyMapOpen: boolean;
  navOpen: boolean;
  trayOpen: boolean;
  switcherOpen: boolean;
  newProjectOpen: boolean;
  connection: ConnectionState;
  /** A fault of the shell itself (header, tray), shown under the header until closed. */
  problem: unknown;
  actions: ScreenAction[];
  /** Said by the polite live region. */
  announcement: string;
}

export const useUi = create<UiState>(() => ({
  toast: null,
  paletteOpen: false,
  keyMapOpen: false,
  navOpen: false,
  trayOpen: false,
  switcherOpen: false,
  newProjectOpen: false,
  connection: 'connecting',
  problem: null,
  actions: [],
  announcement: '',
}));

let nextToast = 1;

/** Confirms what the person just did, with Undo where there is one; a problem is never a toast. */
export function toast(message: string, undo?: Toast['undo']): void {
  useUi.setState({ toast: { id: nextToast++, message, undo }, announcement: message });
}

/** Puts text on the clipboard, and says that it is there only when it is. */
export async function copyText(text: string, said: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    toast(said);
  } catch (cause) {
    showProblem(
      new CallError(
        'clipboard',
        `The text could not be copied: ${cause instanceof Error ? cause.message : 'there is no clipboard'}.`,
        'Select it and copy it with the keys of your system.',
      ),
    );
  }
}

/** Says a sentence to screen readers. */
export function announce(sentence: string): void {
  useUi.setState({ announcement: sentence });
}

/** Shows a fault that no screen can show beside its cause. */
export function showProblem(problem: unknown): void {
  useUi.setState({ problem });
}

export function listenToConnection(): void {
  onConnection((connection) => useUi.setState({ connection }));
}

/** Offers actions in the palette while the screen that calls this is open. */
export function useScreenActions(actions: ScreenAction[]): void {
  useEffect(() => {
    useUi.setState({ actions });
    return () => useUi.setState({ actions: [] });
  }, [actions]);
}
