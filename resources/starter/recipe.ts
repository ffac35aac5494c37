// The recipe of the starter model as plain data: architecture, tokenizer, chat template, and how it is pretrained.
// README.md beside it says what was tried and why each value is what it is.

/** `config.json` of the model, in the file format's own spelling. */
export const modelConfig = {
  architectures: ['LlamaForCausalLM'],
  model_type: 'llama',
  vocab_size: 2048,
  hidden_size: 256,
  intermediate_size: 384,
  num_hidden_layers: 6,
  num_attention_heads: 8,
  num_key_value_heads: 4,
  head_dim: 32,
  max_position_embeddings: 512,
  rope_theta: 10000,
  rms_norm_eps: 1e-5,
  hidden_act: 'silu',
  attention_bias: false,
  mlp_bias: false,
  tie_word_embeddings: true,
  initializer_range: 0.02,
  pad_token_id: 0,
  bos_token_id: 1,
  eos_token_id: 2,
  torch_dtype: 'float16',
} as const;

/** The matrices that write into the residual stream start smaller: initializer_range / sqrt(2 * layers). */
export const residualOutputs = ['self_attn.o_proj', 'mlp.down_proj'] as const;

/** Control tokens; their ids are their places in this list. The 256 bytes follow, then the merges. */
export const specialTokens = [
  '<|pad|>',
  '<|begin|>',
  '<|end|>',
  '<|system|>',
  '<|user|>',
  '<|assistant|>',
] as const;

/**
 * Parts of tokenizer.json. Every section of text gets a space in front (and loses it on decoding), so that a name has
 * the same tokens in the middle of a passage and at the start of an answer: copying is then looking back, nothing more.
 * Each digit is its own piece, with the space before it.
 */
export const tokenizerParts = {
  normalizer: { type: 'Prepend', prepend: ' ' },
  pre_tokenizer: {
    type: 'Sequence',
    pretokenizers: [
      {
        type: 'Split',
        pattern: { Regex: "'(?:s|t|re|ve|m|ll|d)| ?\\p{L}+| ?\\p{N}| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+" },
        behavior: 'Isolated',
        invert: false,
      },
      { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
    ],
  },
  decoder: {
    type: 'Sequence',
    decoders: [
      { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
      { type: 'Strip', content: ' ', start: 1, stop: 0 },
    ],
  },
  post_processor: {
    type: 'TemplateProcessing',
    single: [{ SpecialToken: { id: '<|begin|>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
    pair: [
      { SpecialToken: { id: '<|begin|>', type_id: 0 } },
      { Sequence: { id: 'A', type_id: 0 } },
      { Sequence: { id: 'B', type_id: 1 } },
    ],
    special_tokens: { '<|begin|>': { id: '<|begin|>', ids: [1], tokens: ['<|begin|>'] } },
  },
} as const;

/** How the vocabulary is learned: byte-level BPE over the message contents and texts of the first samples. */
export const tokenizerTraining = {
  vocabularySize: modelConfig.vocab_size,
  /** Samples drawn evenly from the whole curriculum (progress 0 to 1). */
  samples: 16_000,
  seed: 11,
} as const;

/** Jinja; the text between the generation marks is what a chat is trained on. */
export const chatTemplate = [
  '{{ bos_token }}',
  '{%- for message in messages -%}',
  "{%- if message['role'] == 'assistant' -%}",
  "{{ '<|assistant|>' }}{% generation %}{{ message['content'] | trim }}{{ '<|end|>' }}{% endgeneration %}",
  "{%- elif message['role'] == 'user' -%}",
  "{{ '<|user|>' + message['content'] | trim }}",
  "{%- elif message['role'] == 'system' -%}",
  "{{ '<|system|>' + message['content'] | trim }}",
  '{%- else -%}',
  "{{ raise_exception('This model knows the roles system, user and assistant, not ' + message['role'] + '.') }}",
  '{%- endif -%}',
  '{%- endfor -%}',
  "{%- if add_generation_prompt -%}{{ '<|assistant|>' }}{%- endif -%}",
].join('');

/** Loss weight of each token by where it stands. The mean is over weights, not over tokens. */
export const lossWeights = {
  /** Assistant content and its end token. */
  answer: 1,
  /** Plain text (stories, descriptions) and its end token. */
  text: 0.3,
  /** What the user and the system say. */
  prompt: 0.1,
  /** Control tokens that only the template writes, and padding. */
  control: 0,
} as const;

/** Pretraining. The schedule and the curriculum are spread over `steps`. */
export const pretraining = {
  seed: 1,
  steps: 2400,
  /** Rows of one step and their width in tokens; samples are packed into them and cannot see each other. */
  short: { rows: 14, width: 176 },
  /** Steps in which the samples of a row are one long conversation, so that far positions are learned too. */
  long: { rows: 5, width: 480, everyNth: 5, fromProgress: 0.5 },
  /** Steps whose samples are drawn, packed and mixed together. */
  groupSteps: 50,
  optimizer: {
    /** Muon for the matrices of attention and feed-forward, AdamW for the embedding and the norms. */
    choice: { kind: 'muon', momentum: 0.95, beta1: 0.9, beta2: 0.98, eps: 1e-8, restShare: 0.48 },
    learningRate: 6.25e-3,
    weightDecay: 0.16,
  },
  maxGradNorm: 1,
  schedule: { warmupSteps: 40, constantShare: 0.5, finalShare: 0.05 },
  /** A second, shorter stretch at the end of the curriculum: the rate rises to a share of its peak and falls again. */
  extension: { steps: 900, warmupSteps: 20, peakShare: 0.4 },
  evaluateEvery: 300,
  saveEvery: 250,
} as const;
