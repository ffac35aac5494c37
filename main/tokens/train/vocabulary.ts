// A whole tokenizer for a new model: the special tokens that its kind needs, one of the trainers, and the files as
// transformers reads them (tokenizer.json, tokenizer_config.json). Knows no model but the kind of its task.
import type { JsonObject, TokenizerJson } from '../tokenizer-file.ts';
import { specialToken } from '../tokenizer-file.ts';
import { type BpeOptions, trainBpeInSlices } from './bpe.ts';
import type { TrainerOptions } from './steps.ts';
import { trainUnigramInSlices } from './unigram.ts';
import { trainWordPieceInSlices } from './wordpiece.ts';

export type VocabularyKind = 'bpe' | 'unigram' | 'wordpiece';
/** Writes on, reads to both sides, or reads one text and writes another. */
export type ModelTask = 'causal' | 'encoder' | 'seq2seq';

export interface VocabularyOptions extends TrainerOptions {
  kind: VocabularyKind;
  task: ModelTask;
  /** Longest input of the model, in tokens. */
  contextLength: number;
  /** Whether the model tells the texts of a pair apart. */
  tokenTypes?: boolean;
  /** How BPE cuts text first, where a family has a rule of its own. */
  rule?: Pick<BpeOptions, 'digits' | 'compose'>;
}

export interface Vocabulary {
  /** tokenizer.json */
  file: TokenizerJson;
  /** tokenizer_config.json */
  settings: JsonObject;
  /** Entries: the least number of embedding rows. */
  size: number;
  /** Ids of special tokens by the names of config.json: `bos_token_id` ... */
  ids: Record<string, number>;
}

interface Specials {
  /** First ids, in this order. */
  tokens: readonly string[];
  /** By role, as in tokenizer_config.json. */
  roles: Record<string, string>;
  /** Put around a text that is encoded with special tokens. */
  before: readonly string[];
  after: readonly string[];
}

const specials: Record<ModelTask, Specials> = {
  causal: {
    tokens: ['<|pad|>', '<|begin|>', '<|end|>', '<|system|>', '<|user|>', '<|assistant|>'],
    roles: { bos_token: '<|begin|>', eos_token: '<|end|>', pad_token: '<|pad|>' },
    before: ['<|begin|>'],
    after: [],
  },
  encoder: {
    tokens: ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'],
    roles: {
      unk_token: '[UNK]',
      sep_token: '[SEP]',
      pad_token: '[PAD]',
      cls_token: '[CLS]',
      mask_token: '[MASK]',
    },
    before: ['[CLS]'],
    after: ['[SEP]'],
  },
  seq2seq: {
    tokens: ['<pad>', '</s>', '<unk>'],
    roles: { eos_token: '</s>', unk_token: '<unk>', pad_token: '<pad>' },
    before: [],
    after: ['</s>'],
  },
};

/** Sentinels of T5's gap filling; they stand at the end of the vocabulary, the first one last, as in T5. */
const sentinels = Array.from({ length: 100 }, (_, i) => `<extra_id_${99 - i}>`);

const chatTemplate =
  "{{ bos_token }}{%- for message in messages -%}{%- if message['role'] == 'assistant' -%}" +
  "{{ '<|assistant|>' }}{% generation %}{{ message['content'] | trim }}{{ eos_token }}{% endgeneration %}" +
  "{%- elif message['role'] in ['system', 'user'] -%}" +
  "{{ '<|' + message['role'] + '|>' + message['content'] | trim }}" +
  "{%- else -%}{{ raise_exception('This model knows the roles system, user and assistant, not ' + " +
  "message['role'] + '.') }}{%- endif -%}{%- endfor -%}" +
  "{%- if add_generation_prompt -%}{{ '<|assistant|>' }}{%- endif -%}";

/** The special tokens that a model of this kind needs. */
export function reservedTokens(kind: VocabularyKind, task: ModelTask): string[] {
  const unknown = kind === 'unigram' && task === 'causal' ? ['<unk>'] : [];
  return [...specials[task].tokens, ...unknown, ...(task === 'seq2seq' ? sentinels : [])];
}

