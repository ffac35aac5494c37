// What records, typed lines and conversations ask of a model, by how it learns: a decoder goes on behind a rendered
// conversation, an encoder and an encoder-decoder read the text alone.
import type { Message, RecordContent } from '../contract/datasets.ts';
import type { Model } from '../models/load.ts';
import type { Tokenizer } from '../tokens/tokenizer.ts';
import { taskTypeOf } from '../training/tasks/index.ts';
import { encodeTexts } from '../training/tasks/pairs.ts';
import { encodeSources, questionOf, type Source } from '../training/tasks/question.ts';
import type { TaskType } from '../training/tasks/task-type.ts';
import { markedText } from '../training/tasks/word-marks.ts';
import { joinedText, labelledText } from '../training/tasks/word-records.ts';
import { requirePromptRows } from '../training/token-rows.ts';
import { conversationPrompt, type Prompt, promptOf, typedPrompt } from './prompt.ts';
import { withText } from './prompt-text.ts';

export interface Prompts {
  /** Whether prompt and answer share the context, so that a long prompt leaves no room. */
  sharesContext: boolean;
  /** Undefined for records that ask nothing. */
  ofRecord(content: RecordContent): Promise<Prompt | undefined>;
  ofText(text: string): Promise<Prompt>;
  ofMessages(messages: readonly Message[]): Promise<number[]>;
}

type Kind = (model: Model, tokenizer: Tokenizer) => Prompts;

const rendered: Kind = (_, tokenizer) => ({
  sharesContext: true,
  ofRecord: (content) => promptOf(tokenizer, content),
  ofText: (text) => typedPrompt(tokenizer, text),
  ofMessages: async (messages) => {
    if (tokenizer.chatTemplate !== undefined) return conversationPrompt(tokenizer, messages);
    // a model without a chat template goes on from the text of the messages
    return (await typedPrompt(tokenizer, messages.map(({ content }) => content).join('\n'))).ids;
  },
});

type Encode = (tokenizer: Tokenizer, texts: readonly string[], maxLength: number) => Promise<Source[]>;

const plain =
  (encode: Encode): Kind =>
  (model, tokenizer) => {
    const idsOf = async (text: string): Promise<number[]> => {
      const [{ ids }] = await encode(tokenizer, [text], model.shape.contextLength);
      return withText([...ids], text);
    };
    return {
      sharesContext: false,
      ofRecord: async (content) => {
        const question = questionOf(content);
        if (question === undefined) return undefined;
        const { text, answer } = question;
        return { ids: await idsOf(text), text, reference: answer };
      },
      ofText: async (text) => ({ ids: await idsOf(text), text, reference: null }),
      // each message of a chat is a text of its own: such a model remembers nothing
      ofMessages: (messages) => idsOf(messages.findLast(({ role }) => role === 'user')?.content ?? ''),
    };
  };

/** Texts in which mask tokens are those tokens; records are scored, and ask nothing. */
const masked: Kind = (model, tokenizer) => {
  const encode: Encode = async (_, texts, maxLength) => {
    const encodings = await tokenizer.encodeBatch(texts, { addSpecial: true });
    return encodings.map(({ ids }) => ({
      ids: Int32Array.from(ids.slice(0, maxLength)),
      length: ids.length,
    }));
  };
  return { ...plain(encode)(model, tokenizer), ofRecord: async () => undefined };
};

/** Texts whose words get labels: the right answer is the text with marks, however a record writes it. */
const labelled: Kind = (model, tokenizer) => {
  const own = plain(encodeSources)(model, tokenizer);
  return {
    ...own,
    ofRecord: async (content) => {
      const question = questionOf(content);
      if (question === undefined) return undefined;
      const found = labelledText(content);
      const reference = 'spans' in found ? markedText(found.text, found.spans) : question.answer;
      return { ...(await own.ofText(joinedText(question.text))), reference };
    },
  };
};

const kinds = {
  CAUSAL_LM: rendered,
  SEQ_CLS: plain(encodeTexts),
  TOKEN_CLS: labelled,
  SEQ_2_SEQ_LM: plain(encodeSources),
  MASKED_LM: masked,
} satisfies Record<TaskType['id'], Kind>;

/** Prompts with tokens that the model has no row for are refused (`tokenizer-rows`). */
export function promptsFor(model: Model, tokenizer: Tokenizer): Prompts {
  const { sharesContext, ofRecord, ofText, ofMessages } = kinds[taskTypeOf(model).id](model, tokenizer);
  const readable = (ids: number[]) => {
    requirePromptRows(model, tokenizer, ids);
    return ids;
  };
  const checked = (prompt: Prompt) => ({ ...prompt, ids: readable(prompt.ids) });
  return {
    sharesContext,
    ofRecord: async (content) => {
      const prompt = await ofRecord(content);
      return prompt && checked(prompt);
    },
    ofText: async (text) => checked(await ofText(text)),
    ofMessages: async (messages) => readable(await ofMessages(messages)),
  };
}
