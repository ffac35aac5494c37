// Undo per screen, kept over a restart. An entry is two lists of calls of the contract, so that it can be stored:
// those that did it and those that take it back.
import { create } from 'zustand';
import type { CallInput, CallName } from '../../main/contract/index.ts';
import { call } from '../client/client.ts';
import { toast } from './ui.ts';

export interface StoredCall<Name extends CallName = CallName> {
  name: Name;
  input: CallInput<Name>;
}

export interface UndoEntry {
  label: string;
  undo: StoredCall[];
  redo: StoredCall[];
}

interface Stack {
  done: UndoEntry[];
  undone: UndoEntry[];
}

interface UndoState {
  stacks: Record<string, Stack>;
  /** Grows with each undo and redo; screens that hold a copy read it again. */
  turns: Record<string, number>;
}

const atMost = 100;
const storageKey = 'tunesmith.undo';
const empty: Stack = { done: [], undone: [] };

export const useUndo = create<UndoState>(() => ({ stacks: stored(), turns: {} }));

export function storedCall<Name extends CallName>(name: Name, input: CallInput<Name>): StoredCall {
  return { name, input } as StoredCall;
}

/** Notes what was done. `scope` is the screen and its project, such as `documents/p1`. */
export function noteDone(scope: string, entry: UndoEntry): void {
  const stack = useUndo.getState().stacks[scope] ?? empty;
  replace(scope, { done: [...stack.done, entry].slice(-atMost), undone: [] });
}

export async function undo(scope: string): Promise<void> {
  const stack = useUndo.getState().stacks[scope] ?? empty;
  const entry = stack.done.at(-1);
  if (!entry) return;
  for (const one of entry.undo) await call(one.name, one.input);
  replace(scope, { done: stack.done.slice(0, -1), undone: [...stack.undone, entry] }, true);
  toast(`Undone: ${entry.label}.`, () => redo(scope));
}

export async function redo(scope: string): Promise<void> {
  const stack = useUndo.getState().stacks[scope] ?? empty;
  const entry = stack.undone.at(-1);
  if (!entry) return;
  for (const one of entry.redo) await call(one.name, one.input);
  replace(scope, { done: [...stack.done, entry], undone: stack.undone.slice(0, -1) }, true);
  toast(`Done again: ${entry.label}.`, () => undo(scope));
}

export function useUndoLabel(scope: string): string | undefined {
  return useUndo((state) => state.stacks[scope]?.done.at(-1)?.label);
}

function replace(scope: string, stack: Stack, turned = false): void {
  const { stacks, turns } = useUndo.getState();
  const next = { ...stacks, [scope]: stack };
  useUndo.setState({
    stacks: next,
    turns: turned ? { ...turns, [scope]: (turns[scope] ?? 0) + 1 } : turns,
  });
  try {
    localStorage.setItem(storageKey, JSON.stringify(next));
  } catch {
    // The storage of the window is full or switched off; undo then lasts until the window closes.
  }
}

function stored(): Record<string, Stack> {
  try {
    return JSON.parse(localStorage.getItem(storageKey) ?? '{}') as Record<string, Stack>;
  } catch {
    return {};
  }
}

/** Does it, notes it, and says so in a toast with Undo. */
export async function perform(scope: string, entry: UndoEntry, message: string): Promise<void> {
  for (const one of entry.redo) await call(one.name, one.input);
  noteDone(scope, entry);
  toast(message, () => undo(scope));
}
