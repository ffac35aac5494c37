// Conformance of generation: greedy ids of one prompt and of a batch with prompts of several lengths, and
// the text of a real small model, against the `greedy` parts of reference.json.
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Provider } from '../../main/compiler/lowering.ts';
import { AppError } from '../../main/errors.ts';
import { createGenerator, type Generator } from '../../main/inference/generate.ts';
import { adapterWeights } from '../../main/inference/weights.ts';
import { readAdapter } from '../../main/models/adapter-files.ts';
import { type Model, openModel } from '../../main/models/load.ts';
import { loadTokenizer } from '../../main/tokens/tokenizer.ts';
import { type Check, type CheckOptions, compared, type Row, skipped } from './check.ts';
import { isOtherKind } from './reference.ts';

/** The end token does not stop. `text` and `prompt_text` stand beside prompts of real words. */
interface StoredGreedy {
  prompts: number[][];
  new_tokens: number[][];
  prompt_text?: string;
  text?: string;
}

/** An adapter with what the model says under it. */
interface StoredAdapter {
  final_adapter: string;
  greedy_after?: StoredGreedy;
}

export const generationCheck: Check = {
  id: 'generation',
  matches: (_, files) => files.includes('config.json') && files.includes('reference.json'),
  run: runGeneration,
};

async function* runGeneration(folder: string, { provider }: CheckOptions): AsyncIterable<Row> {
  const name = basename(folder);
  const stored = JSON.parse(readFileSync(join(folder, 'reference.json'), 'utf8'));
  if (stored.greedy === undefined) return;
  if (isOtherKind(folder)) return; // seq2seq.ts
  let model: Model;
  try {
    model = openModel(folder);
  } catch (thrown) {
    if (!(thrown instanceof AppError) || thrown.code !== 'architecture-unsupported') throw thrown;
    yield skipped(`${name} greedy`, 'greedy ids', thrown.message);
    return;
  }
  const greedy = stored.greedy as StoredGreedy | { [key: string]: StoredGreedy };
  const cases = isCase(greedy) ? { greedy } : prefixed('greedy', greedy);
  const generator = createGenerator({ model, provider: provider as Provider });
  for (const [key, one] of Object.entries(cases))
    yield* compareGreedy(`${name} ${key}`, folder, generator, one);
  await generator.release();
  for (const [key, one] of adapterCases(stored.lora)) {
    const weights = adapterWeights(model, readAdapter(join(folder, one.final_adapter)));
    const tuned = createGenerator({ model, weights, provider: provider as Provider });
    yield* compareGreedy(`${name} ${key} greedy`, folder, tuned, one.greedy_after as StoredGreedy);
    await tuned.release();
  }
}

const isCase = (value: object): value is StoredGreedy => 'new_tokens' in value;

function prefixed(prefix: string, cases: { [key: string]: StoredGreedy }): { [key: string]: StoredGreedy } {
  return Object.fromEntries(Object.entries(cases).map(([key, value]) => [`${prefix} ${key}`, value]));
}

/** `lora` is one adapter, or several by name. */
function adapterCases(
  lora: StoredAdapter | { [key: string]: StoredAdapter } | undefined,
): [string, StoredAdapter][] {
  if (lora === undefined) return [];
  const all: [string, StoredAdapter][] =
    'final_adapter' in lora ? [['lora', lora as StoredAdapter]] : Object.entries(lora);
  return all.filter(([, { greedy_after }]) => greedy_after !== undefined);
}

/** The ids of each prompt alone, of all prompts in one batch, and the text where it is stored. */
async function* compareGreedy(
  label: string,
  folder: string,
  generator: Generator,
  { prompts, new_tokens: expected, prompt_text: promptText, text }: StoredGreedy,
): AsyncIterable<Row> {
  const options = { eosIds: [], maxNewTokens: expected[0].length };
  for (const [i, promptIds] of prompts.entries()) {
    const { ids } = await generator.generate({ promptIds, options });
    yield equal(label, `greedy ids ${i}`, ids, expected[i]);
  }
  const answers = await generator.generateBatch(prompts, options);
  for (const [i, { ids }] of answers.entries())
    yield equal(label, `greedy ids ${i} in a batch`, ids, expected[i]);
  if (promptText === undefined || text === undefined) return;
  const tokenizer = await loadTokenizer(folder);
  const { ids: promptIds } = await tokenizer.encode(promptText, { addSpecial: true });
  yield equal(label, 'prompt ids', promptIds, prompts[0]);
  const found = tokenizer.decode([...promptIds, ...answers[0].ids], { skipSpecial: true });
  const same = found === text;
  yield compared(
    label,
    'greedy text',
    same ? 0 : 1,
    0,
    same ? undefined : `it begins with ${found.slice(0, 60)}`,
  );
}

/** Equal lists, or where they first differ. */
function equal(label: string, quantity: string, found: readonly number[], expected: readonly number[]): Row {
  const at = expected.findIndex((id, i) => found[i] !== id);
  const same = at === -1 && found.length === expected.length;
  return compared(label, quantity, same ? 0 : 1, 0, same ? undefined : `first difference at token ${at}`);
}
