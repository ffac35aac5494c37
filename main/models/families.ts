// Families that a new model can be made of: config.json from a handful of sizes, as transformers writes it. What a design
// gets wrong is said in sentences, all of it at once. Knows no text and writes nothing.
import type { ModelDesign } from '../contract/models.ts';
import type { BpeOptions } from '../tokens/train/bpe.ts';
import { reservedTokens, type VocabularyKind } from '../tokens/train/vocabulary.ts';
import type { Architecture } from './architecture.ts';
import { architectureFor } from './index.ts';

type Sizes = Pick<ModelDesign, 'layers' | 'width' | 'heads' | 'kvHeads' | 'context'>;
/** Entries of the vocabulary, and ids of its special tokens by the names of config.json (`eos_token_id` ...). */
export interface VocabularyFacts {
  vocabularySize: number;
  ids: Record<string, number>;
}

export interface Family {
  modelType: string;
  /** Whether fewer heads of keys and values than heads are possible. */
  sharesKeys: boolean;
  /** Whether positions are rotated, for which heads have to be of even width. */
  rotary: boolean;
  /** Whether it tells the texts of a pair apart. */
  tokenTypes?: boolean;
  /** transformers cuts text for this family by a rule of its own, whatever tokenizer.json says: only BPE fits it. */
  ownRule?: Pick<BpeOptions, 'digits' | 'compose'>;
  config(sizes: Sizes): Record<string, unknown>;
}

/** Width of gated layers: 8/3 of the model's, in steps of 64, so that they cost what plain ones of 4 times do. */
const gatedWidth = (width: number) =>
  Math.max(16, width < 64 ? 2 * width : Math.round((8 * width) / 3 / 64) * 64);

/** The fields of Llama, which its relatives share. */
const llamaLike = (
  modelType: string,
  className: string,
  more: Record<string, unknown> = {},
  ownRule?: Family['ownRule'],
): Family => ({
  modelType,
  ownRule,
  sharesKeys: true,
  rotary: true,
  config: ({ layers, width, heads, kvHeads, context }) => ({
    architectures: [className],
    model_type: modelType,
    hidden_size: width,
    intermediate_size: gatedWidth(width),
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: kvHeads,
    head_dim: width / heads,
    max_position_embeddings: context,
    rope_theta: 10000,
    rms_norm_eps: 1e-5,
    hidden_act: 'silu',
    tie_word_embeddings: true,
    initializer_range: 0.02,
    ...more,
  }),
});

/** In the order of the registry of architectures. */
export const families: readonly Family[] = [
  llamaLike('llama', 'LlamaForCausalLM', { attention_bias: false, mlp_bias: false }),
  llamaLike('mistral', 'MistralForCausalLM', { sliding_window: null }),
  llamaLike('qwen2', 'Qwen2ForCausalLM', { use_sliding_window: false }, { digits: 'single', compose: true }),
  llamaLike('qwen3', 'Qwen3ForCausalLM', { use_sliding_window: false, attention_bias: false }),
  llamaLike('phi3', 'Phi3ForCausalLM', { sliding_window: null }),
  {
    modelType: 'gpt2',
    sharesKeys: false,
    rotary: false,
    config: ({ layers, width, heads, context }) => ({
      architectures: ['GPT2LMHeadModel'],
      model_type: 'gpt2',
      n_embd: width,
      n_layer: layers,
      n_head: heads,
      n_positions: context,
      activation_function: 'gelu_new',
      layer_norm_epsilon: 1e-5,
      tie_word_embeddings: true,
      initializer_range: 0.02,
    }),
  },
  llamaLike('olmo2', 'Olmo2ForCausalLM', { attention_bias: false }),
  {
    modelType: 'bert',
    tokenTypes: true,
    sharesKeys: false,
    rotary: false,
    config: ({ layers, width, heads, context }) => ({
      architectures: ['BertForMaskedLM'],
      model_type: 'bert',
      hidden_size: width,
      intermediate_size: 4 * width,
      num_hidden_layers: layers,
      num_attention_heads: heads,
      max_position_embeddings: context,
      type_vocab_size: 2,
      hidden_act: 'gelu',
      layer_norm_eps: 1e-12,
      tie_word_embeddings: true,
      initializer_range: 0.02,
    }),
  },
  {
    modelType: 'distilbert',
    sharesKeys: false,
    rotary: false,
    config: ({ layers, width, heads, context }) => ({
      architectures: ['DistilBertForMaskedLM'],
      model_type: 'distilbert',
      dim: width,
      hidden_dim: 4 * width,
      n_layers: layers,
      n_heads: heads,
      max_position_embeddings: context,
      activation: 'gelu',
      tie_word_embeddings: true,
      initializer_range: 0.02,
    }),
  },
  {
    modelType: 't5',
    sharesKeys: false,
    rotary: false,
    config: ({ layers, width, heads, context }) => ({
      architectures: ['T5ForConditionalGeneration'],
      model_type: 't5',
      d_model: width,
      d_kv: width / heads,
      d_ff: gatedWidth(width),
      num_layers: layers,
      num_decoder_layers: layers,
      num_heads: heads,
      n_positions: context,
      relative_attention_num_buckets: 32,
      relative_attention_max_distance: 128,
      feed_forward_proj: 'gated-gelu',
      layer_norm_epsilon: 1e-6,
      is_encoder_decoder: true,
      tie_word_embeddings: true,
    }),
  },
];

