// Datasets: the build recipe, immutable versions, records, and what the model sees of a record.
import { z } from 'zod';
import { Provenance } from './documents.ts';
import { call, Id, Nothing, Page, Time } from './wire.ts';

export const Message = z.object({
  role: z.enum(['system', 'user', 'assistant', 'tool']),
  content: z.string(),
});
export type Message = z.infer<typeof Message>;

/** What one training example holds. */
export const RecordContent = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('text'),
    text: z.string(),
    /** Whether the text ends here (an end token is learned). */ complete: z.boolean(),
  }),
  z.object({ type: z.literal('completion'), prompt: z.string(), completion: z.string() }),
  z.object({ type: z.literal('chat'), messages: z.array(Message).min(1) }),
  z.object({ type: z.literal('labelled'), text: z.string(), pair: z.string().optional(), label: z.string() }),
  z.object({
    type: z.literal('preference'),
    messages: z.array(Message),
    chosen: z.string(),
    rejected: z.string(),
  }),
]);
export type RecordContent = z.infer<typeof RecordContent>;

export const Split = z.enum(['train', 'validation', 'test']);
export type Split = z.infer<typeof Split>;

/** What makes a conversation acceptable to a chat template that refuses it. */
export const Repair = z.enum(['merge-system', 'join-turns']);
export type Repair = z.infer<typeof Repair>;

/** One training example. Named `DatasetRecord` because TypeScript owns the word `Record`. */
export const DatasetRecord = z.object({
  id: Id,
  split: Split,
  content: RecordContent,
  provenance: z.array(Provenance),
  /** Records of one group (a document, a fact) never straddle splits. */
  group: z.string(),
  /** What the build changed of the conversation; absent = nothing. */
  repaired: z.array(Repair).optional(),
});
export type DatasetRecord = z.infer<typeof DatasetRecord>;

/** A cleaning step: its id in the registry, whether it runs, and its own options. */
export const StepRecipe = z.object({
  id: z.string(),
  enabled: z.boolean(),
  options: z.record(z.string(), z.unknown()).default({}),
});
export type StepRecipe = z.infer<typeof StepRecipe>;

/** A template over columns: `{message}` is replaced by that column's exact string; `{{` and `}}` are braces. */
const Template = z.string().max(20_000);

/** How passages or rows become records. */
export const Shape = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('chunks'),
    /** Tokens a chunk. */ tokens: z.int().min(16).max(8192),
    overlap: z.int().min(0).max(4096),
  }),
  z.object({ type: z.literal('completion'), prompt: Template, completion: Template }),
  z.object({ type: z.literal('chat'), system: Template.default(''), user: Template, assistant: Template }),
  /** A column or JSON key that holds a list of messages (`messages`, `conversations`). */
  z.object({
    type: z.literal('messages'),
    key: z.string(),
    roleKey: z.string(),
    contentKey: z.string(),
    roles: z.record(z.string(), z.enum(['system', 'user', 'assistant', 'tool'])),
  }),
  z.object({
    type: z.literal('labelled'),
    text: Template,
    /** The second text of a pair; absent or empty where a text stands alone. */
    pair: Template.optional(),
    label: Template,
  }),
  z.object({ type: z.literal('preference'), prompt: Template, chosen: Template, rejected: Template }),
]);
export type Shape = z.infer<typeof Shape>;

/**
 * What happens to conversations that many chat templates refuse: ones with a system text, and ones whose turns
 * are not user, assistant, user, assistant ...
 */
export const RoleChoices = z.object({
  /** `merge` puts a system text in front of the first user text. */
  system: z.enum(['keep', 'merge', 'leave-out']).default('keep'),
  /** `join` makes one turn of successive turns by the same role. */
  turns: z.enum(['keep', 'join', 'leave-out']).default('keep'),
});
export type RoleChoices = z.infer<typeof RoleChoices>;

export const SplitRecipe = z.object({
  seed: z.int().min(0),
  /** Shares of validation and test, 0 to 0.9; the rest is train. */
  validation: z.number().min(0).max(0.9),
  test: z.number().min(0).max(0.9),
  /** A column that already names the split of a row (train, validation, test), or null. */
  column: z.string().nullable().default(null),
  /** Column whose equal values stay together; null = by document for prose, by row for tables. */
  groupBy: z.string().nullable().default(null),
});
export type SplitRecipe = z.infer<typeof SplitRecipe>;

export const DatasetRecipe = z.object({
  name: z.string().trim().min(1).max(120),
  sourceIds: z.array(Id).min(1),
  steps: z.array(StepRecipe),
  shape: Shape,
  /** Of conversations; absent = they stay as they are. */
  roles: RoleChoices.optional(),
  split: SplitRecipe,
});
export type DatasetRecipe = z.infer<typeof DatasetRecipe>;

/** What one cleaning step did. */
export const StepReport = z.object({
  id: z.string(),
  label: z.string(),
  before: z.int(),
  after: z.int(),
  removed: z.int(),
  changed: z.int(),
  /** Up to 20 samples of what it removed or changed. `kept` names what stayed instead, for duplicates. */
  samples: z.array(
    z.object({
      before: z.string(),
      after: z.string().nullable(),
      kept: z.string().nullable(),
      place: z.string(),
    }),
  ),
});
export type StepReport = z.infer<typeof StepReport>;

