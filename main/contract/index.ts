// The whole contract, merged. The only main/ folder that the renderer may import.
import type { z } from 'zod';
import { chat } from './chat.ts';
import { datasets } from './datasets.ts';
import { devices } from './devices.ts';
import { documents } from './documents.ts';
import { evaluations } from './evaluations.ts';
import { exportCalls } from './exports.ts';
import { jobs } from './jobs.ts';
import { models } from './models.ts';
import { projects } from './projects.ts';
import { runs } from './runs.ts';
import { settings } from './settings.ts';

export const contract = {
  ...projects,
  ...documents,
  ...datasets,
  ...models,
  ...runs,
  ...evaluations,
  ...chat,
  ...exportCalls,
  ...jobs,
  ...devices,
  ...settings,
};

export type Contract = typeof contract;
export type CallName = keyof Contract;
export type CallInput<Name extends CallName> = z.input<Contract[Name]['input']>;
export type CallOutput<Name extends CallName> = z.output<Contract[Name]['output']>;
