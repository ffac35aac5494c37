// What a job is, seen from the engine process: one spec in, frames out. Does not know how the process is started
// (launcher.ts) or what is stored (the backend does that from the frames). Frames are plain JSON; weights, tokens and
// checkpoints travel as files.

import type { ChatAnswer } from '../contract/chat.ts';
import type {
  DatasetPreview,
  DatasetRecipe,
  DatasetRecord,
  DatasetReport,
  DatasetSuggestion,
  Message,
  RenderedRecord,
  Repair,
  RoleRefusal,
  Split,
} from '../contract/datasets.ts';
import type { Provider, Verdict } from '../contract/devices.ts';
import type { Coverage } from '../contract/documents.ts';
import type { MetricResult } from '../contract/evaluations.ts';
import type { ExportBase, Parity } from '../contract/exports.ts';
import type { QuantizedBase } from '../contract/losses.ts';
import type {
  AdaptableLayer,
  BaseModel,
  CachedModel,
  CreatedModel,
  DesignPlan,
  Fit,
  HubLookup,
  ModelDesign,
  ModelFamily,
  NewToken,
} from '../contract/models.ts';
import type {
  MetricPoint,
  Plan,
  Preset,
  SamplePoint,
  TrainSettings,
  ValidationPoint,
} from '../contract/runs.ts';
import type { Capabilities } from '../contract/settings.ts';
import type { ErrorShape } from '../errors.ts';
import type { HubRequest } from '../hub/client.ts';
import type { CudaSources } from '../hub/cuda-download.ts';
import type { HubPlaces } from '../hub/places.ts';
import type { NewRow } from '../models/new-rows.ts';
import type { QuantizationKind } from '../models/quantize-blocks.ts';
import type { StartPoint } from '../training/start.ts';

/** A source as the engine sees it: the extracted parts lie in `partsFile`, one `DocumentPart` as JSON a line. */
export interface SourceFile {
  id: string;
  name: string;
  format: string;
  partsFile: string;
  columns: string[];
}

/** Where the text for a vocabulary lies: extracted parts of documents, or the records of a dataset version. */
export type TextPlace =
  | { kind: 'documents'; partsFiles: string[] }
  | { kind: 'dataset'; recordsFile: string };

/** A tuned model: an adapter folder (PEFT format) or a folder with the full weights; null = the base itself. */
export interface TunedWeights {
  kind: 'adapter' | 'full';
  folder: string;
  /** In how few bits the base was read in training, and where such bases are kept; null = as it is. */
  quantized?: { kind: QuantizationKind; cacheFolder: string } | null;
}

