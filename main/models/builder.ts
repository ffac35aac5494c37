// What an architecture builds its forward graph with: tensors by name (frozen by reference, or trainable), linear
// layers with their adapters, and attention. The same forward code serves training, evaluation and generation; they
// differ in the `Attend` function and in the inputs.
import { assert } from '../errors.ts';
import type { Graph, Value } from '../compiler/graph.ts';
import type { Provider } from '../compiler/lowering.ts';
import { type LinearSite, linears } from './blocks/linear.ts';
import { type RotaryTables, rotaryTables } from './blocks/rotary.ts';
import type { RotarySettings } from './blocks/rotary.ts';
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

/** Attention of one layer: q [batch, width, heads * headDim], k and v [batch, width, kvHeads * headDim] -> as q. */
export type Attend = (layer: number, q: Value, k: Value, v: Value, spec: AttentionSpec) => Value;

/** How much of the forward pass is computed again in the backward pass instead of being kept. */
export type Recompute = 'off' | 'selective' | 'layer';

export interface Adapter {
  a: Value;
  b: Value;
  scale: number;
}

export interface BuilderOptions {
  graph: Graph;
  provider: Provider;
  batch: number;
  width: number;
  /** Token ids [batch, width] and their positions [batch, width], both int32. */
  ids: Value;
  positions: Value;
  /** Positions that can occur: rows of the RoPE tables. */
  maxPositions: number;
  attend: Attend;
  recompute: Recompute;
  tensors: ReadonlyMap<string, TensorInfo>;
  /** Path of a weights file, relative to the folder that the session gets. */
  locate(file: string): string;
  /** Trainable or fed values by tensor name; they replace what lies in the files. */
  parameters: ReadonlyMap<string, Value>;
  /** Adapters by module name, such as `model.layers.0.self_attn.q_proj`. */
  adapters: ReadonlyMap<string, Adapter>;
  /** A mask of kept inputs, scaled by 1 / (1 - p), for the adapters of a site; undefined = no dropout. */
  dropout?: (shape: readonly number[]) => Value;
}

export class ModelBuilder {
  readonly options: BuilderOptions;
  readonly g: Graph;
  readonly rows: number;
  private readonly raws = new Map<string, Value>();
  private readonly tables = new Map<string, RotaryTables>();
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

  /** Whether cheap values of a block are computed again in the backward pass. */
  get selective(): boolean {
    return this.options.recompute !== 'off';
  }

  has(name: string): boolean {
    return this.options.parameters.has(name) || this.options.tensors.has(name);
  }

  /** A tensor as it is stored (float32, float16 or bfloat16). */
  raw(name: string): Value {
    const parameter = this.options.parameters.get(name);
    if (parameter !== undefined) return parameter;
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
    const raw = this.raw(name);
    return raw.dtype === 'float32' ? raw : this.g.cheap(this.g.cast(raw, 'float32'));
  }

  /** Rows of an embedding table for the token ids: [batch * width, hidden]. */
  embed(name: string, ids: Value = this.options.ids): Value {
    const rows = this.g.gather(this.raw(name), this.g.reshape(ids, [-1]));
    return this.g.cast(rows, 'float32');
  }

  /** Linear layers that share the input x [rows, in], by module name; biases are used where the checkpoint has them. */
  linear(x: Value, modules: readonly string[], layout: 'linear' | 'conv1d' = 'linear'): Value[] {
    const sites = modules.map((module): LinearSite => {
      const bias = `${module}.bias`;
      return {
        weight: this.tensor(`${module}.weight`),
        transposed: layout === 'conv1d',
        bias: this.has(bias) ? this.tensor(bias) : undefined,
        adapter: this.options.adapters.get(module),
      };
    });
    const dropout = sites.some((site) => site.adapter !== undefined) ? this.options.dropout?.(x.shape) : undefined;
    return linears(this.g, x, sites, dropout);
  }

  /** RMS norm over the last axis. */
  rmsNorm(x: Value, name: string, epsilon: number, offset = 0): Value {
    const gains = this.tensor(name);
    const weight = offset === 0 ? gains : this.g.add(gains, offset);
    const [y] = this.g.rmsNorm(x, weight, epsilon);
    return this.g.cheap(y, this.selective);
  }

  layerNorm(x: Value, name: string, epsilon: number): Value {
    const [y] = this.g.layerNorm(x, this.tensor(`${name}.weight`), this.tensor(`${name}.bias`), epsilon);
    return this.g.cheap(y, this.selective);
  }

  /** Rotary embedding of x [batch, width, heads * headDim]. */
  rotate(x: Value, headDim: number, settings: RotarySettings): Value {
    const key = JSON.stringify([headDim, settings]);
    let tables = this.tables.get(key);
    if (tables === undefined) {
      tables = rotaryTables(this.g, headDim, settings, this.options.maxPositions);
      this.tables.set(key, tables);
    }
    return this.g.cheap(this.g.rotary(x, this.widePositions, tables.cos, tables.sin), this.selective);
  }

  attend(layer: number, q: Value, k: Value, v: Value, spec: AttentionSpec): Value {
    return this.options.attend(layer, q, k, v, spec);
  }
}
