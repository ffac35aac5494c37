// Devices that compute: what there is, whether it may train, and the check that decides it.
import { z } from 'zod';
import { Job } from './jobs.ts';
import { call, Time } from './wire.ts';

/** What a run can choose. */
export const Provider = z.enum(['cpu', 'webgpu', 'cuda', 'dml']);
export type Provider = z.infer<typeof Provider>;

/** What the check of a provider found. */
export const Verdict = z.object({
  trusted: z.boolean(),
  /** Distinct operations that were compared, and how many agreed with the processor. */
  operations: z.int(),
  agreeing: z.int(),
  /** Operations that computed wrongly or not at all, by name. */
  wrong: z.array(z.string()),
  /** The whole verdict for people. */
  sentence: z.string(),
  time: Time,
});
export type Verdict = z.infer<typeof Verdict>;

export const Device = z.object({
  /** `coreml` is listed, and never offered for training. */
  provider: z.enum([...Provider.options, 'coreml']),
  name: z.string(),
  memoryBytes: z.int().nullable(),
  driver: z.string().nullable(),
  state: z.enum(['ready', 'not-checked', 'checking', 'passed', 'refused', 'absent']),
  /** "155 of 155 operations agree", or the operation that computes wrongly, or what is missing. */
  detail: z.string(),
  /** What to do where it cannot be used; empty where nothing is to be done. */
  remedy: z.string().default(''),
  /** The check of this device with its driver and this version of ONNX Runtime; null = there was none. */
  verdict: Verdict.nullable().default(null),
});
export type Device = z.infer<typeof Device>;

export const devices = {
  /** Starts the check, or gives the one that is under way. */
  'devices.check': call({ input: z.object({ provider: Provider }), output: Job }),
};
