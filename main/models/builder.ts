// What an architecture builds its forward graph with: tensors by name (frozen by reference, or trainable),
// linear layers with their adapters, and attention. The same forward code serves training, evaluation and
// generation; they differ in the `Attend` function and in the inputs.

import type { Graph, Value } from '../compiler/graph.ts';
import type { Provider } from '../compiler/lowering.ts';
import { assert } from '../errors.ts';
import type { ForwardResult } from './architecture.ts';
import { adaptedNorm, type LinearAdapter, type LinearSite, linears } from './blocks/linear.ts';
import { unpacked } from './blocks/quantized.ts';
import {
  placedTables,
  type RotarySettings,
  type RotaryTables,
  reachOf,
  rotaryTables,
} from './blocks/rotary.ts';
import type { QuantizedWeight } from './quantize.ts';
import type { TensorInfo } from './safetensors.ts';

/** What attention needs to know of one layer. */
export interface AttentionSpec {
  heads: number;
  kvHeads: number;
  headDim: number;
  /** Factor on the scores, usually headDim^-1/2. */
  scale: number;
  /** Keys further back than this are not seen; undefined = all. */
  window?: number;
  /** Scores become cap * tanh(score / cap) (Gemma 2). */
  softcap?: number;
}

/**
 * Attention of one layer: q [batch, width, heads * headDim], k and v [batch, width, kvHeads * headDim] -> as
 * q.
 */
export type Attend = (layer: number, q: Value, k: Value, v: Value, spec: AttentionSpec) => Value;

/**
 * How much of the forward pass is computed again in the backward pass instead of being kept: what is as fast to compute
 * as to fetch, attention probabilities too, or all but the input of each layer.
 */
export type Recompute = 'off' | 'selective' | 'layer';

/** LoRA of a linear layer or an embedding (then `in` is the vocabulary). */
export type Adapter = LinearAdapter;

/** Inputs that only some architectures read: all int32. */
export type BatchInput = 'tokenTypes' | 'ends' | 'targetIds';

export interface BuilderOptions {
  graph: Graph;
  provider: Provider;
  batch: number;
  width: number;
  /** Token ids [batch, width] and their positions [batch, width], both int32. */
  ids: Value;
  positions: Value;
  /** [batch, width]: places with equal numbers see each other, tokens have one above 0; undefined = no padding. */
  segments?: Value;
  /** Places in a row of the text that a decoder learns. */
  targetWidth?: number;
  /** Positions that can occur: rows of the RoPE tables. */
  maxPositions: number;
  attend: Attend;
  recompute: Recompute;
  tensors: ReadonlyMap<string, TensorInfo>;
  /** Linear weights in few bits, read instead of those in `tensors`. */
  quantized?: ReadonlyMap<string, QuantizedWeight>;
  /** Path of a weights file, relative to the folder that the session gets. */
  locate(file: string): string;
  /** Trainable or fed values by tensor name; they replace what lies in the files. */
  parameters: ReadonlyMap<string, Value>;
  /** Adapters by module name, such as `model.layers.0.self_attn.q_proj`. */
  adapters: ReadonlyMap<string, Adapter>;
  /** A mask of kept inputs, scaled by 1 / (1 - p), for the adapters of a site; undefined = no dropout. */
  dropout?: (shape: readonly number[]) => Value;
  /** What is added to the embeddings of the batch's tokens [batch * width, hidden]; undefined = nothing. */
  noise?: (shape: readonly number[]) => Value;
}

export class ModelBuilder {
  readonly options: BuilderOptions;
  readonly g: Graph;
  readonly rows: number;
  private readonly raws = new Map<string, Value>();
  private readonly given = new Map<BatchInput, Value>();
  private readonly tables = new Map<string, RotaryTables & { rows: Value }>();
  private readonly widePositions: Value;

  constructor(options: BuilderOptions) {
    this.options = options;
    this.g = options.graph;
    this.rows = options.batch * options.width;
    this.widePositions = this.g.cast(options.positions, 'int64');
  }

  get batch(): number {
    return this.options.batch;
  }

  get width(): number {
    return this.options.width;
  }

  /** Whether attention probabilities are computed again in the backward pass. Norms and activations always are: that is
   * as fast as fetching them from memory. */
  get selective(): boolean {
    return this.options.recompute !== 'off';
  }

  /**
   * A further input of the batch, declared in the graph once an architecture asks for it: types of tokens [batch, width],
   * the last token of each row as row * width + place [batch], or what the decoder reads [batch, targetWidth].
   */
  input(name: BatchInput): Value {
    const known = this.given.get(name);
    if (known !== undefined) return known;
    const { targetWidth = this.width } = this.options; // a plan without targets takes them to be as long as texts
    const shape =
      name === 'ends' ? [this.batch] : [this.batch, name === 'targetIds' ? targetWidth : this.width];
    const value = this.g.input(name, shape, 'int32');
    this.given.set(name, value);
    return value;
  }

