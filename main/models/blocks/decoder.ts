// The decoder that most current language models share: token embedding, layers of attention and gated
// feed-forward with RMS norms, an output layer. A variant says in data where a family differs from Llama.
// Tensor names are those of transformers. Knows no family by name.
import type { Value } from '../../compiler/graph.ts';
import { AppError } from '../../errors.ts';
import type { ForwardResult, ModelShape, TensorSpec } from '../architecture.ts';
import type { ModelBuilder } from '../builder.ts';
import { type ActivationName, gated } from './feed-forward.ts';
import { type HeadConfig, labelCount, lastPlaces, linearHead, objectiveOf } from './heads.ts';
import {
  contextOf,
  type RotaryConfig,
  type RotarySettings,
  reachOf,
  requireRotation,
  rotarySettings,
} from './rotary.ts';

/** What the shared decoder reads of a configuration. */
export interface DecoderConfig extends RotaryConfig, HeadConfig {
  vocab_size: number;
  hidden_size: number;
  intermediate_size: number;
  num_hidden_layers: number;
  num_attention_heads: number;
  num_key_value_heads?: number | null;
  head_dim?: number | null;
  rms_norm_eps: number;
  hidden_act: ActivationName;
  attention_bias: boolean;
  mlp_bias: boolean;
  tie_word_embeddings: boolean;
}

/** Where a family differs; what is left out is Llama's way. */
export interface DecoderVariant<Config extends DecoderConfig> {
  /** Biases on q, k and v, and on the output projection; undefined = as `attention_bias`. */
  qkvBias?: boolean;
  outputBias?: boolean;
  /** Norm of queries and keys before they are rotated: of each head, or of all heads together. */
  queryKeyNorm?: 'head' | 'whole';
  /** Norms before each part of a layer, after it (on what it adds), or both. */
  norms?: 'before' | 'after' | 'both';
  /** Added to the gains of every norm: 1 where they are stored around 0. */
  normOffset?: number;
  /** Window of a layer's attention. */
  window?(config: Config, layer: number): number | undefined;
  /** Rotation of a layer's positions; undefined = none. */
  rotary?(config: Config, layer: number): RotarySettings | undefined;
  /** Factor on attention scores; Llama's is headDim^-1/2. */
  scoreScale?(config: Config): number;
  scoreSoftcap?(config: Config): number | undefined;
  logitSoftcap?(config: Config): number | undefined;
  /** Factor on the embedded tokens. */
  embeddingScale?(config: Config): number;
  /** Factor on what a part of a layer adds. */
  residualScale?(config: Config): number;
  /** Logits are divided by it. */
  logitDivisor?(config: Config): number;
}

/** Names of the norms in a layer: before and after attention, before and after the feed-forward part. */
const normNames = {
  before: { attention: ['input_layernorm', undefined], feedForward: ['post_attention_layernorm', undefined] },
  after: {
    attention: [undefined, 'post_attention_layernorm'],
    feedForward: [undefined, 'post_feedforward_layernorm'],
  },
  both: {
    attention: ['input_layernorm', 'post_attention_layernorm'],
    feedForward: ['pre_feedforward_layernorm', 'post_feedforward_layernorm'],
  },
} as const;

/** @throws AppError `config-damaged` */
export function headDimOf(config: DecoderConfig): number {
  const { hidden_size: hidden, num_attention_heads: heads, head_dim: stated } = config;
  if (typeof stated === 'number' || hidden % heads === 0) return stated ?? hidden / heads;
  throw unshared(`hidden_size = ${hidden}`, heads);
}

/** @throws AppError `config-damaged` */
export function kvHeadsOf({
  num_attention_heads: heads,
  num_key_value_heads: stated,
}: DecoderConfig): number {
  if (heads % (stated ?? heads) === 0) return stated ?? heads;
  throw unshared(`num_key_value_heads = ${stated}`, heads);
}

const unshared = (what: string, heads: number): AppError =>
  new AppError(
    'config-damaged',
    `config.json says ${what}, which does not fit to num_attention_heads = ${heads}.`,
    'Copy or download the model again.',
  );

function rotationAt<Config extends DecoderConfig>(
  config: Config,
  { rotary }: DecoderVariant<Config>,
  layer: number,
): RotarySettings | undefined {
  return rotary === undefined ? rotarySettings(config) : rotary(config, layer);
}

