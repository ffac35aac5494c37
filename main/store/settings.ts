// All SQL about settings and the ledger of network traffic. Unknown or damaged values fall back to the defaults.
import type { z } from 'zod';
import { LedgerEntry, Settings } from '../contract/settings.ts';
import type { Database } from './database.ts';

const defaults: Settings = {
  theme: 'auto',
  threads: 0,
  memoryShare: 0.8,
  singleLetterKeys: true,
  attester: '',
  lastProjectId: null,
};

export function settingStore(db: Database) {
  const read = db.prepare('SELECT key, value FROM settings');
  const write = db.prepare(
    'INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
  );
  const one = db.prepare('SELECT value FROM settings WHERE key = ?').pluck();
  const take = db.prepare('DELETE FROM settings WHERE key = ? RETURNING value').pluck();
  return {
    get(): Settings {
      const settings: Record<string, unknown> = { ...defaults };
      for (const { key, value } of read.all() as { key: string; value: string }[]) {
        const field = Settings.shape[key as keyof Settings];
        const parsed = field?.safeParse(JSON.parse(value));
        if (parsed?.success) settings[key] = parsed.data;
      }
      return settings as Settings;
    },
    set(change: Partial<Settings>): Settings {
      db.transaction(() => {
        for (const [key, value] of Object.entries(change))
          if (value !== undefined) write.run(key, JSON.stringify(value));
      })();
      return this.get();
    },
    /** Marks of the backend itself, such as "the sample was made"; kept beside the settings. */
    mark: (name: string): string | undefined => one.get(`mark.${name}`) as string | undefined,
    setMark(name: string, value: string): void {
      write.run(`mark.${name}`, value);
    },
    /** Reads a mark and removes it. */
    takeMark: (name: string): string | undefined =>
      one.get(`mark.${name}`) === undefined ? undefined : (take.get(`mark.${name}`) as string | undefined),
  };
}
export function ledgerStore(db: Database) {
  const insert = db.prepare(
    'INSERT INTO ledger (time, host, why, bytes_out, bytes_in) VALUES (?, ?, ?, ?, ?)',
  );
  const list = db.prepare(
    'SELECT time, host, why, bytes_out AS bytesOut, bytes_in AS bytesIn FROM ledger ORDER BY id DESC LIMIT 1000',
  );
  return {
    add(entry: z.infer<typeof LedgerEntry>): void {
      insert.run(entry.time, entry.host, entry.why, entry.bytesOut, entry.bytesIn);
    },
    list: (): z.infer<typeof LedgerEntry>[] => LedgerEntry.array().parse(list.all()),
  };
}