  has(name: string): boolean {
    return this.options.parameters.has(name) || this.options.tensors.has(name);
  }

  /**
   * Layers are told apart by the tensors that they read: the first tensor of a layer comes before all that is computed
   * from the residual stream in it.
   */
  private enter(name: string): void {
    if (this.options.recompute === 'layer') this.g.layer = /^.*?\.\d+(?=\.)/.exec(name)?.[0];
  }

  /** A tensor as it is stored (float32, float16 or bfloat16), or its trained value. */
  raw(name: string): Value {
    this.enter(name);
    return this.options.parameters.get(name) ?? this.stored(name);
  }

  private stored(name: string): Value {
    const known = this.raws.get(name);
    if (known !== undefined) return known;
    const info = this.options.tensors.get(name);
    assert(info !== undefined, `the checkpoint holds "${name}"`);
    const file = this.options.locate(info.file);
    const value = this.g.weight(name, info.shape, info.dtype, file, info.offset, info.bytes);
    this.raws.set(name, value);
    return value;
  }

  /** A tensor as float32. Casting again in the backward pass is cheaper than keeping the result. */
  tensor(name: string): Value {
    return this.wide(this.raw(name));
  }

  private wide(raw: Value): Value {
    return raw.dtype === 'float32' ? raw : this.g.cheap(this.g.cast(raw, 'float32'));
  }

  /**
   * Rows of the embedding table of `module` for token ids or other indices: [batch * width, hidden], times `scale`.
   */
  embed(module: string, { ids = this.options.ids, scale = 1 }: { ids?: Value; scale?: number } = {}): Value {
    const { g } = this;
    const name = `${module}.weight`;
    const indices = g.reshape(ids, [-1]);
    const adapter = this.options.adapters.get(module);
    let rows = g.cast(g.gather(this.raw(name), indices), 'float32');
    if (adapter !== undefined) {
      const { a, b, magnitude } = adapter;
      const low = g.gather(g.transpose(a, [1, 0]), indices); // [rows, rank]
      rows = g.gemm(low, b, { transB: true, alpha: adapter.scale, c: rows });
      if (magnitude !== undefined) {
        const constant = g.block(
          [],
          () => [adaptedNorm(g, this.tensor(name), true, adapter)],
          () => [],
        )[0];
        rows = g.mul(rows, g.div(magnitude, constant));
      }
    }
    if (scale !== 1) rows = g.mul(rows, scale);
    const noise = ids === this.options.ids ? this.options.noise?.(rows.shape) : undefined;
    return noise === undefined ? rows : g.add(rows, noise);
  }

  /**
   * Linear layers that share the input x [rows, in], by module name; biases are used where the checkpoint has
   * them.
   */
  linear(x: Value, modules: readonly string[], layout: 'linear' | 'conv1d' = 'linear'): Value[] {
    const sites = modules.map((module): LinearSite => {
      const bias = `${module}.bias`;
      return {
        ...this.linearWeight(`${module}.weight`, layout),
        bias: this.has(bias) ? this.tensor(bias) : undefined,
        adapter: this.options.adapters.get(module),
      };
    });
    const dropout = sites.some((site) => site.adapter !== undefined)
      ? this.options.dropout?.(x.shape)
      : undefined;
    return linears(this.g, x, sites, dropout);
  }

  /** The weight of a linear layer as float32. A quantized one is unpacked for each use, and stands as [out, in]. */
  private linearWeight(name: string, layout: 'linear' | 'conv1d'): Pick<LinearSite, 'weight' | 'transposed'> {
    const { quantized, parameters } = this.options;
    const packed = parameters.has(name) ? undefined : quantized?.get(name);
    if (packed === undefined) return { weight: this.tensor(name), transposed: layout === 'conv1d' };
    this.enter(name);
    const file = this.options.locate(packed.file);
    return { weight: this.g.cheap(unpacked(this.g, name, packed, file)), transposed: false };
  }

  /** Logits [rows, vocabulary] of hidden rows. */
  logits({ head }: ForwardResult, hidden: Value): Value {
    const site = { ...this.headSite(head), adapter: this.options.adapters.get(head.module) };
    const [logits] = linears(this.g, hidden, [site]);
    if (head.softcap === undefined) return logits;
    return this.g.mul(this.g.tanh(this.g.div(logits, head.softcap)), head.softcap);
  }