/**
 * Trains the vocabulary, giving way to other work so that `signal` can stop it.
 * @throws AppError `vocabulary-too-small`
 */
export async function trainVocabulary(
  texts: Iterable<string>,
  options: VocabularyOptions,
): Promise<Vocabulary> {
  const { kind, task, contextLength, specialTokens = [] } = options;
  const { tokens, roles } = specials[task];
  const behind = task === 'seq2seq' ? sentinels : [];
  const unknown = kind === 'unigram' && task === 'causal' ? ['<unk>'] : [];
  const trainer = {
    ...options,
    vocabularySize: options.vocabularySize - behind.length,
    specialTokens: [...tokens, ...unknown, ...specialTokens],
  };
  const unkToken = task === 'encoder' ? '[UNK]' : '<unk>';
  const trained =
    kind === 'bpe'
      ? await trainBpeInSlices(texts, { ...trainer, ...options.rule })
      : kind === 'unigram'
        ? await trainUnigramInSlices(texts, { ...trainer, unkToken, byteFallback: true })
        : // BERT's five tokens come first by themselves
          await trainWordPieceInSlices(texts, trainer);
  const entries = trained.model.vocab as JsonObject | unknown[];
  const first = Array.isArray(entries) ? entries.length : Object.keys(entries).length;
  const added = behind.map((content, at) => specialToken(first + at, content));
  const file = framed({ ...trained, added_tokens: [...trained.added_tokens, ...added] }, specials[task]);
  const idOf = (content: string) => file.added_tokens.find((token) => token.content === content)?.id ?? 0;
  const named = ['bos_token', 'eos_token', 'pad_token'].filter((role) => roles[role] !== undefined);
  const reserved = reservedTokens(kind, task);
  const own = specialTokens.filter((token) => !reserved.includes(token));
  return {
    file,
    settings: {
      tokenizer_class: 'PreTrainedTokenizerFast',
      ...roles,
      // null: some classes of transformers would add one of their own
      ...(task === 'causal' ? { unk_token: unknown[0] ?? null } : {}),
      ...(task === 'causal' ? { chat_template: chatTemplate } : {}),
      // without this, transformers hands token types to models that have none
      model_input_names:
        options.tokenTypes === true
          ? ['input_ids', 'token_type_ids', 'attention_mask']
          : ['input_ids', 'attention_mask'],
      // the user's own stand in the user's texts, and are read there as transformers reads them
      ...(own.length === 0 ? {} : { content_tokens: own }),
      clean_up_tokenization_spaces: false,
      model_max_length: contextLength,
    },
    size: first + added.length,
    ids: Object.fromEntries(named.map((role) => [`${role}_id`, idOf(roles[role])])),
  };
}

/** With a post-processor that puts the tokens of the task around one text or a pair. */
function framed(file: TokenizerJson, { before, after }: Specials): TokenizerJson {
  if (file.model.type === 'WordPiece') return file; // writes BERT's frame itself
  const token = (type_id: number) => (id: string) => ({ SpecialToken: { id, type_id } });
  const text = (id: string, type_id: number) => ({ Sequence: { id, type_id } });
  const template: JsonObject = {
    type: 'TemplateProcessing',
    single: [...before.map(token(0)), text('A', 0), ...after.map(token(0))],
    pair: [
      ...before.map(token(0)),
      text('A', 0),
      ...after.map(token(0)),
      text('B', 1),
      ...after.map(token(1)),
    ],
    special_tokens: Object.fromEntries(
      [...new Set([...before, ...after])].map((content) => {
        const id = file.added_tokens.find((one) => one.content === content)!.id;
        return [content, { id: content, ids: [id], tokens: [content] }];
      }),
    ),
  };
  const own = file.post_processor;
  if (own?.type !== 'Sequence') return { ...file, post_processor: template };
  return { ...file, post_processor: { type: 'Sequence', processors: [...(own.processors as []), template] } };
}
