// The draft of a model of one's own: what is typed, as the backend takes it, and the words about what comes out. No React.
import type { CreatedModel, DesignPlan, ModelDesign, ModelFamily } from '../../../main/contract/models.ts';
import { decimal, integer, percent } from '../../components/format.ts';

export type SizeField = 'layers' | 'width' | 'heads' | 'kvHeads' | 'context' | 'vocabularySize';

export interface Draft {
  name: string;
  family: string;
  /** As typed: an empty field is a text. */
  sizes: Record<SizeField, number | string>;
  vocabulary: ModelDesign['vocabulary'];
  /** Special tokens as typed, with blanks or commas between them. */
  special: string;
  /** `documents`, or the id of a dataset version. */
  text: string;
  seed: number | string;
}

export const allDocuments = 'documents';

export const vocabularyWords: Record<ModelDesign['vocabulary'], { label: string; help: string }> = {
  bpe: {
    label: 'BPE',
    help: 'Joins frequent neighbours, from bytes up. Writes any text; what GPT and Llama use.',
  },
  unigram: { label: 'Unigram', help: 'Keeps the pieces that explain the text best. What T5 uses.' },
  wordpiece: { label: 'WordPiece', help: 'Words and their endings, in lower case. What BERT uses to read.' },
};

export const taskWords: Record<ModelFamily['task'], string> = {
  causal: 'writes text',
  encoder: 'reads and labels',
  seq2seq: 'reads a text, writes another',
};

/** A draft that begins with the small model of a family. */
export function draftOf({ start }: ModelFamily): Draft {
  const { layers, width, heads, kvHeads, context, vocabularySize } = start;
  return {
    name: 'My model',
    family: start.family,
    sizes: { layers, width, heads, kvHeads, context, vocabularySize },
    vocabulary: start.vocabulary,
    special: '',
    text: allDocuments,
    seed: 42,
  };
}

/** The same sizes in another family, with the vocabulary that suits it unless another one was chosen. */
export function withFamily(draft: Draft, before: ModelFamily, next: ModelFamily): Draft {
  const chosen = draft.vocabulary !== before.start.vocabulary && next.vocabularies.includes(draft.vocabulary);
  return {
    ...draft,
    family: next.id,
    vocabulary: chosen ? draft.vocabulary : next.start.vocabulary,
    sizes: { ...draft.sizes, kvHeads: next.sharesKeys ? draft.sizes.kvHeads : draft.sizes.heads },
  };
}

export function designOf({ family, sizes, vocabulary, special }: Draft): ModelDesign {
  const numbers = Object.fromEntries(
    Object.entries(sizes).map(([field, value]) => [field, Number(value) || 0]),
  ) as Record<SizeField, number>;
  return { family, ...numbers, vocabulary, specialTokens: special.split(/[\s,]+/).filter(Boolean) };
}

/** What is wrong with one field, with what to do; undefined when nothing is. */
export function faultOf(plan: DesignPlan | null, field: keyof ModelDesign): string | undefined {
  const own = plan?.problems.filter((problem) => problem.field === field) ?? [];
  return own.length === 0 ? undefined : own.map(({ message, remedy }) => `${message} ${remedy}`).join(' ');
}

/** Tokens that a family keeps for itself, with long rows of sentinels cut short. */
export function reservedWords(reserved: readonly string[]): string {
  const sentinels = reserved.filter((token) => /^<extra_id_\d+>$/.test(token));
  const others = reserved.filter((token) => !sentinels.includes(token));
  return sentinels.length === 0
    ? others.join(' ')
    : `${others.join(' ')} and ${sentinels.length} sentinels, <extra_id_0> to <extra_id_${sentinels.length - 1}>`;
}

/** The verdict on a new vocabulary in one or two sentences. */
export function createdSentence(created: CreatedModel): string {
  const { own, base, words, heldOut, wantedSize, textShare, notes } = created;
  const first = [
    ...(textShare < 1 ? [`Made of ${percent(textShare, 0)} of your text, drawn at random. `] : []),
    ...notes.map((sentence) => `${sentence} `),
    ...(own.vocabularySize < wantedSize
      ? [
          `The text offers ${integer(own.vocabularySize)} of the ${integer(wantedSize)} entries ` +
            'that were asked for. ',
        ]
      : []),
  ].join('');
  const where = `${integer(words)} words ${heldOut ? 'that it was made without' : 'of its own text'}`;
  if (base === null) return `${first}Measured on ${where}: ${decimal(own.tokensPerWord, 2)} tokens per word.`;
  const share = 1 - own.tokensPerWord / base.tokensPerWord;
  const compared =
    Math.abs(share) < 0.005
      ? `as many tokens as with ${base.name}`
      : `${percent(Math.abs(share), 0)} ${share > 0 ? 'fewer' : 'more'} tokens than with ${base.name}`;
  return `${first}Your text takes ${compared}, measured on ${where}.`;
}
