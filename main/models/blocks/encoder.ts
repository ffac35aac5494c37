// The encoder of BERT and its relatives: token, position and type embeddings, then layers of attention to both sides and a
// feed-forward part, each followed by a layer norm over the sum. A layout says in data what a family calls its parts.
// Reference: Devlin et al. 2019, https://arxiv.org/abs/1810.04805. Knows no family by name.
import type { Value } from '../../compiler/graph.ts';
import { AppError } from '../../errors.ts';
import type { TensorSpec } from '../architecture.ts';
import type { ModelBuilder } from '../builder.ts';
import { linearSpecs } from './decoder.ts';
import { encoderAttention, segmentMask } from './encoder-attention.ts';
import { type ActivationName, activation } from './feed-forward.ts';

export interface EncoderSizes {
  vocabulary: number;
  hidden: number;
  inner: number;
  layers: number;
  heads: number;
  /** Rows of the position table. */
  positions: number;
  /** Rows of the table of token types; 0 = there is none. */
  types: number;
  epsilon: number;
  activation: ActivationName;
}

/** Names of modules; those of a layer follow the layer's own name and a dot. */
export interface EncoderLayout {
  /** Module of the three embeddings and their norm. */
  embeddings: string;
  layer(index: number): string;
  query: string;
  key: string;
  value: string;
  output: string;
  attentionNorm: string;
  up: string;
  down: string;
  feedForwardNorm: string;
}

export function normSpecs(module: string, width: number): TensorSpec[] {
  return [
    { name: `${module}.weight`, shape: [width], kind: 'norm' },
    { name: `${module}.bias`, shape: [width], kind: 'bias' },
  ];
}

/** @throws AppError `config-damaged` when the heads do not share the width */
export function encoderTensors(sizes: EncoderSizes, layout: EncoderLayout): TensorSpec[] {
  const { hidden, inner, heads } = sizes;
  if (hidden % heads !== 0) {
    throw new AppError(
      'config-damaged',
      `config.json says a width of ${hidden}, which ${heads} attention heads cannot share equally.`,
      'Copy or download the model again.',
    );
  }
  const table = (name: string, rows: number): TensorSpec => ({
    name: `${layout.embeddings}.${name}.weight`,
    shape: [rows, hidden],
    kind: 'embedding',
  });
  const layers = Array.from({ length: sizes.layers }, (_, i) => {
    const name = (part: string) => `${layout.layer(i)}.${part}`;
    return [
      ...linearSpecs(name(layout.query), hidden, hidden, true),
      ...linearSpecs(name(layout.key), hidden, hidden, true),
      ...linearSpecs(name(layout.value), hidden, hidden, true),
      ...linearSpecs(name(layout.output), hidden, hidden, true),
      ...normSpecs(name(layout.attentionNorm), hidden),
      ...linearSpecs(name(layout.up), inner, hidden, true),
      ...linearSpecs(name(layout.down), hidden, inner, true),
      ...normSpecs(name(layout.feedForwardNorm), hidden),
    ];
  });
  return [
    table('word_embeddings', sizes.vocabulary),
    table('position_embeddings', sizes.positions),
    ...(sizes.types > 0 ? [table('token_type_embeddings', sizes.types)] : []),
    ...normSpecs(`${layout.embeddings}.LayerNorm`, hidden),
    ...layers.flat(),
  ];
}

/** Last hidden states [batch * width, hidden]. `firstPosition`: row of the position table for the first token. */
export function encoderForward(
  b: ModelBuilder,
  sizes: EncoderSizes,
  layout: EncoderLayout,
  firstPosition = 0,
): Value {
  const { g } = b;
  const { segments, positions } = b.options;
  const { hidden, heads } = sizes;
  const mask = segments === undefined ? undefined : segmentMask(g, segments);
  const places =
    firstPosition === 0 ? positions : g.add(positions, g.constant(Int32Array.of(firstPosition), [1]));
  const three = (y: Value) => g.reshape(y, [b.batch, b.width, hidden]);
  const norm = (y: Value, module: string) => b.layerNorm(y, module, sizes.epsilon);

  let x = b.embed(`${layout.embeddings}.word_embeddings`);
  if (sizes.types > 0) {
    x = g.add(x, b.embed(`${layout.embeddings}.token_type_embeddings`, { ids: b.input('tokenTypes') }));
  }
  x = g.add(x, b.embed(`${layout.embeddings}.position_embeddings`, { ids: places }));
  x = norm(x, `${layout.embeddings}.LayerNorm`);
  for (let i = 0; i < sizes.layers; i++) {
    const name = (part: string) => `${layout.layer(i)}.${part}`;
    const [q, k, v] = b.linear(x, [name(layout.query), name(layout.key), name(layout.value)]);
    const headDim = hidden / heads;
    const spec = { heads, headDim, scale: headDim ** -0.5, mask };
    const attended = encoderAttention(g, three(q), three(k), three(v), spec, b.selective);
    const [output] = b.linear(g.reshape(attended, [b.rows, hidden]), [name(layout.output)]);
    x = norm(g.add(x, output), name(layout.attentionNorm));
    const [up] = b.linear(x, [name(layout.up)]);
    const [down] = b.linear(activation(g, sizes.activation, up), [name(layout.down)]);
    x = norm(g.add(x, down), name(layout.feedForwardNorm));
  }
  return x;
}
