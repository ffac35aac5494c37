// Base models: what is on this machine, whether it can be trained, and whether it fits.
import { z } from 'zod';
import { Job } from './jobs.ts';
import { call, FileToken, Id, Nothing, Time, WireError } from './wire.ts';

export const BaseModel = z.object({
  id: Id,
  name: z.string(),
  origin: z.enum(['starter', 'folder', 'cache', 'download', 'scratch']),
  /** Absolute path, for display only. */
  folder: z.string(),
  /** `model_type` of config.json, such as `llama`. */
  architecture: z.string(),
  task: z.enum(['causal', 'encoder', 'seq2seq']),
  parameters: z.int(),
  /** Size of the weight files. */
  bytes: z.int(),
  dtype: z.string(),
  contextLength: z.int(),
  vocabularySize: z.int(),
  layers: z.int(),
  hiddenSize: z.int(),
  licence: z.string().nullable(),
  hasChatTemplate: z.boolean(),
  addedAt: Time,
  /** Why it cannot be used; null when it can. */
  problem: z.object({ code: z.string(), message: z.string(), remedy: z.string() }).nullable(),
  warnings: z.array(z.string()),
});
export type BaseModel = z.infer<typeof BaseModel>;

export const Fit = z.object({
  method: z.enum(['lora', 'full']),
  verdict: z.enum(['fits', 'tight', 'too-large']),
  /** Predicted peak, bytes. */
  peakBytes: z.int(),
  availableBytes: z.int(),
  /** About; null before a dataset is chosen. */
  secondsPerEpoch: z.number().nullable(),
});
export type Fit = z.infer<typeof Fit>;

/** What a download would fetch, asked of the Hub before it begins. */
export const HubLookup = z.object({
  repository: z.string(),
  revision: z.string(),
  /** Everything is fetched at this commit. */
  commit: z.string(),
  licence: z.string().nullable(),
  /** Its terms have to be accepted on the Hub. */
  gated: z.boolean(),
  files: z.array(z.object({ path: z.string(), bytes: z.int(), here: z.boolean() })),
  bytes: z.int(),
  /** What is not on this computer yet. */
  missingBytes: z.int(),
  freeDiskBytes: z.int(),
  /** Where the model will lie, for display only. */
  destination: z.string(),
  architecture: z.string(),
  parameters: z.int().nullable(),
  fits: z.array(Fit),
  /** Why it cannot be trained, although it could be fetched. */
  problem: WireError.nullable(),
});
export type HubLookup = z.infer<typeof HubLookup>;

/** A model that another program left on this computer. */
export const CachedModel = z.object({
  /** Stands for its folder in `models.addCached`. */
  key: z.string(),
  name: z.string(),
  place: z.enum(['Hugging Face cache', 'LM Studio', 'Ollama']),
  /** For display only. */
  folder: z.string(),
  bytes: z.int(),
  architecture: z.string().nullable(),
  parameters: z.int().nullable(),
  /** Its entry in the list, when it was added. */
  modelId: Id.nullable(),
  /** Why it cannot be trained; null when it can. */
  problem: WireError.nullable(),
});
export type CachedModel = z.infer<typeof CachedModel>;

/** One of the short list of open models. */
export const SuggestedModel = z.object({
  repository: z.string(),
  name: z.string(),
  use: z.string(),
  licence: z.string(),
  gated: z.boolean(),
  parameters: z.int(),
  /** About, until it is looked up. */
  bytes: z.number(),
  /** With LoRA on this computer; null where it cannot be predicted. */
  fit: Fit.nullable(),
});
export type SuggestedModel = z.infer<typeof SuggestedModel>;

const HubName = z.object({
  /** `owner/name` or an address of the Hub. */
  repository: z.string().min(1).max(500),
  /** Branch, tag or commit; empty for the one of the address, else `main`. */
  revision: z.string().max(200).default(''),
});

export const models = {
  'models.list': call({ input: Nothing, output: z.array(BaseModel) }),
  'models.get': call({ input: z.object({ modelId: Id }), output: BaseModel }),
  /** Checks a folder and, when it can be trained, adds it to the list. Refusals are errors. */
  'models.add': call({ input: z.object({ token: FileToken }), output: BaseModel }),
  'models.remove': call({ input: z.object({ modelId: Id }), output: Nothing }),
  'models.fit': call({
    input: z.object({
      modelId: Id,
      projectId: Id.nullable().default(null),
      versionId: Id.nullable().default(null),
    }),
    output: z.array(Fit),
  }),
  /** Models of other programs on this computer, and the folders that were looked through. */
  'models.cached': call({
    input: Nothing,
    output: z.object({ folders: z.array(z.string()), models: z.array(CachedModel) }),
  }),
  'models.addCached': call({ input: z.object({ key: z.string().max(64) }), output: BaseModel }),
  'models.suggested': call({ input: Nothing, output: z.array(SuggestedModel) }),
  /** Asks the Hub; uses the network. */
  'models.lookup': call({ input: HubName, output: HubLookup }),
  /** Starts the download, or gives the one that is under way. It goes on where an earlier one stopped. */
  'models.download': call({ input: HubName, output: Job }),
  /** The model chosen for this project. */
  'models.choose': call({ input: z.object({ projectId: Id, modelId: Id }), output: Nothing }),
  'models.chosen': call({ input: z.object({ projectId: Id }), output: BaseModel.nullable() }),
};
