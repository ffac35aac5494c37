// The Modelfile for Ollama beside a GGUF file (https://github.com/ollama/ollama, docs/modelfile): TEMPLATE
// only where it gives exactly what the model was trained on, the tokens that end an answer, and the length of
// the context (field case D06).
import { endIdsOf } from '../../inference/prompt.ts';
import type { Model } from '../../models/load.ts';
import type { JsonObject, TokenizerJson } from '../../tokens/tokenizer-file.ts';
import {
  chatPieces,
  givesTrainingText,
  goTemplate,
  jinjaTemplate,
  sameTexts,
  withPrefix,
} from './chat-pieces.ts';
import type { GgufTokenizer } from './tokenizer.ts';

export interface Modelfile {
  text: string;
  /** Template for `tokenizer.chat_template`; undefined for models without one. */
  chatTemplate: string | undefined;
}

/** More costs memory at once, whether it is used or not; people who need it raise it. */
const mostContext = 8192;

export async function modelfileFor(base: Model, tokens: GgufTokenizer, file: string): Promise<Modelfile> {
  const { tokenizer } = tokens;
  const translated = await translate(tokens);
  const stops = (await endIdsOf(base, tokenizer)).flatMap((id) => tokenizer.tokenOf(id) ?? []);
  const bos = tokenizer.specialTokens.bos_token;
  const lines = [
    `FROM ./${file}`,
    ...('template' in translated
      ? [`TEMPLATE """${translated.template}"""`]
      : [`# TEMPLATE is left out: ${translated.reason}`]),
    ...(tokens.addsBos && !tokens.trainedWithBos
      ? [`# Programs put ${bos} in front, as the tokenizer asks; the chat template does not.`]
      : []),
    `PARAMETER num_ctx ${Math.min(base.shape.contextLength, mostContext)}`,
    ...[...new Set(stops)].filter((stop) => !/["\n]/.test(stop)).map((stop) => `PARAMETER stop "${stop}"`),
  ];
  return { text: `${lines.join('\n')}\n`, chatTemplate: translated.chatTemplate };
}

type Translated = { chatTemplate: string | undefined } & ({ template: string } | { reason: string });

async function translate({
  tokenizer,
  file,
  trainedWithBos,
  lostPrefix,
}: GgufTokenizer): Promise<Translated> {
  const raw = tokenizer.chatTemplate;
  if (raw === undefined) return { chatTemplate: undefined, template: `${lostPrefix}{{ .Prompt }}` };
  const bos = trainedWithBos ? (tokenizer.specialTokens.bos_token ?? '') : '';
  const failed = {
    chatTemplate: raw,
    reason:
      'this chat template cannot be written in Go so that it gives exactly the text of the training. ' +
      'The file holds the template itself; programs that run it are exact.',
  };
  if (raw.includes('strftime_now')) {
    const reason = 'this chat template writes the date of the day, which Go templates cannot.';
    return { chatTemplate: raw, reason };
  }
  const found = await chatPieces(tokenizer);
  if (found === undefined) return failed;
  const pieces = lostPrefix === '' ? found : withPrefix(found, lostPrefix, tokenizer);
  const template = goTemplate(pieces, bos);
  if (template === undefined) return failed;
  const asRead = lostPrefix === '' ? undefined : withoutPrefix(file);
  if (!(await givesTrainingText(template, bos, tokenizer, asRead))) return failed;
  if (lostPrefix === '') return { chatTemplate: raw, template };
  const jinja = jinjaTemplate(pieces);
  return { chatTemplate: sameTexts(jinja, template, bos) ? jinja : raw, template };
}

/** tokenizer.json as llama.cpp reads it: nothing is put in front of texts. */
function withoutPrefix(file: TokenizerJson): TokenizerJson {
  const bare = (part: JsonObject): JsonObject => {
    if (part.type === 'Prepend') return { type: 'Sequence', normalizers: [] };
    const lists = ['normalizers', 'pretokenizers'].filter((list) => Array.isArray(part[list]));
    return {
      ...part,
      ...('add_prefix_space' in part ? { add_prefix_space: false } : {}),
      ...Object.fromEntries(lists.map((list) => [list, (part[list] as JsonObject[]).map(bare)])),
    };
  };
  const { normalizer, pre_tokenizer: cutting } = file;
  return { ...file, normalizer: normalizer && bare(normalizer), pre_tokenizer: cutting && bare(cutting) };
}
