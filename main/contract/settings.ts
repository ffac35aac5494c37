// Settings, what this machine and this build can do, and the ledger of everything that went over the network.
import { z } from 'zod';
import { Device } from './devices.ts';
import { call, FileToken, Nothing, Time } from './wire.ts';

export const Settings = z.object({
  theme: z.enum(['auto', 'light', 'dark']),
  /** 0 = all cores that the machine has. */
  threads: z.int().min(0).max(1024),
  /** Share of free memory a run may plan with, 0.3 to 0.95. */
  memoryShare: z.number().min(0.3).max(0.95),
  singleLetterKeys: z.boolean(),
  /** Name proposed in rights records. */
  attester: z.string().max(200),
  lastProjectId: z.string().nullable(),
});
export type Settings = z.infer<typeof Settings>;

export const Machine = z.object({
  platform: z.string(),
  cpu: z.string(),
  cores: z.int(),
  memoryBytes: z.int(),
  freeMemoryBytes: z.int(),
  freeDiskBytes: z.int(),
  devices: z.array(Device),
  versions: z.record(z.string(), z.string()),
  homeFolder: z.string(),
  logFile: z.string(),
});
export type Machine = z.infer<typeof Machine>;

const Named = z.object({ id: z.string(), label: z.string(), description: z.string() });

/** Every list that screens show, taken from the registries, so that no list is written twice. */
export const Capabilities = z.object({
  shell: z.enum(['electron', 'browser', 'cli']),
  canReveal: z.boolean(),
  canPickFolders: z.boolean(),
  importers: z.array(Named.extend({ extensions: z.array(z.string()) })),
  steps: z.array(Named.extend({ defaultEnabled: z.boolean(), options: z.unknown() })),
  architectures: z.array(Named.extend({ modelTypes: z.array(z.string()) })),
  metrics: z.array(Named.extend({ unit: z.string(), betterWhen: z.enum(['higher', 'lower']) })),
  /** `merges`: its files hold the weights of the base. */
  exporters: z.array(Named.extend({ optionsSchema: z.unknown(), merges: z.boolean().default(false) })),
  /** One sentence for each field of TrainSettings, by path such as `lora.rank`. */
  settingHelp: z.record(z.string(), z.object({ label: z.string(), unit: z.string(), help: z.string() })),
});
export type Capabilities = z.infer<typeof Capabilities>;

export const LedgerEntry = z.object({
  time: Time,
  host: z.string(),
  why: z.string(),
  bytesOut: z.int(),
  bytesIn: z.int(),
});

/** The token is never given back to a window. `environment`: HF_TOKEN is set; `file`: "hf auth login" wrote it. */
export const HubToken = z.object({ kept: z.enum(['none', 'keychain', 'memory', 'environment', 'file']) });
export type HubToken = z.infer<typeof HubToken>;

/** One package that Tunesmith is built from. */
export const LicencedPart = z.object({
  name: z.string(),
  version: z.string(),
  /** As the package states it, mostly an SPDX name. */
  licence: z.string(),
  /** Address of its source; empty where none is stated. */
  source: z.string(),
  text: z.string(),
});
export type LicencedPart = z.infer<typeof LicencedPart>;

export const settings = {
  'settings.get': call({ input: Nothing, output: Settings }),
  'settings.set': call({ input: Settings.partial(), output: Settings }),
  'settings.machine': call({ input: Nothing, output: Machine }),
  'settings.capabilities': call({ input: Nothing, output: Capabilities }),
  'settings.licences': call({ input: Nothing, output: z.array(LicencedPart) }),
  'settings.hubToken': call({ input: Nothing, output: HubToken }),
  /** Null forgets it. */
  'settings.setHubToken': call({
    input: z.object({ token: z.string().trim().min(1).max(500).nullable() }),
    output: HubToken,
  }),
  'settings.ledger': call({ input: Nothing, output: z.array(LedgerEntry) }),
  /** Opens the shell's own dialog; empty when cancelled. Browser mode has none and uses uploads instead. */
  'files.pick': call({
    input: z.object({ kind: z.enum(['files', 'folder', 'project-file']), title: z.string().max(200) }),
    output: z.array(z.object({ token: FileToken, name: z.string() })),
  }),
  /** Browser mode only: a token for a path on this computer that the user typed. Refused in Electron. */
  'files.fromPath': call({
    input: z.object({ path: z.string().min(1).max(4096) }),
    output: z.object({ token: FileToken, name: z.string() }),
  }),
};
