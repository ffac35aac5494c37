// Settings, what this machine and this build can do, and the network ledger.
import { create } from 'zustand';
import type { CallOutput } from '../../main/contract/index.ts';
import type { Capabilities, Machine, Settings } from '../../main/contract/settings.ts';
import { call } from '../client/client.ts';

interface SettingsState {
  settings: Settings | null;
  machine: Machine | null;
  capabilities: Capabilities | null;
  ledger: CallOutput<'settings.ledger'> | null;
  error: unknown;
  load(): Promise<void>;
  loadMachine(): Promise<void>;
  loadLedger(): Promise<void>;
  /** Takes effect at once; put back when the backend refuses. */
  change(changes: Partial<Settings>): Promise<void>;
}

export const useSettings = create<SettingsState>((set, get) => ({
  settings: null,
  machine: null,
  capabilities: null,
  ledger: null,
  error: null,
  async load() {
    try {
      const [settings, capabilities] = await Promise.all([
        call('settings.get', {}),
        call('settings.capabilities', {}),
      ]);
      set({ settings, capabilities, error: null });
    } catch (error) {
      set({ error });
    }
    await Promise.all([get().loadMachine(), get().loadLedger()]);
  },
  async loadMachine() {
    try {
      set({ machine: await call('settings.machine', {}) });
    } catch (error) {
      set({ error });
    }
  },
  async loadLedger() {
    try {
      set({ ledger: await call('settings.ledger', {}) });
    } catch (error) {
      set({ error });
    }
  },
  async change(changes) {
    const before = get().settings;
    if (before) set({ settings: { ...before, ...changes } });
    try {
      set({ settings: await call('settings.set', changes) });
    } catch (error) {
      set({ settings: before, error });
      throw error;
    }
  },
}));

/** What the backend can do; null until it has answered. */
export function useCapabilities(): Capabilities | null {
  return useSettings((state) => state.capabilities);
}
