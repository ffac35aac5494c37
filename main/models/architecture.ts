// What a model architecture tells the rest of the app: its tensors, and how its forward graph is built. One
// file per architecture; shared parts lie in blocks/. Shared code reads what an entry declares and never asks
// for its id.
import type { z } from 'zod';
import type { Value } from '../compiler/graph.ts';
import type { GgufMapping } from './blocks/gguf-names.ts';
import type { Reach } from './blocks/rotary.ts';
import type { ModelBuilder } from './builder.ts';

export type TensorKind = 'linear' | 'conv1d' | 'embedding' | 'norm' | 'bias';

/** What the output layer predicts: tokens, or the labels of a classifier. */
export type Objective = 'causal-lm' | 'masked-lm' | 'seq2seq-lm' | 'classification' | 'token-classification';

/** A tensor of the checkpoint. Linear weights are [out, in], Conv1D weights [in, out], as in transformers. */
export interface TensorSpec {
  name: string;
  shape: readonly number[];
  kind: TensorKind;
  /**
   * Modules that read the table in place of the one that it is named after: PEFT knows it by their names, and finds that
   * an adapter of the other does nothing (T5's `shared`).
   */
  readers?: readonly string[];
  /** Gains of a norm in a new model; 1 unless given (some families store them around 0). */
  initial?: number;
  /** Factor on the deviation of a new matrix. */
  deviation?: number;
  /** Standard deviation of a new matrix where config.json has no `initializer_range`; 0.02 times the factor unless given. */
  standardDeviation?: number;
}

/** Numbers that every architecture can tell of itself. */
export interface ModelShape {
  vocabularySize: number;
  hiddenSize: number;
  layers: number;
  contextLength: number;
  /** Heads of keys and values, and their width: the size of the KV cache. Zero for models without one. */
  kvHeads: number;
  headDim: number;
  tiedEmbeddings: boolean;
  /** How the rotation of positions depends on the length of a text; undefined = it does not. */
  reach?: Reach;
}

export interface ForwardResult {
  /**
   * What the output layer reads: last hidden states [batch * width, hiddenSize] after the final norm, those of the decoder
   * [batch * targetWidth, hiddenSize], or one row per text [batch, hiddenSize].
   */
  hidden: Value;
  /** Module of the output layer, such as `lm_head`, and the tensor it multiplies with. */
  head: {
    module: string;
    weight: string;
    bias?: string;
    /** Logits become cap * tanh(logit / cap) (Gemma 2). */
    softcap?: number;
  };
}

export interface Architecture<Config = unknown> {
  id: string;
  label: string;
  /** One sentence for the Model screen. */
  description: string;
  /** Values of `model_type` in config.json. */
  modelTypes: readonly string[];
  /**
   * Model types that stored reference numbers hold to be exact; the others are mapped, but unproven. All
   * unless given.
   */
  proven?: readonly string[];
  task: 'causal' | 'encoder' | 'seq2seq';
  /** Of a checkpoint, whose configuration names its head; `causal-lm` unless given. */
  objective?(config: Config): Objective;
  /** Token that a decoder's input begins with (encoder-decoders). */
  decoderStart?(config: Config): number;
  /** Parses config.json, with the defaults of the reference implementation. */
  Config: z.ZodType<Config>;
  shape(config: Config): ModelShape;
  /** Every tensor a checkpoint has to hold. A tied output layer is left out. */
  tensors(config: Config): TensorSpec[];
  /** Name in `tensors` of a tensor that a checkpoint calls otherwise. */
  rename?(name: string): string;
  /** Modules of the output layer, which `all-linear` leaves out (as PEFT does). */
  outputModules: readonly string[];
  /** What llama.cpp calls this model; absent where it has none of this kind, or nobody has mapped it yet. */
  ggufNames?(config: Config): GgufMapping;
  forward(builder: ModelBuilder, config: Config): ForwardResult;
}
