// What llama.cpp calls a model: its architecture, metadata and tensors in GGUF files, for decoders of Llama's
// kind (names: https://github.com/ggml-org/llama.cpp, gguf-py/gguf/constants.py; what differs between
// families: convert_hf_to_gguf.py). Knows nothing of files.
import { type DecoderConfig, headDimOf, kvHeadsOf } from './decoder.ts';
import { inverseFrequencies, type RotarySettings, ropeType, rotarySettings } from './rotary.ts';

/** A key below the architecture's own, such as `block_count`. */
export type GgufEntry = readonly [key: string, type: 'UINT32' | 'FLOAT32' | 'STRING', value: number | string];

export interface GgufTensorName {
  name: string;
  /**
   * How the numbers lie there: [out, in] where they are stored [in, out], or with the halves of each of so
   * many heads interleaved, which is how llama.cpp rotates the positions of Llama.
   */
  layout?: 'transposed' | { heads: number };
  /** Added to every number: gains that are stored around 0. */
  added?: number;
}

export interface GgufNames {
  /** `general.architecture`. */
  architecture: string;
  metadata: readonly GgufEntry[];
  /** Undefined for tensors that llama.cpp does not have. */
  tensor(name: string): GgufTensorName | undefined;
  /** Tensors that only GGUF files have. */
  extra?: readonly { name: string; values: Float32Array }[];
}

/** Or why llama.cpp would compute something else: the end of a sentence that begins with "The model". */
export type GgufMapping = GgufNames | { refused: string };

/** A tensor's name with its layer and parts replaced; undefined where a part is not known. */
export function renamedFor(
  name: string,
  prefix: string,
  whole: Readonly<Record<string, string>>,
  inLayer: Readonly<Record<string, string>>,
): string | undefined {
  const suffix = name.match(/\.(weight|bias)$/)?.[0] ?? '';
  const module = name.slice(0, name.length - suffix.length);
  if (!module.startsWith(prefix)) return whole[module] && `${whole[module]}${suffix}`;
  const [layer, ...rest] = module.slice(prefix.length).split('.');
  const part = inLayer[rest.join('.')];
  return part && `blk.${layer}.${part}${suffix}`;
}

const wholeNames = {
  'model.embed_tokens': 'token_embd',
  'model.norm': 'output_norm',
  lm_head: 'output',
};
const layerNames = {
  input_layernorm: 'attn_norm',
  'self_attn.q_proj': 'attn_q',
  'self_attn.k_proj': 'attn_k',
  'self_attn.v_proj': 'attn_v',
  'self_attn.qkv_proj': 'attn_qkv',
  'self_attn.o_proj': 'attn_output',
  'self_attn.q_norm': 'attn_q_norm',
  'self_attn.k_norm': 'attn_k_norm',
  post_attention_layernorm: 'ffn_norm',
  'mlp.gate_proj': 'ffn_gate',
  'mlp.up_proj': 'ffn_up',
  'mlp.gate_up_proj': 'ffn_up',
  'mlp.down_proj': 'ffn_down',
};
/** With norms before and after each part. */
const bothNorms = {
  ...layerNames,
  post_attention_layernorm: 'post_attention_norm',
  pre_feedforward_layernorm: 'ffn_norm',
  post_feedforward_layernorm: 'post_ffw_norm',
};

export interface DecoderGguf {
  architecture: string;
  /** Queries and keys are interleaved (only Llama's own). */
  permuted?: boolean;
  /** Always says how wide heads are; else only where that does not follow from the hidden size. */
  headWidth?: 'always';
  /** Says the vocabulary's size and how much of a head is rotated. */
  sizes?: boolean;
  /** Norms before and after each part. */
  norms?: 'both';
  /** Added to the gains of norms. */
  normOffset?: number;
  /** Biases that the family has there. */
  biases?: 'all' | 'none';
  activation?: DecoderConfig['hidden_act'];
  /** Rotation of the layers that see everything; that of the configuration unless given. */
  rotary?: RotarySettings;
  further?: readonly GgufEntry[];
}