/** Records that the chat template of a model refuses for one reason. */
export const RoleRefusal = z.object({
  /** The template's own sentence, of the first such record. */
  sentence: z.string(),
  /** Told by which repair helps. */
  reason: z.enum(['no-system-role', 'roles-do-not-alternate', 'other']),
  count: z.int(),
  /** Per set of repairs (the smallest that helps), how many of these records it makes acceptable. */
  repairs: z.array(z.object({ steps: z.array(Repair), count: z.int() })),
});
export type RoleRefusal = z.infer<typeof RoleRefusal>;

export const DatasetReport = z.object({
  passages: z.int(),
  steps: z.array(StepReport),
  records: z.object({ train: z.int(), validation: z.int(), test: z.int() }),
  characters: z.int(),
  /** Equal or near-equal records found in two splits; 0 after a right split. */
  leaks: z.int(),
  /** Rows that could not be shaped, with reasons: "212 of 3,104 rows have no text in "answer"; the first is row 14." */
  problems: z.array(z.string()),
  /** What the choices of roles did, in conversations; absent = nothing. */
  roles: z.object({ merged: z.int(), joined: z.int(), leftOut: z.int() }).optional(),
  /** What the template of the model that was chosen then refuses; absent where no model or no template was there. */
  refused: z.array(RoleRefusal).optional(),
});
export type DatasetReport = z.infer<typeof DatasetReport>;

export const DatasetVersion = z.object({
  id: Id,
  projectId: Id,
  /** 1, 2, 3 ... within the project. */
  number: z.int(),
  name: z.string(),
  /** SHA-256 over the records in order; equal content has equal hash. */
  hash: z.string(),
  recipe: DatasetRecipe,
  report: DatasetReport,
  recordType: z.enum(['text', 'completion', 'chat', 'labelled', 'preference']),
  createdAt: Time,
});
export type DatasetVersion = z.infer<typeof DatasetVersion>;

/** A record as the model sees it. */
export const RenderedRecord = z.object({
  text: z.string(),
  tokens: z.array(z.object({ id: z.int(), text: z.string(), trained: z.boolean() })),
  trainedTokens: z.int(),
  /** Context length of the model, in tokens; longer records are cut. */
  contextLength: z.int(),
});
export type RenderedRecord = z.infer<typeof RenderedRecord>;

export const DatasetSuggestion = z.object({
  recipe: DatasetRecipe,
  /** Why: "The columns question and answer were recognised." */
  why: z.string(),
  columns: z.array(z.string()),
  example: z.record(z.string(), z.string()).nullable(),
});
export type DatasetSuggestion = z.infer<typeof DatasetSuggestion>;

const VersionId = z.object({ projectId: Id, versionId: Id });

export const datasets = {
  'datasets.list': call({ input: z.object({ projectId: Id }), output: z.array(DatasetVersion) }),
  'datasets.get': call({ input: VersionId, output: DatasetVersion }),
  /** A recipe that fits the chosen sources (all usable ones when empty). */
  'datasets.suggest': call({
    input: z.object({ projectId: Id, sourceIds: z.array(Id).default([]) }),
    output: DatasetSuggestion,
  }),
  /** The draft of this project, autosaved; null when none was made yet. */
  'datasets.draft': call({ input: z.object({ projectId: Id }), output: DatasetRecipe.nullable() }),
  'datasets.saveDraft': call({ input: z.object({ projectId: Id, recipe: DatasetRecipe }), output: Nothing }),
  /** Builds without freezing: counts, samples and the first records. The job's result is a `DatasetPreview`. */
  'datasets.preview': call({
    input: z.object({ projectId: Id, recipe: DatasetRecipe }),
    output: z.object({ jobId: Id }),
  }),
  /** Builds and freezes a version. The job's result holds `versionId`. */
  'datasets.build': call({
    input: z.object({ projectId: Id, recipe: DatasetRecipe }),
    output: z.object({ jobId: Id }),
  }),
  'datasets.records': call({
    input: VersionId.extend({ split: Split.nullable().default(null), find: z.string().default(''), ...Page }),
    output: z.object({ records: z.array(DatasetRecord), total: z.int() }),
  }),
  'datasets.render': call({
    input: VersionId.extend({ recordId: Id, modelId: Id }),
    output: RenderedRecord,
  }),
  /** Token counts of a version under a model's tokenizer and template. */
  'datasets.tokenStats': call({
    input: VersionId.extend({ modelId: Id }),
    output: z.object({
      tokens: z.int(),
      trainedTokens: z.int(),
      longest: z.int(),
      /** Records a bucket; `upTo` in tokens. */
      histogram: z.array(z.object({ upTo: z.int(), records: z.int() })),
      overLimit: z.int(),
      withoutTrained: z.int(),
      problems: z.array(z.string()),
      /** What the chat template refuses, and what would help. */
      refused: z.array(RoleRefusal).optional(),
    }),
  }),
  'datasets.exportJsonl': call({ input: VersionId, output: z.object({ jobId: Id }) }),
  'datasets.delete': call({ input: VersionId, output: Nothing }),
};

/** Result of a preview job. */
export const DatasetPreview = z.object({ report: DatasetReport, records: z.array(DatasetRecord) });
export type DatasetPreview = z.infer<typeof DatasetPreview>;
