// A folder that was refused for missing rows is added with rows by the same choice of the folder; real store and engine.
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openTestBackend, root, temporaryFolder } from '../../helpers/home.ts';

const home = temporaryFolder();
const backend = openTestBackend(home.folder);
afterAll(async () => {
  await backend.close();
  home.remove();
});

test('the choice of a folder outlives the refusal, and is used up when the model is in the list', async () => {
  const folder = join(home.folder, 'padded');
  cpSync(join(root, 'test', 'reference', 'llama'), folder, { recursive: true });
  const file = join(folder, 'tokenizer.json');
  const tokenizer = JSON.parse(readFileSync(file, 'utf8'));
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  tokenizer.added_tokens.push({ id: 512, content: '<|filler|>', ...flags });
  writeFileSync(file, JSON.stringify(tokenizer));

  const { token } = await backend.call('files.fromPath', { path: folder });
  await expect(backend.call('models.add', { token })).rejects.toMatchObject({ code: 'tokenizer-rows' });
  const model = await backend.call('models.add', { token, resize: true });
  expect(model).toMatchObject({ origin: 'grown', vocabularySize: 513, problem: null });
  await expect(backend.call('models.add', { token, resize: true })).rejects.toMatchObject({
    code: 'file-token',
  });
  const known = { modelId: model.id, tokens: [{ content: '<|filler|>' }] };
  await expect(backend.call('models.addTokens', known)).rejects.toMatchObject({ code: 'token-known' });
  const more = await backend.call('models.addTokens', { ...known, tokens: [{ content: '<SECTION>' }] });
  expect(more).toMatchObject({ name: 'padded with new rows with 1 new token', vocabularySize: 514 });
  expect(readdirSync(join(home.folder, 'models')).sort()).toEqual([
    'padded with new rows',
    'padded with new rows with 1 new token',
  ]);
  expect(existsSync(`${model.folder}.part`)).toBe(false);
});