/** What the rotations of all layers say of the length of a text. */
export function lengthsOf<Config extends DecoderConfig>(
  config: Config,
  variant: DecoderVariant<Config>,
): Pick<ModelShape, 'contextLength' | 'reach'> {
  const layers = Array.from({ length: config.num_hidden_layers }, (_, i) => rotationAt(config, variant, i));
  const rotations = layers.filter((rotation) => rotation !== undefined);
  for (const rotation of rotations) requireRotation(headDimOf(config), rotation);
  return {
    contextLength: Math.max(config.max_position_embeddings, ...rotations.map(contextOf)),
    reach: rotations.map(reachOf).find((reach) => reach !== undefined),
  };
}

export function linearSpecs(module: string, out: number, input: number, bias: boolean): TensorSpec[] {
  return [
    { name: `${module}.weight`, shape: [out, input], kind: 'linear' },
    ...(bias ? [{ name: `${module}.bias`, shape: [out], kind: 'bias' } as const] : []),
  ];
}

export function decoderTensors<Config extends DecoderConfig>(
  config: Config,
  variant: DecoderVariant<Config>,
): TensorSpec[] {
  const { hidden_size: hidden, intermediate_size: inner, vocab_size: vocabulary } = config;
  const headDim = headDimOf(config);
  const queryWidth = config.num_attention_heads * headDim;
  const keyWidth = kvHeadsOf(config) * headDim;
  const qkvBias = variant.qkvBias ?? config.attention_bias;
  const outputBias = variant.outputBias ?? config.attention_bias;
  const names = normNames[variant.norms ?? 'before'];
  const norm = (name: string, width = hidden): TensorSpec => ({
    name: `${name}.weight`,
    shape: [width],
    kind: 'norm',
    initial: 1 - (variant.normOffset ?? 0),
  });
  const layers = Array.from({ length: config.num_hidden_layers }, (_, i): TensorSpec[] => {
    const layer = `model.layers.${i}`;
    const attention = `${layer}.self_attn`;
    const optional = (name: string | undefined) => (name === undefined ? [] : [norm(`${layer}.${name}`)]);
    const whole = variant.queryKeyNorm === 'whole';
    return [
      ...optional(names.attention[0]),
      ...linearSpecs(`${attention}.q_proj`, queryWidth, hidden, qkvBias),
      ...linearSpecs(`${attention}.k_proj`, keyWidth, hidden, qkvBias),
      ...linearSpecs(`${attention}.v_proj`, keyWidth, hidden, qkvBias),
      ...linearSpecs(`${attention}.o_proj`, hidden, queryWidth, outputBias),
      ...(variant.queryKeyNorm === undefined
        ? []
        : [
            norm(`${attention}.q_norm`, whole ? queryWidth : headDim),
            norm(`${attention}.k_norm`, whole ? keyWidth : headDim),
          ]),
      ...optional(names.attention[1]),
      ...optional(names.feedForward[0]),
      ...linearSpecs(`${layer}.mlp.gate_proj`, inner, hidden, config.mlp_bias),
      ...linearSpecs(`${layer}.mlp.up_proj`, inner, hidden, config.mlp_bias),
      ...linearSpecs(`${layer}.mlp.down_proj`, hidden, inner, config.mlp_bias),
      ...optional(names.feedForward[1]),
    ];
  });
  return [
    { name: 'model.embed_tokens.weight', shape: [vocabulary, hidden], kind: 'embedding' },
    ...layers.flat(),
    norm('model.norm'),
    ...headSpecs(config),
  ];
}

/** The output layer: of tokens, or of a classifier, which sees a text from its last token. */
export function headSpecs(config: DecoderConfig): TensorSpec[] {
  const { hidden_size: hidden, vocab_size: vocabulary } = config;
  const objective = objectiveOf(config, 'causal-lm');
  if (objective === 'classification') return linearSpecs('score', labelCount(config), hidden, false);
  if (objective === 'token-classification') return linearSpecs('score', labelCount(config), hidden, true);
  return config.tie_word_embeddings ? [] : linearSpecs('lm_head', vocabulary, hidden, false);
}

