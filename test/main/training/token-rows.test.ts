// Tokens that a model has no row for, through every job that reads text: a copy of the tiny llama whose chat template writes
// a token of its own.
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { promptsFor } from '../../../main/inference/prompts.ts';
import { evaluate } from '../../../main/jobs/evaluate.ts';
import { openModel } from '../../../main/models/load.ts';
import { loadTokenizer } from '../../../main/tokens/tokenizer.ts';
import { requireRows } from '../../../main/training/token-rows.ts';
import {
  adapterFolder,
  conversation,
  jobContext,
  llamaFolder,
  record,
  recordsFile,
  temporaryFolder,
} from '../../helpers/tiny-model.ts';

const rows = openModel(llamaFolder).shape.vocabularySize;
const beyond = `The token "[turn]" (id ${rows}) occurs in`;
const few = `but the embedding of "more tokens" has only ${rows} rows, so`;

function moreTokens(): string {
  const folder = join(temporaryFolder(), 'more tokens');
  cpSync(llamaFolder, folder, { recursive: true });
  const change = (file: string, by: (json: Record<string, unknown>) => object) => {
    const path = join(folder, file);
    writeFileSync(path, JSON.stringify(by(JSON.parse(readFileSync(path, 'utf8')))));
  };
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: false };
  change('tokenizer.json', (json) => ({
    ...json,
    added_tokens: [...(json.added_tokens as object[]), { id: rows, content: '[turn]', ...flags }],
  }));
  change('tokenizer_config.json', (json) => ({
    ...json,
    chat_template: "{% for message in messages %}{{ '[turn]' + message['content'] }}{% endfor %}",
  }));
  return folder;
}

test('records with such a token cannot be learned or measured, with how many they are', async () => {
  const folder = moreTokens();
  const [model, tokenizer] = [openModel(folder), await loadTokenizer(folder)];
  const encoded = {
    recordId: 'a',
    ids: Int32Array.of(1, rows),
    trained: Uint8Array.of(0, 1),
    labels: 1,
    truncated: false,
  };
  const fine = { ...encoded, ids: Int32Array.of(1, 2) };
  expect(() => requireRows(model, tokenizer, [fine, fine])).not.toThrow();
  expect(() => requireRows(model, tokenizer, [fine, encoded])).toThrow(
    `${beyond} 1 of 2 records, ${few} it cannot be learned.`,
  );
});

test('an evaluation refuses them before anything is answered', async () => {
  const home = temporaryFolder();
  const records = [0, 1].map((i) => record(`t${i}`, 'test', conversation(`Question ${i}?`, 'A cat.')));
  const input = {
    modelFolder: moreTokens(),
    tuned: { kind: 'adapter', folder: adapterFolder } as const,
    recordsFile: recordsFile(home, records),
    split: 'test' as const,
    limit: 0,
    metricIds: [],
    maxNewTokens: 4,
    threads: 1,
    predictionsFile: join(home, 'predictions.jsonl'),
  };
  await expect(evaluate.run(input, jobContext<'evaluate'>().context)).rejects.toMatchObject({
    code: 'tokenizer-rows',
    message: `${beyond} 2 of 2 records, ${few} it cannot be measured.`,
    remedy: 'Choose the tokenizer that belongs to these weights, or take the token out of the records.',
  });
});

test('a chat and a typed prompt refuse them in the same words', async () => {
  const folder = moreTokens();
  const prompts = promptsFor(openModel(folder), await loadTokenizer(folder));
  const refused = {
    message: `${beyond} the prompt, ${few} the model cannot read it.`,
    code: 'tokenizer-rows',
  };
  await expect(prompts.ofMessages([{ role: 'user', content: 'Hi' }])).rejects.toMatchObject(refused);
  await expect(prompts.ofText('Hi')).rejects.toMatchObject(refused);
  const usual = promptsFor(openModel(llamaFolder), await loadTokenizer(llamaFolder));
  expect(await usual.ofMessages([{ role: 'user', content: 'Hi' }])).not.toEqual([]);
});
