// What the chat says and offers for each kind of model: an encoder gives labels or a number, an encoder-decoder
// reads each text alone.
import type { BaseModel } from '../../../main/contract/models.ts';

export interface ChatKind {
  /** Below the title of the screen. */
  sentence: string;
  placeholder: string;
  /** Below "Ask the first question". */
  beginning: string;
  /** Whether it reads a system message, and what was said before the question. */
  readsConversation: boolean;
  /** Whether its answers are drawn token by token, as the options say. */
  writes: boolean;
  /** Whether it can look for the likeliest answer as a whole, with beams. */
  searches: boolean;
}

/** While there is no run, nothing is compared. */
const baseAlone = {
  sentence: 'The base model alone. Train a run, and the tuned model answers beside it.',
  placeholder: 'Ask the base model',
  beginning: 'There is no run yet, so only the base model answers.',
};

export function chatKind(task: BaseModel['task'], hasRun: boolean): ChatKind {
  return hasRun ? chatKinds[task] : { ...chatKinds[task], ...baseAlone };
}

const chatKinds: Record<BaseModel['task'], ChatKind> = {
  causal: {
    sentence:
      'The same question to base and tuned model, with the template and the end token of the training.',
    placeholder: 'Ask both models the same question',
    beginning:
      'Both columns get the same text and the same seed, so every difference comes from the training.',
    readsConversation: true,
    writes: true,
    searches: false,
  },
  seq2seq: {
    sentence: 'The same text to base and tuned model. Each text is read alone, without what came before it.',
    placeholder: 'Give both models the same text',
    beginning:
      'Both columns get the same text and the same seed, so every difference comes from the training.',
    readsConversation: false,
    writes: true,
    searches: true,
  },
  encoder: {
    sentence:
      'The same text to base and tuned model. Each gives what it was trained for: labels, a number, the text with labelled words, or masked words.',
    placeholder: 'Give both models the same text',
    beginning: 'A run teaches this model what to answer, so the base column may have nothing to say.',
    readsConversation: false,
    writes: false,
    searches: false,
  },
};
