// Base models: what is on this machine, whether it can be trained, and whether it fits.
import { z } from 'zod';
import { Job } from './jobs.ts';
import { call, FileToken, Id, Nothing, Time, WireError } from './wire.ts';

export const BaseModel = z.object({
  id: Id,
  name: z.string(),
  origin: z.enum(['starter', 'folder', 'cache', 'download', 'scratch', 'grown']),
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

/** Layers of one name that can get LoRA matrices. `linear` ones are those that `all-linear` stands for. */
export const AdaptableLayer = z.object({
  /** Last part of the names of its modules, such as `q_proj`. */
  name: z.string(),
  kind: z.enum(['linear', 'embedding', 'output']),
});
export type AdaptableLayer = z.infer<typeof AdaptableLayer>;

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

/**
 * A model of one's own before it is made: its sizes and its vocabulary. Any numbers are taken; what does not fit is said by
 * `models.createPlan`.
 */
export const ModelDesign = z.object({
  /** `model_type` of config.json. */
  family: z.string().max(60),
  layers: z.number(),
  width: z.number(),
  heads: z.number(),
  /** Heads of keys and values; not read by families that have as many as heads. */
  kvHeads: z.number(),
  /** Tokens. */
  context: z.number(),
  vocabulary: z.enum(['bpe', 'unigram', 'wordpiece']),
  /** Entries wanted, special tokens included. */
  vocabularySize: z.number(),
  /** Tokens of the user's own, beside those that the family needs. */
  specialTokens: z.array(z.string().max(200)).max(2000),
});
export type ModelDesign = z.infer<typeof ModelDesign>;

/** A family that a new model can be made of. */
export const ModelFamily = z.object({
  /** `model_type` of config.json. */
  id: z.string(),
  label: z.string(),
  description: z.string(),
  task: z.enum(['causal', 'encoder', 'seq2seq']),
  /** Whether fewer heads of keys and values than heads are possible. */
  sharesKeys: z.boolean(),
  vocabularies: z.array(ModelDesign.shape.vocabulary),
  /** A small model to begin with. */
  start: ModelDesign,
});
export type ModelFamily = z.infer<typeof ModelFamily>;

/** What a design would be. Numbers are null where the design has problems. */
export const DesignPlan = z.object({
  problems: z.array(z.object({ field: ModelDesign.keyof(), message: z.string(), remedy: z.string() })),
  parameters: z.int().nullable(),
  /** Share of the parameters that lie in the embedding and the output layer, 0 to 1. */
  vocabularyShare: z.number().nullable(),
  /** Of the weight file. */
  bytes: z.int().nullable(),
  /** Special tokens that the family needs, in the order of their ids. */
  reserved: z.array(z.string()),
  /** Of training every weight, with records as long as `recordTokens`. */
  training: z
    .object({
      recordTokens: z.int(),
      peakBytes: z.int(),
      availableBytes: z.int(),
      verdict: Fit.shape.verdict,
      /** About; tokens of training texts. */
      secondsPerThousandTokens: z.number(),
      tokensPerStep: z.int(),
      secondsPerStep: z.number(),
    })
    .nullable(),
});
export type DesignPlan = z.infer<typeof DesignPlan>;

/** How finely a tokenizer cuts the same passages: fewer tokens per word are cheaper. */
export const Fertility = z.object({
  name: z.string(),
  /** Entries. */
  vocabularySize: z.int(),
  tokensPerWord: z.number(),
  charactersPerToken: z.number(),
});
export type Fertility = z.infer<typeof Fertility>;

/** Result of the job that makes a model. */
export const CreatedModel = z.object({
  modelId: Id,
  own: Fertility,
  /** Of the model that was chosen for the project before; null where there was none. */
  base: Fertility.nullable(),
  /** Words that both were measured on, and whether the vocabulary was made without them. */
  words: z.int(),
  heldOut: z.boolean(),
  /** Entries that were asked for: the text may offer fewer. */
  wantedSize: z.int(),
  /** Share of the text that the vocabulary was made of, 0 to 1; of very large text a part is drawn. */
  textShare: z.number(),
  /** What else there is to say of how the vocabulary was made. */
  notes: z.array(z.string()).default([]),
});
export type CreatedModel = z.infer<typeof CreatedModel>;

/** A token to be added to a model. */
export const NewToken = z.object({
  content: z.string().min(1).max(200),
  /** Left out of answers as people read them, as the marks of a chat template are. */
  special: z.boolean().default(false),
});
export type NewToken = z.infer<typeof NewToken>;

const HubName = z.object({
  /** `owner/name` or an address of the Hub. */
  repository: z.string().min(1).max(500),
  /** Branch, tag or commit; empty for the one of the address, else `main`. */
  revision: z.string().max(200).default(''),
});

export const models = {
  'models.list': call({ input: Nothing, output: z.array(BaseModel) }),
  'models.get': call({ input: z.object({ modelId: Id }), output: BaseModel }),
  /**
   * Checks a folder and, when it can be trained, adds it to the list. Refusals are errors; the token is used up when it was
   * added. With `resize`, a tokenizer with more tokens than rows (`tokenizer-rows`) gets a folder with rows for them.
   */
  'models.add': call({
    input: z.object({ token: FileToken, resize: z.boolean().default(false) }),
    output: BaseModel,
  }),
  /** A new model with more tokens, in a folder of the app's own; the given one stays as it is. */
  'models.addTokens': call({
    input: z.object({ modelId: Id, tokens: z.array(NewToken).min(1).max(2000) }),
    output: BaseModel,
  }),
  'models.remove': call({ input: z.object({ modelId: Id }), output: Nothing }),
  'models.fit': call({
    input: z.object({
      modelId: Id,
      projectId: Id.nullable().default(null),
      versionId: Id.nullable().default(null),
    }),
    output: z.array(Fit),
  }),
  /** What LoRA can be put on in this model. */
  'models.layers': call({ input: z.object({ modelId: Id }), output: z.array(AdaptableLayer) }),
  /** Models of other programs on this computer, and the folders that were looked through. */
  'models.cached': call({
    input: Nothing,
    output: z.object({ folders: z.array(z.string()), models: z.array(CachedModel) }),
  }),
  'models.addCached': call({
    input: z.object({ key: z.string().max(64), resize: z.boolean().default(false) }),
    output: BaseModel,
  }),
  'models.suggested': call({ input: Nothing, output: z.array(SuggestedModel) }),
  /** Asks the Hub; uses the network. */
  'models.lookup': call({ input: HubName, output: HubLookup }),
  /** Starts the download, or gives the one that is under way. It goes on where an earlier one stopped. */
  'models.download': call({ input: HubName, output: Job }),
  /** Families that a new model can be made of. */
  'models.families': call({ input: Nothing, output: z.array(ModelFamily) }),
  'models.createPlan': call({ input: z.object({ design: ModelDesign }), output: DesignPlan }),
  /** Starts the job that makes a model of random weights with a vocabulary of the project's text; `CreatedModel`. */
  'models.create': call({
    input: z.object({
      projectId: Id,
      name: z.string().trim().min(1, 'Give the model a name.').max(100),
      design: ModelDesign,
      /** The text: a dataset version, or else documents (all of them without a choice). */
      versionId: Id.nullable().default(null),
      sourceIds: z.array(Id).default([]),
      /** Of the first weights. */
      seed: z.int().min(0).default(42),
    }),
    output: Job,
  }),
  /** The model chosen for this project. */
  'models.choose': call({ input: z.object({ projectId: Id, modelId: Id }), output: Nothing }),
  'models.chosen': call({ input: z.object({ projectId: Id }), output: BaseModel.nullable() }),
};