export function familyOf(modelType: string): Family | undefined {
  return families.find((family) => family.modelType === modelType);
}

/** The architecture of a family; its entry in the registry. */
export function architectureOf({ modelType }: Family): Architecture {
  return architectureFor(modelType) as Architecture;
}

/** What can be a vocabulary: only those that give a text back as it was can write. */
export function vocabulariesOf(family: Family): VocabularyKind[] {
  const { task } = architectureOf(family);
  if (family.ownRule !== undefined) return ['bpe'];
  if (task === 'encoder') return ['wordpiece', 'bpe', 'unigram'];
  return task === 'seq2seq' ? ['unigram', 'bpe'] : ['bpe', 'unigram'];
}

/** A small model to begin with. */
export function startDesign(family: Family): ModelDesign {
  return {
    family: family.modelType,
    layers: architectureOf(family).task === 'seq2seq' ? 4 : 6,
    width: 256,
    heads: 8,
    kvHeads: family.sharesKeys ? 4 : 8,
    context: 512,
    vocabulary: vocabulariesOf(family)[0],
    vocabularySize: 4096,
    specialTokens: [],
  };
}

/** config.json of a design without problems. */
export function configOf(
  design: ModelDesign,
  { vocabularySize, ids }: VocabularyFacts,
): Record<string, unknown> {
  const family = familyOf(design.family)!;
  const start = architectureOf(family).task === 'seq2seq' ? { decoder_start_token_id: ids.pad_token_id } : {};
  return { ...family.config(design), vocab_size: vocabularySize, ...ids, ...start, torch_dtype: 'float32' };
}

export interface DesignProblem {
  field: keyof ModelDesign;
  message: string;
  remedy: string;
}

type Limits = { [Field in keyof ModelDesign]?: [name: string, least: number, most: number] };
const limits = {
  layers: ['Layers', 1, 128],
  width: ['The width', 8, 16_384],
  heads: ['Heads', 1, 256],
  kvHeads: ['Key/value heads', 1, 256],
  context: ['The context', 16, 1_048_576],
  vocabularySize: ['The vocabulary', 16, 1_000_000],
} satisfies Limits;

const words: Record<VocabularyKind, string> = { bpe: 'BPE', unigram: 'Unigram', wordpiece: 'WordPiece' };

