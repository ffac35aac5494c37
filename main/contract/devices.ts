// Devices that compute: what there is, whether it may train, and the check that decides it.
import { z } from 'zod';
import { Job } from './jobs.ts';
import { call, Nothing, Time } from './wire.ts';

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
  /** Whether products in float16 may be used; null where the device has none, and in verdicts from before. */
  float16: z.boolean().nullable().default(null),
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

/** One library that CUDA needs, as it was looked for on this computer. */
export const CudaLibrary = z.object({
  /** As the loader asks for it, such as `libcublas.so.13`. */
  file: z.string(),
  /** What it belongs to: "CUDA 13". */
  part: z.string(),
  /** False where only some operations open it. */
  needed: z.boolean(),
  state: z.enum(['found', 'missing', 'other-version']),
  /** Where it is, or where another version is. */
  folder: z.string().nullable(),
  version: z.string().nullable(),
});
export type CudaLibrary = z.infer<typeof CudaLibrary>;

/** A published package that brings libraries which are missing. */
export const CudaPackage = z.object({
  name: z.string(),
  version: z.string(),
  /** Of the download. */
  bytes: z.int(),
  /** Where it comes from: "files.pythonhosted.org". */
  host: z.string(),
  licence: z.string(),
  licenceAddress: z.string(),
});
export type CudaPackage = z.infer<typeof CudaPackage>;

export const CudaLibraries = z.object({
  /** `unsupported`: CUDA is out of the question on this system, or with this driver; nothing can be fetched. */
  state: z.enum(['complete', 'incomplete', 'unsupported']),
  /** What stands in the way, and what to do; both empty when CUDA can be used. */
  message: z.string(),
  remedy: z.string(),
  /** What a person could install instead of fetching it here; empty where there is no such thing. */
  install: z.string(),
  driver: z.string().nullable(),
  libraries: z.array(CudaLibrary),
  /** What "Get them" would fetch. */
  missing: z.array(CudaPackage),
  missingBytes: z.int(),
  /** What it takes on the disk when it is unpacked, about. */
  unpackedBytes: z.int(),
  freeDiskBytes: z.int(),
  /** Where fetched libraries are kept, and how much they take there. */
  folder: z.string(),
  fetchedBytes: z.int(),
});
export type CudaLibraries = z.infer<typeof CudaLibraries>;

export const devices = {
  /** Starts the check, or gives the one that is under way. */
  'devices.check': call({ input: z.object({ provider: Provider }), output: Job }),
  /** Looks for the libraries of CUDA; asks nothing of the network. */
  'devices.cudaLibraries': call({ input: Nothing, output: CudaLibraries }),
  /** Fetches the libraries that are missing, or gives the download that is under way. */
  'devices.getCudaLibraries': call({ input: Nothing, output: Job }),
  /** Deletes the libraries that were fetched. */
  'devices.removeCudaLibraries': call({ input: Nothing, output: CudaLibraries }),
};