  /**
   * Hidden rows and the table [vocabulary, width] whose product the logits are, with an adapter of the output
   * layer as further columns: h Wᵀ + s (h Aᵀ) Bᵀ = [h, h Aᵀ] [W, s B]ᵀ. So the loss needs to know nothing of
   * adapters.
   */
  headProduct({ hidden, head }: ForwardResult): { hidden: Value; table: Value; bias: Value | undefined } {
    const { g } = this;
    const { weight, bias } = this.headSite(head);
    const adapter = this.options.adapters.get(head.module);
    if (adapter === undefined) return { hidden, table: weight, bias };
    const { a, b, scale, magnitude } = adapter;
    const dropout = this.options.dropout?.(hidden.shape);
    const low = g.gemm(dropout === undefined ? hidden : g.mul(hidden, dropout), a, { transB: true });
    let table = g.concat([weight, scale === 1 ? b : g.mul(b, scale)], 1);
    if (magnitude !== undefined) {
      const norm = g.block(
        [],
        () => [adaptedNorm(g, weight, false, adapter)],
        () => [],
      )[0];
      table = g.mul(table, g.reshape(g.div(magnitude, norm), [-1, 1]));
    }
    return { hidden: g.concat([hidden, low], 1), table, bias };
  }

  /**
   * The output layer's own weight where one is trained, else the one that it shares with the embedding. Where
   * an adapter saves the embedding alone, it keeps the base's table, as in PEFT.
   */
  private headSite(head: ForwardResult['head']): Omit<LinearSite, 'adapter'> {
    const { parameters } = this.options;
    const own = `${head.module}.weight`;
    const name = parameters.has(own) ? own : head.weight;
    const savedAlone = name !== own && parameters.has(`base_model.model.${name}`);
    return {
      weight: savedAlone ? this.wide(this.stored(name)) : this.tensor(name),
      transposed: false,
      bias: head.bias === undefined ? undefined : this.tensor(head.bias),
    };
  }

  /** RMS norm over the last axis. */
  rmsNorm(x: Value, name: string, epsilon: number, offset = 0): Value {
    const gains = this.tensor(name);
    const weight = offset === 0 ? gains : this.g.add(gains, offset);
    const [y] = this.g.rmsNorm(x, weight, epsilon);
    return this.g.cheap(y);
  }

  layerNorm(x: Value, name: string, epsilon: number): Value {
    const [y] = this.g.layerNorm(x, this.tensor(`${name}.weight`), this.tensor(`${name}.bias`), epsilon);
    return this.g.cheap(y);
  }

  /** Rotary embedding of x [batch, width, heads * headDim]; `partial` of each head, the rest stays. */
  rotate(x: Value, headDim: number, settings: RotarySettings): Value {
    const { g } = this;
    const rotated = Math.floor(headDim * (settings.partial ?? 1));
    if (rotated < headDim) {
      const heads = g.reshape(x, [...x.shape.slice(0, 2), -1, headDim]);
      const turning = g.reshape(g.slice(heads, 3, 0, rotated), [...x.shape.slice(0, 2), -1]);
      const turned = this.rotate(turning, rotated, { ...settings, partial: 1 });
      const parts = [
        g.reshape(turned, [...heads.shape.slice(0, 3), rotated]),
        g.slice(heads, 3, rotated, headDim),
      ];
      return g.cheap(g.reshape(g.concat(parts, 3), x.shape));
    }
    const key = JSON.stringify([headDim, settings]);
    const { rows, cos, sin } = this.tables.get(key) ?? this.rotaryTables(headDim, settings);
    this.tables.set(key, { rows, cos, sin });
    return g.cheap(g.rotary(x, rows, cos, sin));
  }

  /** Tables, and the row of them that each place reads [batch, width]. */
  private rotaryTables(headDim: number, settings: RotarySettings): RotaryTables & { rows: Value } {
    const { g, batch, width } = this;
    const { maxPositions } = this.options;
    const reach = reachOf(settings);
    if (reach === undefined || maxPositions <= reach.beyond) {
      const most = Math.max(maxPositions, width); // a chunk, with its padding, may be longer than all that a model can read
      return {
        ...rotaryTables(g, headDim, settings, maxPositions, most),
        rows: this.widePositions,
      };
    }
    const half = headDim / 2;
    const name = `rotary${g.derived.size}`;
    const both = g.input(name, [2, this.rows, half]);
    g.derived.set(name, (positions, lengths) => placedTables(headDim, settings, positions, lengths));
    const table = (which: number) => g.reshape(g.slice(both, 0, which, which + 1), [this.rows, half]);
    const places = BigInt64Array.from({ length: this.rows }, (_, place) => BigInt(place));
    return { cos: table(0), sin: table(1), rows: g.constant(places, [batch, width]) };
  }

  attend(layer: number, q: Value, k: Value, v: Value, spec: AttentionSpec): Value {
    return this.options.attend(layer, q, k, v, spec);
  }
}
