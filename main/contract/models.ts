// Base models: what is on this machine, whether it can be trained, and whether it fits.
import { z } from 'zod';
import { call, FileToken, Id, Nothing, Time } from './wire.ts';

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
  /** The model chosen for this project. */
  'models.choose': call({ input: z.object({ projectId: Id, modelId: Id }), output: Nothing }),
  'models.chosen': call({ input: z.object({ projectId: Id }), output: BaseModel.nullable() }),
};