/** Everything that is wrong with a design, in the order of the form. */
export function designProblems(design: ModelDesign): DesignProblem[] {
  const family = familyOf(design.family);
  if (family === undefined) {
    const known = families.map(({ modelType }) => modelType).join(', ');
    const message = `A new model cannot be made of the family "${design.family}".`;
    return [{ field: 'family', message, remedy: `Choose one of: ${known}.` }];
  }
  const problems: DesignProblem[] = [];
  const say = (field: keyof ModelDesign, message: string, remedy: string) =>
    problems.push({ field, message, remedy });
  for (const [field, [name, least, most]] of Object.entries(limits) as [
    keyof typeof limits,
    [string, number, number],
  ][]) {
    const value = design[field];
    if (field === 'kvHeads' && !family.sharesKeys) continue;
    if (!Number.isInteger(value))
      say(field, `${name}: ${value} is not a whole number.`, 'Give a whole number.');
    else if (value < least || value > most)
      say(field, `${name}: ${number(value)} is out of range.`, `Choose ${number(least)} to ${number(most)}.`);
  }
  if (problems.length === 0) shapeProblems(family, design, say);
  vocabularyProblems(family, design, say);
  return problems;
}

type Say = (field: keyof ModelDesign, message: string, remedy: string) => void;

function shapeProblems({ sharesKeys, rotary }: Family, design: ModelDesign, say: Say): void {
  const { width, heads, kvHeads } = design;
  const step = heads * (rotary ? 2 : 1);
  if (width % heads !== 0)
    say(
      'width',
      `A width of ${width} cannot be shared by ${heads} heads.`,
      `Choose ${nearest(width, step)}.`,
    );
  else if (rotary && (width / heads) % 2 !== 0)
    say(
      'width',
      `Each of ${heads} heads would be ${width / heads} wide, but positions are rotated in pairs of numbers.`,
      `Choose ${nearest(width, step)}.`,
    );
  if (sharesKeys && heads % kvHeads !== 0) {
    const divisors = Array.from({ length: heads }, (_, i) => i + 1).filter((one) => heads % one === 0);
    say(
      'kvHeads',
      `${heads} heads cannot share ${kvHeads} key/value heads evenly.`,
      `Choose one of: ${divisors.join(', ')}.`,
    );
  }
}

function vocabularyProblems(family: Family, design: ModelDesign, say: Say): void {
  const { vocabulary, vocabularySize, specialTokens } = design;
  const { task, label } = architectureOf(family);
  if (!vocabulariesOf(family).includes(vocabulary)) {
    const possible = vocabulariesOf(family).map((kind) => words[kind]);
    say(
      'vocabulary',
      vocabulary === 'wordpiece'
        ? `${words[vocabulary]} cannot give back a text as it was, which a ${label} model needs to write one.`
        : `Other programs read the vocabulary of a ${label} model as BPE, so ${words[vocabulary]} would not work there.`,
      `Choose ${possible.join(' or ')}.`,
    );
  }
  const reserved = reservedTokens(vocabulary, task);
  const least = reserved.length + specialTokens.length + (vocabulary === 'wordpiece' ? 32 : 256);
  if (Number.isInteger(vocabularySize) && vocabularySize >= 16 && vocabularySize < least)
    say(
      'vocabularySize',
      `${number(vocabularySize)} entries do not hold ${reserved.length + specialTokens.length} special tokens ` +
        `and ${vocabulary === 'wordpiece' ? 'an alphabet' : '256 bytes'}.`,
      `Choose at least ${number(least)}.`,
    );
  const empty = specialTokens.find((token) => token.trim() !== token || token === '');
  if (empty !== undefined)
    say(
      'specialTokens',
      `The special token "${empty}" is empty or has blanks around it.`,
      'Write it without.',
    );
  const twice = specialTokens.find((token, at) => specialTokens.indexOf(token) !== at);
  if (twice !== undefined)
    say('specialTokens', `"${twice}" is named twice.`, 'Name each special token once.');
  const taken = specialTokens.find((token) => reserved.includes(token));
  if (taken !== undefined)
    say(
      'specialTokens',
      `"${taken}" is one of the model's own special tokens.`,
      'Leave it out: it is there.',
    );
}

/** The two multiples of `step` around a width. */
function nearest(width: number, step: number): string {
  const below = Math.floor(width / step) * step;
  return below < limits.width[1] ? String(below + step) : `${below} or ${below + step}`;
}

const number = (value: number) => value.toLocaleString('en-US');