export function decoderGguf(config: DecoderConfig, family: DecoderGguf): GgufMapping {
  const { architecture } = family;
  const { hidden_size: hidden, num_attention_heads: heads, hidden_act: activation } = config;
  const [kvHeads, headDim] = [kvHeadsOf(config), headDimOf(config)];
  const wanted = family.activation ?? 'silu';
  if (activation !== wanted) return { refused: `uses ${activation}, where llama.cpp has ${wanted}` };
  if (family.biases === 'none' && (config.attention_bias || config.mlp_bias)) {
    return { refused: 'has biases that llama.cpp does not know in its family' };
  }
  if (family.biases !== 'all' && config.mlp_bias) {
    return { refused: 'has biases in its feed-forward parts, which llama.cpp does not know in its family' };
  }
  const rotary = family.rotary ?? rotarySettings(config);
  const scaling = ropeParts(rotary, headDim, architecture);
  if ('refused' in scaling) return scaling;
  const unusual = family.headWidth === 'always' || headDim * heads !== hidden;
  return {
    architecture,
    metadata: [
      ['block_count', 'UINT32', config.num_hidden_layers],
      ...(family.sizes ? [['vocab_size', 'UINT32', config.vocab_size] as const] : []),
      ['context_length', 'UINT32', config.max_position_embeddings],
      ['embedding_length', 'UINT32', hidden],
      ['feed_forward_length', 'UINT32', config.intermediate_size],
      ['attention.head_count', 'UINT32', heads],
      ['attention.head_count_kv', 'UINT32', kvHeads],
      ['rope.freq_base', 'FLOAT32', rotary.theta],
      ...(family.sizes ? [['rope.dimension_count', 'UINT32', headDim] as const] : []),
      ...(unusual
        ? ([
            ['attention.key_length', 'UINT32', headDim],
            ['attention.value_length', 'UINT32', headDim],
          ] as const)
        : []),
      ['attention.layer_norm_rms_epsilon', 'FLOAT32', config.rms_norm_eps],
      ...scaling.entries,
      ...(family.further ?? []),
    ],
    tensor: (name) => {
      const parts = family.norms === 'both' ? bothNorms : layerNames;
      const found = renamedFor(name, 'model.layers.', wholeNames, parts);
      if (found === undefined) return undefined;
      const rotated = family.permuted && /\.attn_([qk])\./.exec(found)?.[1];
      return {
        name: found,
        ...(rotated ? { layout: { heads: rotated === 'q' ? heads : kvHeads } } : {}),
        ...(family.normOffset && found.endsWith('norm.weight') ? { added: family.normOffset } : {}),
      };
    },
    extra: scaling.extra,
  };
}

/** How positions beyond the first training are stretched. */
function ropeParts(
  rotary: RotarySettings,
  headDim: number,
  architecture: string,
): { entries: GgufEntry[]; extra: { name: string; values: Float32Array }[] } | { refused: string } {
  const { scaling, partial = 1 } = rotary;
  const type = ropeType(scaling);
  const factor = scaling?.factor ?? 1;
  if (partial !== 1) return { refused: 'turns only a part of each head, which is not mapped to GGUF yet' };
  if (type === 'default') return { entries: [], extra: [] };
  if (type === 'linear') {
    const entries = [
      ['rope.scaling.type', 'STRING', 'linear'],
      ['rope.scaling.factor', 'FLOAT32', factor],
    ] as const;
    return { entries: [...entries], extra: [] };
  }
  if (type === 'llama3' && architecture === 'llama') {
    const plain = inverseFrequencies(headDim, { ...rotary, scaling: undefined }, 1).frequencies;
    const scaled = inverseFrequencies(headDim, rotary, 1).frequencies;
    const values = plain.map((frequency, i) => frequency / scaled[i]);
    return { entries: [], extra: [{ name: 'rope_freqs.weight', values }] };
  }
  return { refused: `scales its positions by "${type}", which is not mapped to GGUF yet` };
}
