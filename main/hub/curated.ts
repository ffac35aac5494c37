// A short list of open models to begin with: small enough for a workstation, in formats that the registry trains. Each
// carries the shape of its config.json, from which memory is predicted without a network; `bytes` is about what a
// download fetches, until it is looked up. Ordered by size.

export interface CuratedModel {
  repository: string;
  name: string;
  /** What it is good for, in one sentence. */
  use: string;
  licence: string;
  /** Needs an account that accepted its terms. */
  gated: boolean;
  /** Trainable numbers; a tied output layer is counted once. */
  parameters: number;
  /** About, weights and tokenizer. */
  bytes: number;
  /** As the weights are stored. */
  dtype: 'float32' | 'bfloat16';
  /** What config.json says about sizes, with its own spelling. */
  config: Record<string, unknown>;
}

const llama = { model_type: 'llama', hidden_act: 'silu', rms_norm_eps: 1e-5 };
const qwen2 = { model_type: 'qwen2', hidden_act: 'silu', rms_norm_eps: 1e-6, vocab_size: 151936 };

export const curatedModels: readonly CuratedModel[] = [
  {
    repository: 'openai-community/gpt2',
    name: 'GPT-2',
    use: 'Continues English text; a classic for learning, without chat.',
    licence: 'mit',
    gated: false,
    parameters: 124_439_808,
    bytes: 550e6,
    dtype: 'float32',
    config: {
      model_type: 'gpt2',
      n_embd: 768,
      n_layer: 12,
      n_head: 12,
      n_positions: 1024,
      vocab_size: 50257,
      activation_function: 'gelu_new',
      layer_norm_epsilon: 1e-5,
    },
  },
  {
    repository: 'HuggingFaceTB/SmolLM2-135M-Instruct',
    name: 'SmolLM2 135M Instruct',
    use: 'The smallest that chats; trains in minutes on a processor.',
    licence: 'apache-2.0',
    gated: false,
    parameters: 134_515_008,
    bytes: 273e6,
    dtype: 'bfloat16',
    config: {
      ...llama,
      hidden_size: 576,
      intermediate_size: 1536,
      num_hidden_layers: 30,
      num_attention_heads: 9,
      num_key_value_heads: 3,
      max_position_embeddings: 8192,
      vocab_size: 49152,
      tie_word_embeddings: true,
    },
  },
  {
    repository: 'google/gemma-3-270m-it',
    name: 'Gemma 3 270M',
    use: 'Small, with a large vocabulary for many languages; made to be fine-tuned.',
    licence: 'gemma',
    gated: true,
    parameters: 268_098_176,
    bytes: 575e6,
    dtype: 'bfloat16',
    config: {
      model_type: 'gemma3_text',
      hidden_size: 640,
      intermediate_size: 2048,
      num_hidden_layers: 18,
      num_attention_heads: 4,
      num_key_value_heads: 1,
      head_dim: 256,
      max_position_embeddings: 32768,
      vocab_size: 262144,
      sliding_window: 512,
      query_pre_attn_scalar: 256,
      rms_norm_eps: 1e-6,
      rope_theta: 1_000_000,
      rope_local_base_freq: 10_000,
      hidden_activation: 'gelu_pytorch_tanh',
      tie_word_embeddings: true,
    },
  },
  {
    repository: 'HuggingFaceTB/SmolLM2-360M-Instruct',
    name: 'SmolLM2 360M Instruct',
    use: 'Chats in English with more sense than 135M, at three times the cost.',
    licence: 'apache-2.0',
    gated: false,
    parameters: 361_821_120,
    bytes: 728e6,
    dtype: 'bfloat16',
    config: {
      ...llama,
      hidden_size: 960,
      intermediate_size: 2560,
      num_hidden_layers: 32,
      num_attention_heads: 15,
      num_key_value_heads: 5,
      max_position_embeddings: 8192,
      vocab_size: 49152,
      tie_word_embeddings: true,
    },
  },
  {
    repository: 'Qwen/Qwen2.5-0.5B-Instruct',
    name: 'Qwen2.5 0.5B Instruct',
    use: 'Chats in many languages; a good first choice for real work.',
    licence: 'apache-2.0',
    gated: false,
    parameters: 494_032_768,
    bytes: 1.0e9,
    dtype: 'bfloat16',
    config: {
      ...qwen2,
      hidden_size: 896,
      intermediate_size: 4864,
      num_hidden_layers: 24,
      num_attention_heads: 14,
      num_key_value_heads: 2,
      max_position_embeddings: 32768,
      tie_word_embeddings: true,
    },
  },
  {
    repository: 'Qwen/Qwen3-0.6B',
    name: 'Qwen3 0.6B',
    use: 'Newer than Qwen2.5, and can think before it answers.',
    licence: 'apache-2.0',
    gated: false,
    parameters: 596_049_920,
    bytes: 1.52e9,
    dtype: 'bfloat16',
    config: {
      model_type: 'qwen3',
      hidden_act: 'silu',
      rms_norm_eps: 1e-6,
      hidden_size: 1024,
      intermediate_size: 3072,
      num_hidden_layers: 28,
      num_attention_heads: 16,
      num_key_value_heads: 8,
      head_dim: 128,
      max_position_embeddings: 40960,
      vocab_size: 151936,
      tie_word_embeddings: true,
    },
  },
  {
    repository: 'TinyLlama/TinyLlama-1.1B-Chat-v1.0',
    name: 'TinyLlama 1.1B Chat',
    use: 'A small Llama 2; many guides and tools know it.',
    licence: 'apache-2.0',
    gated: false,
    parameters: 1_100_048_384,
    bytes: 2.2e9,
    dtype: 'bfloat16',
    config: {
      ...llama,
      hidden_size: 2048,
      intermediate_size: 5632,
      num_hidden_layers: 22,
      num_attention_heads: 32,
      num_key_value_heads: 4,
      max_position_embeddings: 2048,
      vocab_size: 32000,
      tie_word_embeddings: false,
    },
  },
  {
    repository: 'Qwen/Qwen2.5-1.5B-Instruct',
    name: 'Qwen2.5 1.5B Instruct',
    use: 'Clearly better answers than 0.5B, where memory allows.',
    licence: 'apache-2.0',
    gated: false,
    parameters: 1_543_714_304,
    bytes: 3.1e9,
    dtype: 'bfloat16',
    config: {
      ...qwen2,
      hidden_size: 1536,
      intermediate_size: 8960,
      num_hidden_layers: 28,
      num_attention_heads: 12,
      num_key_value_heads: 2,
      max_position_embeddings: 32768,
      tie_word_embeddings: true,
    },
  },
  {
    repository: 'HuggingFaceTB/SmolLM2-1.7B-Instruct',
    name: 'SmolLM2 1.7B Instruct',
    use: 'The largest of its family, for English.',
    licence: 'apache-2.0',
    gated: false,
    parameters: 1_711_376_384,
    bytes: 3.43e9,
    dtype: 'bfloat16',
    config: {
      ...llama,
      hidden_size: 2048,
      intermediate_size: 8192,
      num_hidden_layers: 24,
      num_attention_heads: 32,
      num_key_value_heads: 32,
      max_position_embeddings: 8192,
      vocab_size: 49152,
      tie_word_embeddings: true,
    },
  },
];