/** Input, events and result of each job kind. */
export interface JobTypes {
  'import-documents': {
    input: {
      files: {
        sourceId: string;
        /** Absolute path of the stored original. */
        path: string;
        name: string;
        /** Where the parts are written, through a temporary name. */
        partsFile: string;
        options: { encoding?: string; delimiter?: string; wholePage?: boolean; password?: string };
      }[];
    };
    events: {
      /** One file is done, well or not. */
      source:
        | {
            sourceId: string;
            ok: true;
            format: string;
            characters: number;
            words: number;
            rows: number | null;
            columns: string[];
            language: string | null;
            coverage: Coverage;
          }
        | { sourceId: string; ok: false; format: string | null; error: ErrorShape };
    };
    result: { read: number; failed: number };
  };
  'build-dataset': {
    input: {
      recipe: DatasetRecipe;
      sources: SourceFile[];
      /** Model folder whose tokenizer counts tokens of chunks; the starter's when none is chosen. */
      tokenizerFolder: string;
      mode: 'preview' | 'build';
      /** Where the records of a build are written, one `DatasetRecord` as JSON a line, through a temporary name. */
      recordsFile: string;
    };
    events: Record<string, never>;
    result: { report: DatasetReport; hash: string; recordType: string; preview: DatasetPreview | null };
  };
  train: {
    input: TrainInput;
    events: {
      plan: Plan;
      phase: { phase: 'loading' | 'compiling' | 'running' | 'saving'; sentence: string };
      metrics: { train: MetricPoint[]; validation: ValidationPoint[]; samples: SamplePoint[] };
      checkpoint: { step: number; best: boolean; bytes: number };
      /** The base in few bits, once it is there and measured. */
      quantized: QuantizedBase;
      message: { level: 'info' | 'warning'; sentence: string };
    };
    result: {
      step: number;
      stopped: boolean;
      bestStep: number | null;
      trainLoss: number;
      validationLoss: number | null;
      /** Value of the recipe's measure at the best step, where it is not the loss. */
      validationScore: number | null;
      peakBytes: number;
    };
  };
  evaluate: {
    input: {
      modelFolder: string;
      tuned: TunedWeights;
      recordsFile: string;
      split: Split;
      limit: number;
      metricIds: string[];
      maxNewTokens: number;
      /** Of a search by an encoder-decoder; 1, token by token, unless given. */
      beams?: number;
      lengthPenalty?: number;
      threads: number;
      /** What computes losses, and answers where it can; the processor unless given. */
      provider?: Provider;
      /** One `Prediction` as JSON a line. */
      predictionsFile: string;
    };
    events: Record<string, never>;
    result: { results: MetricResult[]; verdict: string; leaks: number; records: number };
  };
  export: {
    input: {
      format: string;
      options: Record<string, unknown>;
      modelFolder: string;
      tuned: TunedWeights;
      /** Of `tuned` over a base in few bits: what an adapter is merged into; the original weights unless given. */
      base?: ExportBase;
      /** Written through a temporary name beside it, then renamed. */
      folder: string;
      /** For the model card: everything known about where the model comes from. */
      lineage: Record<string, unknown>;
    };
    events: Record<string, never>;
    result: { files: { name: string; bytes: number; sha256: string }[]; parity: Parity };
  };
  /** Fetches a model from the Hub into the cache; `request` events are for the network ledger. */
  'download-model': {
    input: { places: HubPlaces; repository: string; revision: string };
    events: { request: HubRequest };
    /** The complete snapshot. */
    result: { folder: string };
  };
  /** Fetches and unpacks packages of `cuda-packages.ts`, by name; `request` events are for the network ledger. */
  'download-cuda': {
    input: {
      places: Pick<HubPlaces, 'offlineBy' | 'proxy'>;
      sources: CudaSources;
      packages: string[];
      folder: string;
    };
    events: { request: HubRequest };
    /** The folders of the packages, complete. */
    result: { folders: string[] };
  };
  /** Makes a model of random weights with a vocabulary of the given text. */
  'create-model': {
    input: {
      design: ModelDesign;
      text: TextPlace;
      /** Tokenizer that the new one is compared with. */
      base: { name: string; folder: string } | null;
      /** The folder of the model, written through `${folder}.part`. */
      folder: string;
      /** Of the first weights. */
      seed: number;
    };
    events: Record<string, never>;
    result: Omit<CreatedModel, 'modelId'> & { folder: string };
  };
  /** Compares a provider with the processor; throws `provider-absent` where it has no device. */
  'device-check': { input: { provider: Provider }; events: Record<string, never>; result: Verdict };
  /** Interactive: stays until stopped and answers `ChatAsk`s. */
  chat: {
    input: {
      modelFolder: string;
      /** `repairs` make conversations what the records of the dataset were made; none unless given. */
      columns: { id: string; tuned: TunedWeights | null; repairs?: Repair[] }[];
      threads: number;
      /** What computes the answers, where it can; the processor unless given. */
      provider?: Provider;
    };
    events: { delta: { askId: number; columnId: string; text: string } };
    result: null;
  };
  /** Interactive: quick questions about models, records and plans, with tokenizers kept warm. */
  inspect: { input: Record<string, never>; events: { request: HubRequest }; result: null };
  /** Reads the registries once, so that the backend never loads a parser or a native library. */
  capabilities: { input: Record<string, never>; events: Record<string, never>; result: EngineCapabilities };
}

/** What the registries of this build hold, as screens show it. */
export type EngineCapabilities = Omit<Capabilities, 'shell' | 'canReveal' | 'canPickFolders' | 'settingHelp'>;

export interface TrainInput {
  runFolder: string;
  modelFolder: string;
  recordsFile: string;
  settings: TrainSettings;
  lineage: Record<string, string>;
  /** Where quantized base models are kept for all runs; beside the run folder unless given. */
  quantizedFolder?: string;
  /** Bytes this run may plan with. */
  memoryBytes: number;
  /** Go on from the newest complete checkpoint in `runFolder`. */
  resume: boolean;
  /** First weights, where they are not the base model's; full ones are in `modelFolder` already. */
  startFrom?: StartPoint | null;
}

/** What the chat job can be asked. `cancel` frames stop an answer. */
export interface ChatAsks {
  send: {
    request: { conversations: { [columnId: string]: Message[] }; options: Record<string, unknown> };
    reply: ChatAnswer[];
  };
}