function attention<Config extends DecoderConfig>(
  b: ModelBuilder,
  x: Value,
  layer: number,
  config: Config,
  variant: DecoderVariant<Config>,
): Value {
  const module = `model.layers.${layer}.self_attn`;
  const headDim = headDimOf(config);
  const settings = rotationAt(config, variant, layer);
  const normed = (y: Value, name: string): Value => {
    if (variant.queryKeyNorm === undefined) return y;
    const rows = variant.queryKeyNorm === 'head' ? b.g.reshape(y, [-1, headDim]) : y;
    const norm = b.rmsNorm(rows, `${module}.${name}.weight`, config.rms_norm_eps, variant.normOffset);
    return b.g.reshape(norm, y.shape);
  };
  const three = (y: Value) => b.g.reshape(y, [b.batch, b.width, -1]);
  const turned = (y: Value) => (settings === undefined ? three(y) : b.rotate(three(y), headDim, settings));
  const [q, k, v] = b.linear(x, [`${module}.q_proj`, `${module}.k_proj`, `${module}.v_proj`]);
  const attended = b.attend(layer, turned(normed(q, 'q_norm')), turned(normed(k, 'k_norm')), three(v), {
    heads: config.num_attention_heads,
    kvHeads: kvHeadsOf(config),
    headDim,
    scale: variant.scoreScale?.(config) ?? headDim ** -0.5,
    window: variant.window?.(config, layer),
    softcap: variant.scoreSoftcap?.(config),
  });
  return b.linear(b.g.reshape(attended, [b.rows, -1]), [`${module}.o_proj`])[0];
}

function feedForward(b: ModelBuilder, x: Value, layer: number, config: DecoderConfig): Value {
  const module = `model.layers.${layer}.mlp`;
  const [gate, up] = b.linear(x, [`${module}.gate_proj`, `${module}.up_proj`]);
  const inner = gated(b.g, config.hidden_act, gate, up);
  return b.linear(inner, [`${module}.down_proj`])[0];
}

export function decoderForward<Config extends DecoderConfig>(
  b: ModelBuilder,
  config: Config,
  variant: DecoderVariant<Config>,
): ForwardResult {
  const names = normNames[variant.norms ?? 'before'];
  const norm = (x: Value, name: string) =>
    b.rmsNorm(x, `${name}.weight`, config.rms_norm_eps, variant.normOffset);
  const residualScale = variant.residualScale?.(config) ?? 1;
  /** x + scale * after(part(before(x))), with the norms that the variant has. */
  const residual = (
    x: Value,
    layer: number,
    [before, after]: readonly (string | undefined)[],
    part: (y: Value) => Value,
  ): Value => {
    const prefix = `model.layers.${layer}`;
    let y = part(before === undefined ? x : norm(x, `${prefix}.${before}`));
    if (after !== undefined) y = norm(y, `${prefix}.${after}`);
    return b.g.add(x, residualScale === 1 ? y : b.g.mul(y, residualScale));
  };
  let x = b.embed('model.embed_tokens', { scale: variant.embeddingScale?.(config) }); // [rows, hidden]
  for (let i = 0; i < config.num_hidden_layers; i++) {
    x = residual(x, i, names.attention, (y) => attention(b, y, i, config, variant));
    x = residual(x, i, names.feedForward, (y) => feedForward(b, y, i, config));
  }
  return headResult(b, config, norm(x, 'model.norm'), {
    divisor: variant.logitDivisor?.(config),
    softcap: variant.logitSoftcap?.(config),
  });
}

/** What the output layer of `headSpecs` reads of the last hidden rows. */
export function headResult(
  b: ModelBuilder,
  config: DecoderConfig,
  last: Value,
  { divisor = 1, softcap }: { divisor?: number; softcap?: number } = {},
): ForwardResult {
  const objective = objectiveOf(config, 'causal-lm');
  if (objective === 'token-classification') return linearHead(last, 'score');
  if (objective === 'classification') return lastPlaces(b, last);
  const weight = config.tie_word_embeddings ? 'model.embed_tokens.weight' : 'lm_head.weight';
  return {
    hidden: divisor === 1 ? last : b.g.div(last, divisor),
    head: { module: 'lm_head', weight, softcap },
  };
}