/** What the inspect job can be asked. */
export interface InspectAsks {
  /** Throws an AppError when the folder cannot be used. */
  model: { request: { folder: string }; reply: Omit<BaseModel, 'id' | 'origin' | 'addedAt'> };
  /** What LoRA can be put on. */
  layers: { request: { folder: string }; reply: AdaptableLayer[] };
  fit: {
    request: { modelFolder: string; recordsFile: string | null; memoryBytes: number; threads: number };
    reply: Fit[];
  };
  render: { request: { modelFolder: string; record: DatasetRecord }; reply: RenderedRecord };
  tokenStats: {
    request: { modelFolder: string; recordsFile: string; maxLength: number };
    reply: {
      tokens: number;
      trainedTokens: number;
      longest: number;
      histogram: { upTo: number; records: number }[];
      overLimit: number;
      withoutTrained: number;
      problems: string[];
      refused?: RoleRefusal[];
    };
  };
  presets: { request: { modelFolder: string; recordsFile: string; isSample: boolean }; reply: Preset[] };
  plan: {
    request: Omit<TrainInput, 'runFolder' | 'resume' | 'lineage'> & { diskBytes: number };
    reply: Plan;
  };
  suggest: { request: { sources: SourceFile[] }; reply: DatasetSuggestion };
  /** Asks the Hub what a download would fetch. */
  lookup: {
    request: { places: HubPlaces; repository: string; revision: string; memoryBytes: number };
    reply: HubLookup;
  };
  /** Models that other programs keep on this computer. */
  cached: {
    request: { cacheFolders: string[] };
    reply: { folders: string[]; models: Omit<CachedModel, 'modelId'>[] };
  };
  /** Makes a model folder with more tokens, and tells which rows are new and how many there are. */
  grow: {
    request: { folder: string; target: string; tokens: NewToken[] };
    reply: { folder: string; tokens: NewRow[]; rows: number };
  };
  families: { request: Record<string, never>; reply: ModelFamily[] };
  designPlan: {
    request: { design: ModelDesign; memoryBytes: number; threads: number };
    reply: DesignPlan;
  };
  /** The fit of LoRA for each model of the short list, by repository. */
  suggestedFits: { request: { memoryBytes: number }; reply: { [repository: string]: Fit | null } };
}

export type JobKind = keyof JobTypes;

/** Frames from the backend to an engine process. */
export type ToEngine =
  | { type: 'start'; kind: JobKind; input: unknown; logFile: string | null }
  | { type: 'stop' }
  | { type: 'pause' }
  | { type: 'resume' }
  | { type: 'ask'; askId: number; question: string; request: unknown }
  | { type: 'cancel-ask'; askId: number };

/** Frames from an engine process to the backend. */
export type FromEngine =
  | { type: 'progress'; progress: Progress }
  | { type: 'event'; name: string; payload: unknown }
  | { type: 'reply'; askId: number; ok: true; output: unknown }
  | { type: 'reply'; askId: number; ok: false; error: ErrorShape }
  | { type: 'paused'; paused: boolean }
  | { type: 'ready' }
  | { type: 'done'; result: unknown }
  | { type: 'failed'; error: ErrorShape };

export interface Progress {
  /** 0 to 1; null when the total is unknown. */
  progress: number | null;
  position: string;
  rate: string;
  secondsLeft: number | null;
}

/** What a job's code gets from the engine process that runs it. */
export interface JobContext<Kind extends JobKind> {
  progress(progress: Progress): void;
  emit<Name extends keyof JobTypes[Kind]['events'] & string>(
    name: Name,
    payload: JobTypes[Kind]['events'][Name],
  ): void;
  /** Aborted by a stop frame: save what is worth keeping, then return or throw. */
  signal: AbortSignal;
  /** Resolves at once unless paused; call it between units of work. */
  unlessPaused(): Promise<void>;
  /** Interactive jobs: answers questions until `signal` aborts. */
  answer(handlers: { [question: string]: (request: never, ask: AskContext) => unknown }): Promise<void>;
}

export interface AskContext {
  askId: number;
  signal: AbortSignal;
}

/** One kind of job. Registered in `index.ts`; its code is loaded only in the engine process that needs it. */
export interface JobRunner<Kind extends JobKind> {
  kind: Kind;
  run(input: JobTypes[Kind]['input'], context: JobContext<Kind>): Promise<JobTypes[Kind]['result']>;
}
